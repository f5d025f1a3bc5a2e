// SortedWindow: a window as the store takes it, sorted and aggregated.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/catalogue_record.h"
#include "model/ids.h"
#include "model/stored.h"
#include "tallystone/status.h"

namespace tallystone {

// A durable chunk: its position and payload (model/chunk.h), shared by log group, window and
// readers.
struct LoggedChunk {
  Lsn lsn = 0;
  // Null only where a window is told of a place: the chunk at this LSN is another store's.
  std::shared_ptr<const std::string> payload;
};

// A stretch of the log as one store sees it. Chunks of others, and those that the store has
// already, are not held; that they are passed costs no memory (law L9).
struct LogStretch {
  Lsn first = 1;
  Lsn last = 0;
  std::vector<LoggedChunk> chunks;  // ascending, within first..last

  [[nodiscard]] bool empty() const { return last < first; }
  // The chunk that follows, or only its place (no payload).
  void Append(const LoggedChunk& chunk);
};

inline void LogStretch::Append(const LoggedChunk& chunk) {
  TS_CHECK(empty() || chunk.lsn == last + 1);
  if (chunk.payload != nullptr) {
    chunks.push_back(chunk);
  }
  first = empty() ? chunk.lsn : first;
  last = chunk.lsn;
}

// The index of the chunk at `lsn` of `chunks`, which ascend; their number = it is not held. One
// subtraction where they have no gaps.
inline size_t IndexOfChunk(std::span<const LoggedChunk> chunks, Lsn lsn) {
  if (chunks.empty() || lsn < chunks.front().lsn || lsn > chunks.back().lsn) {
    return chunks.size();
  }
  if (chunks.back().lsn - chunks.front().lsn == chunks.size() - 1) [[likely]] {
    return lsn - chunks.front().lsn;
  }
  const auto found =
      std::lower_bound(chunks.begin(), chunks.end(), lsn,
                       [](const LoggedChunk& chunk, Lsn wanted) { return chunk.lsn < wanted; });
  return found->lsn == lsn ? static_cast<size_t>(found - chunks.begin()) : chunks.size();
}

struct KeyDelta {
  StockKey key;
  BalanceSum sum;
  // Its postings: [posting_begin, posting_end) of SortedWindow::postings.
  uint32_t posting_begin = 0;
  uint32_t posting_end = 0;
  bool rejected = false;  // the store refused this key: it is not booked, nor are its postings
};

struct SortedWindow {
  Lsn first = 0;
  Lsn last = 0;                     // the marker after it
  uint64_t lines = 0;               // lines booked
  std::vector<KeyDelta> deltas;     // ascending by key
  std::vector<Posting> postings;    // grouped by key, ascending within one
  std::vector<LoggedChunk> blocks;  // ascending by LSN, within first..last
  // Lines of a block that were rejected; empty, or one entry for each block that has any,
  // ascending.
  std::vector<std::pair<Lsn, std::vector<uint32_t>>> rejected_lines;
  std::vector<std::pair<BatchRef, BatchSum>> batches;  // ascending
  std::vector<std::pair<TenantId, std::string>> tenants;
  std::vector<std::pair<StockKey, StoredItem>> items;     // ascending; new or changed, whole
  std::vector<std::pair<StockKey, std::string>> aliases;  // (tenant, item) and normalised text
  // Ascending; the last value that each key was given, "" = it was removed.
  std::vector<std::pair<RecordRef, std::string>> records;
  // Final state of each dead letter the window touched: nullopt = resolved or dropped. Ascending.
  std::vector<std::pair<LineRef, std::optional<StoredDeadLetter>>> dead_letters;

  // As new; keeps the memory of what there is most of.
  void Clear();
};

inline void SortedWindow::Clear() {
  SortedWindow empty;
  empty.deltas.swap(deltas);
  empty.postings.swap(postings);
  empty.blocks.swap(blocks);
  empty.items.swap(items);
  empty.deltas.clear();
  empty.postings.clear();
  empty.blocks.clear();
  empty.items.clear();
  *this = std::move(empty);
}

}  // namespace tallystone
