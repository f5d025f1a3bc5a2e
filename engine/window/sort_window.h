// From the chunks of a window to what a store takes: decode, sort by key, aggregate.
#pragma once

#include <functional>
#include <memory>

#include "model/chunk.h"
#include "window/sorted_window.h"

namespace tallystone {

// Finds an item that was made before the window. Needed where a chunk only adds a description to
// one.
using ItemLookup = std::function<Status(StockKey key, StoredItem* item)>;

// Fills *sorted from `stretch` (not empty; it may hold no chunk). The result depends on nothing
// but the chunks and the looked-up items (law L11). kCorruption names the LSN of a chunk that
// cannot be read.
Status SortWindow(const LogStretch& stretch, const ItemLookup& lookup, SortedWindow* sorted);

// SortWindow for one window after the other: its working memory, 64 bytes a line of the largest
// window, and that of the result are used again. Fresh memory costs the kernel as much time as the
// sorting takes. Not thread-safe.
class WindowSorter {
 public:
  WindowSorter();
  ~WindowSorter();

  Status Sort(const LogStretch& stretch, const ItemLookup& lookup, SortedWindow* sorted);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What one chunk says of its batch.
BatchSum BatchSumOf(const ChunkHeader& header, Lsn lsn);

// The dead letter of a failed line of a chunk.
StoredDeadLetter DeadLetterOf(const ChunkLine& line, const ChunkHeader& header, Lsn lsn);

}  // namespace tallystone
