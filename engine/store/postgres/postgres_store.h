// PostgresStore: the store in a PostgreSQL server, or one that speaks like it (docs/backends.md).
//
// A window becomes one transaction for each tenant, which moves the tenant's own marker, and at
// last the marker of the store: tenants may be ahead of it (StoreView::ReadAhead). A writer takes
// over (TakeOver): an earlier one changes nothing any more and is told kFenced.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/postgres/dialect.h"
#include "store/store.h"
#include "tallystone/listener.h"

namespace tallystone {

namespace postgres {
class BatchFilter;
class Connection;
class ConnectionPool;
class ReadAhead;
class StopSignal;
class WindowWriter;
struct Writer;
}  // namespace postgres

struct PostgresStoreOptions {
  std::string connection;  // as libpq takes it: "host=.. dbname=..", or a URL
  bool create = false;     // make the schema if it is not there
  bool read_only = false;  // takes over nothing, changes nothing; someone may be writing it
  Dialect dialect = Dialect::kAuto;
  uint32_t wait_ms_max = 60'000;  // without a byte from the server; then the connection is dropped
  size_t rows_per_statement = 0;  // 0 = as the dialect has it
  size_t copy_lines_min = 0;      // see DialectTraits; 0 = as the dialect has it
  bool rows_as_values = false;    // one parameter a value, as for servers that take no arrays
  Logger* logger = nullptr;       // not owned, must outlive the store; may be null
  // Once true, a server is waited for a second more; then its silence ends a connection after 0.2
  // s, as a loss does. Not owned, must outlive the store; may be null.
  const std::atomic<bool>* stop_waiting = nullptr;
};

// The statements that make the schema, as one text. Not for kAuto.
std::string PostgresSchema(Dialect dialect);

// Readers from any thread; one writer at a time. A closed store answers kUnavailable.
class PostgresStore : public Store {
 public:
  // kNotFound: there is no store in that database, and `create` is not set. kFormatMismatch: a
  // schema `tallystone` that is not ours, or of another format, or a database that is not UTF-8.
  // kUnavailable: nobody answers, or the login is refused.
  static Status Open(const PostgresStoreOptions& options, std::unique_ptr<Store>* store);
  ~PostgresStore() override;

  Status NewView(std::unique_ptr<StoreView>* view) override;
  Status GetBalance(StockKey key, BalanceSum* sum) override;
  // A batch that was never there is mostly answered without the server; and, of a writer, batches
  // that are asked for in the order of the log are answered by a few round trips for all.
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override;
  Status GetBlocks(const BatchRef& ref, Lsn first, Lsn last,
                   std::vector<StoredBlock>* blocks) override;
  Status ReadMarker(Marker* marker) override;
  // Before it nothing can be written.
  Status TakeOver() override;
  Status ReadClaim(StoreClaim* claim) override;
  Status WriteClaim(const StoreClaim& claim) override;
  Status Initialise(const Marker& marker) override;
  // kRejected: the shares of some tenants were refused, and only theirs.
  Status Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) override;
  Status ApplyKey(const KeyDelta* delta, const Marker& progress) override;
  Status ApplyRest(const SortedWindow& window, const Marker& marker) override;
  Status MoveIn(const TenantArrival& arrival, StoreView* from, bool* unknown) override;
  // Beside the writer: on a connection that reads used before, as its wait must be short.
  Status MoveOut(TenantId tenant, uint64_t generation) override;
  Status RemoveLeft(TenantId tenant, uint64_t generation,
                    const std::function<bool()>& stop) override;
  Status RequestMove(TenantId tenant, const std::string& server_id) override;
  Status ReplaceKey(StockKey key, const BalanceSum& sum, const std::vector<BookedLine>& lines,
                    bool dry_run) override;
  // Does nothing: the server keeps its tables small by itself.
  Status Compact(const CompactOptions& options, CompactReport* report) override;
  // Connects anew and proves that the store takes a write.
  Status Recover() override;
  Status Describe(std::vector<Setting>* settings) override;
  // Tables with their indexes; not known where the dialect does not tell.
  Status Sizes(StoreSizes* sizes) override;
  // In rows, counted.
  Status ShareBefore(const BatchRef& ref, StoreShare* share) override;
  Status ShareBefore(const LineRef& ref, StoreShare* share) override;
  Status Close() override;

  // Identity of the schema on its server: 16 random bytes.
  [[nodiscard]] std::string server_id() const override { return server_id_; }
  // Of this writer; 0 if it only reads.
  [[nodiscard]] uint64_t epoch() const { return epoch_; }
  [[nodiscard]] Dialect dialect() const { return traits_.dialect; }

 private:
  explicit PostgresStore(const PostgresStoreOptions& options);

  // All of them before the store is handed out.
  Status OpenSchema(postgres::Connection* connection);
  Status RaiseEpoch(postgres::Connection* connection);

  Status WriteWindow(const SortedWindow& window, const Marker& marker, bool whole);
  // Runs write(writer) on a connection that is good as far as we know.
  template <typename Write>
  Status WithWriter(const Write& write);
  Status Connect() TS_REQUIRES(mutex_);
  Status PlanByKey(postgres::Connection* connection) const;
  Status ReadTenants(postgres::Connection* connection) TS_REQUIRES(mutex_);
  Status LoadFilter(postgres::Connection* connection);
  Status NotOurs(postgres::Connection* connection) const;
  Status CheckEpoch(postgres::Connection* connection);
  [[nodiscard]] Status CheckWrites() const;

  PostgresStoreOptions options_;
  postgres::DialectTraits traits_ = {};
  std::string server_version_, server_id_;
  uint64_t epoch_ = 0;
  const std::shared_ptr<postgres::StopSignal> stop_;
  const std::shared_ptr<postgres::ConnectionPool> pool_;
  const std::unique_ptr<postgres::BatchFilter> filter_;
  const std::unique_ptr<postgres::ReadAhead> ahead_;
  Mutex mutex_;  // one writer
  std::unique_ptr<postgres::Writer> writer_ TS_GUARDED_BY(mutex_);
  bool fenced_ TS_GUARDED_BY(mutex_) = false;
  Mutex leaving_mutex_;  // one at a time removes what was left
  std::atomic<bool> closed_ = false;
};

}  // namespace tallystone
