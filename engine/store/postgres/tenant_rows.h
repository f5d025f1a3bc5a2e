// The rows that one tenant's share of a window becomes.
#pragma once

#include <functional>

#include "store/postgres/statements.h"
#include "store/postgres/window_shares.h"

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

// In the order: batches, lines, catalogue, dead letters, blocks, and the sums, which other sessions
// may wait for, at the end.
Status SendShare(const Statements& statements, const SortedWindow& window,
                 const WindowShares& shares, const TenantShare& share, WindowPart part,
                 const RowLimits& limits, const SendRows& send);

// The sum of one key; columns kBalanceColumns.
void AddBalanceRow(const KeyDelta& delta, RowValues* rows);

}  // namespace tallystone::postgres
