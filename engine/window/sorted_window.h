// SortedWindow: a window as the store takes it, sorted and aggregated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/catalogue_record.h"
#include "model/ids.h"
#include "model/stored.h"
#include "tallystone/status.h"

namespace tallystone {

// A durable chunk: its position and payload (model/chunk.h), shared by log group, window and
// readers.
struct LoggedChunk {
  Lsn lsn = 0;
  // Null: only the chunk's place. Its lines are another store's, or in the store already.
  std::shared_ptr<const std::string> payload;
};

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
  std::vector<LoggedChunk> blocks;  // ascending by LSN, without gaps; some may be mere places
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
