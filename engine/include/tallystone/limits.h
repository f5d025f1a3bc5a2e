// Every limit of the engine, in one place. Tested at n and n + 1; docs/limits.md says the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tallystone::limits {

// Lines and batches, as callers hand them over.
inline constexpr size_t kTenantBytesMax = 128;
inline constexpr size_t kBatchIdBytesMax = 256;
inline constexpr size_t kCodeBytesMax = 256;
inline constexpr size_t kGtinBytesMax = 64;
inline constexpr size_t kDescriptionBytesMax = 4096;
inline constexpr size_t kVendorBytesMax = 256;
inline constexpr size_t kVendorCodeBytesMax = 256;
inline constexpr size_t kUnitBytesMax = 64;
inline constexpr size_t kDocumentBytesMax = 256;
inline constexpr size_t kTimeBytesMax = 64;
inline constexpr size_t kLineIdBytesMax = 256;
// A failed line is kept whole up to this much of each of its fields; a longer field is kept up to
// here and the rest is counted in its detail ("12,345 bytes left out").
inline constexpr size_t kFailedFieldBytesMax = 16 * 1024;

// |quantity| and |unit cost| of a line: at most a million million.
inline constexpr int64_t kQuantityUnitsMax = 1'000'000'000'000'000'000;
inline constexpr int64_t kUnitCostUnitsMax = 1'000'000'000'000'000'000;
// A line whose |quantity x unit cost| is above kCheckedProduct (in 1e-12) is checked against its
// item's balance before it is accepted: |balance| stays within kBalanceMax. Lines below it cannot
// overflow a sum within 2^36 lines, so they need no look at the balance.
inline constexpr int kCheckedProductBits = 88;
inline constexpr int kBalanceBits = 125;

inline constexpr size_t kChunkLinesMax = 500;
// Of one Batch object; BatchWriter has no such limit.
inline constexpr size_t kBatchLinesMax = 1'000'000;
inline constexpr size_t kFailedItemsInResultMax = 1000;
inline constexpr size_t kAliasesPerItemMax = 64;
inline constexpr size_t kDeadLetterDetailBytesMax = 1024;
// Items that a line may mean, of a suggestion.
inline constexpr size_t kCandidatesMax = 20;
// Of a tenant's own protected words, together.
inline constexpr size_t kProtectedWordsBytesMax = 64 * 1024;

// A window is full at Options::window_lines_max lines, or at this much of the log: failed lines are
// kept whole, and a few hundred thousand long ones would not fit the memory.
inline constexpr size_t kWindowBytesMax = 64u << 20;

// The batch log.
inline constexpr size_t kRecordPayloadBytesMax = 64u << 20;
inline constexpr size_t kSegmentBytesMin = 64u << 10;
inline constexpr size_t kSegmentBytesMax = 1u << 30;

}  // namespace tallystone::limits
