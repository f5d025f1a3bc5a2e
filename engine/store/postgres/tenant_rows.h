// The rows that one tenant's share of a window becomes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/postgres/statements.h"
#include "store/postgres/window_shares.h"
#include "store/store.h"

namespace tallystone::postgres {

enum class WindowPart : uint8_t {
  kAll,   // Store::Apply
  kRest,  // Store::ApplyRest: everything but the sums
};

// Sends rows with a statement; they are used again afterwards.
using SendRows = std::function<Status(const RowStatement& statement, RowValues* rows)>;

// Rows of one statement: at most so many, and about so many bytes.
struct RowLimits {
  size_t rows_max = 0;
  size_t bytes_max = 8u << 20;
};

// The lines of a share as COPY takes them, in pieces: rows of `tenant` and kLineColumns.
class LineCopier {
 public:
  LineCopier(const SortedWindow& window, const WindowShares& shares, const TenantShare& share)
      : window_(window), shares_(shares), share_(share) {}

  // *piece: the next bytes; empty after the last. kCorruption as SendShare.
  Status Next(std::string* piece);

 private:
  const SortedWindow& window_;
  const WindowShares& shares_;
  const TenantShare& share_;
  size_t delta_ = 0;
  uint32_t posting_ = 0;  // of that delta
  bool begun_ = false, ended_ = false;
  std::string scratch_;
};

uint64_t CountLines(const TenantShare& share);

// Which rows of a share are sent; LineCopier sends the lines otherwise.
enum class ShareRows : uint8_t { kAll, kAllButLines };

// In the order: batches, lines, catalogue, dead letters, blocks, and the sums, which other sessions
// may wait for, at the end.
Status SendShare(const Statements& statements, const SortedWindow& window,
                 const WindowShares& shares, const TenantShare& share, WindowPart part,
                 const RowLimits& limits, ShareRows rows, const SendRows& send);

// All rows of one item: its lines, and then its balance, for a table that has none of it.
Status SendItemRows(const Statements& statements, StockKey key, const BalanceSum& sum,
                    const std::vector<BookedLine>& lines, const RowLimits& limits,
                    const SendRows& send);

// The sum of one key; columns kBalanceColumns.
void AddBalanceRow(const KeyDelta& delta, RowValues* rows);

}  // namespace tallystone::postgres
