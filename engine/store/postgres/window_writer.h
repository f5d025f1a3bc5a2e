// WindowWriter: the transactions of one writer. Each tenant's share of a window is one transaction
// that also moves the tenant's marker; all of them go through one pipeline. Every statement is
// guarded, so that a repeat changes nothing, nor does a writer that was fenced.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/postgres/connection.h"
#include "store/postgres/statements.h"
#include "store/postgres/tenant_rows.h"
#include "store/postgres/window_shares.h"
#include "store/store.h"

namespace tallystone::postgres {

// How far each tenant is that has a row, as far as this writer knows.
using KnownTenants = std::unordered_map<TenantId, Lsn>;

struct WriterContext {
  Connection* connection = nullptr;
  const Statements* statements = nullptr;
  uint64_t epoch = 0;
  RowLimits limits;
  size_t copy_lines_min = 0;  // as in DialectTraits
  KnownTenants* known = nullptr;
};

// What a writer is told when another one has taken over.
Status Fenced();
// What it is told when the server has forgotten what it wrote.
Status SetBack();
// Which of the two an epoch of a row says, or OK.
Status CheckEpoch(uint64_t found, uint64_t ours);

// For one call of the store. After an error the connection may be in the middle of something: it is
// to be dropped unless it is idle.
class WindowWriter : public ReplySink {
 public:
  explicit WindowWriter(const WriterContext& context);

  // Writes the shares of all tenants but those that have theirs. The store's own row is not
  // touched. kRejected: the share of one tenant was refused; the others are written. kFenced:
  // another writer took over. kTryAgain: what happened is not known.
  Status WriteShares(const SortedWindow& window, const WindowShares& shares, WindowPart part);

  // One step of a key replay. `delta` may be null.
  Status WriteKey(const KeyDelta* delta, const Marker& progress);

  // All of a tenant that comes from another server, in one transaction. Calls on_batch for each of
  // its batches before anything of them is sent. OK also where it is here already. `unknown` as in
  // Store::MoveIn.
  Status WriteArrival(const TenantArrival& arrival, StoreView* from,
                      const std::function<void(const BatchRef&)>& on_batch, bool* unknown);
  // For repair: all that one item has, in one transaction.
  Status ReplaceKey(StockKey key, const BalanceSum& sum, const std::vector<BookedLine>& lines);

  // Moves the marker of the store itself.
  Status MarkStore(Lsn applied);

  // The server said that this connection is of no more use.
  [[nodiscard]] bool drop_connection() const { return drop_connection_; }

 private:
  // Of one transaction.
  struct Outcome {
    Status status;
    bool locked = false;  // the guard held when it began
    bool marked = false;
    bool committed = false;
    bool ended = false;  // the server said how: nothing of it is under way any more
  };
  enum Step : uint64_t { kGuard, kLock, kData, kMark, kEnd };

  void OnReply(uint64_t tag, const SqlError* error, const Result& result) override;
  Status Send(std::string_view sql, const Parameters& parameters, Step step);
  Status Begin(TenantId tenant);
  Status End();
  Status SendShare(const SortedWindow& window, const WindowShares& shares, const TenantShare& share,
                   WindowPart part);
  Status SendPiece(const SortedWindow& piece, const TenantArrival& arrival, WindowPart part,
                   WindowShares* shares);
  // Opens the transaction and takes the place of the tenant; *there: it was to be had.
  Status BeginArrival(const TenantArrival& arrival, bool* there);
  Status SendArrival(const TenantArrival& arrival, StoreView* from,
                     const std::function<void(const BatchRef&)>& on_batch, bool* unknown);
  // OK: the tenant is here, of that generation.
  Status AskArrived(const TenantArrival& arrival);
  Status SendKey(const KeyDelta* delta, const Marker& progress, const std::string& encoded);
  // Brings the lines by COPY. *may_book: the transaction can go on; else nothing of it
  // will be booked.
  Status CopyLines(const SortedWindow& window, const WindowShares& shares, const TenantShare& share,
                   bool* may_book);
  Status SendItem(StockKey key, const BalanceSum& sum, const std::vector<BookedLine>& lines);
  // What the guard of a tenant said no for. OK: the tenant is at `last` or beyond.
  Status AskWhy(TenantId tenant, Lsn last, bool replay);

  const WriterContext context_;
  std::vector<TenantId> tenants_;  // of the transactions sent
  std::vector<Outcome> outcomes_;
  bool drop_connection_ = false;
  bool of_key_ = false;  // a step of a key replay is written
};

}  // namespace tallystone::postgres
