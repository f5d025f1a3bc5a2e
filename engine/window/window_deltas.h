// WindowDeltas: what a window adds to each balance, for those who read balances.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash_index.h"
#include "model/chunk.h"
#include "model/ids.h"
#include "tallystone/decimal.h"
#include "tallystone/status.h"
#include "window/sorted_window.h"

namespace tallystone {

// The drain does not need it (SortWindow aggregates by sorting), so it is kept only while somebody
// reads: see WindowSet. Not thread-safe.
class WindowDeltas {
 public:
  struct Delta {
    StockKey key;
    Int128 on_hand = 0;
    Int128 value = 0;
    uint64_t lines = 0;
    Lsn last_lsn = 0;
    std::string_view last_time;  // points into a chunk of the window
  };

  // Takes those of a window's chunks that it has not taken yet. kCorruption if one cannot be read;
  // those before it are then taken.
  Status CatchUp(std::span<const LoggedChunk> chunks);

  // Null = nothing. Valid until the next CatchUp.
  [[nodiscard]] const Delta* Find(StockKey key) const;

 private:
  Status Take(const LoggedChunk& chunk);
  [[nodiscard]] uint32_t NumberOf(StockKey key, uint32_t hash) const;

  size_t taken_ = 0;
  std::vector<Delta> deltas_;  // in the order of their first lines
  HashIndex index_;            // number n is the n-th of deltas_
  ChunkNumbers numbers_;       // working memory
  std::vector<std::string_view> times_;
};

}  // namespace tallystone
