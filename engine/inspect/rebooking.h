// Rebooking: makes a store from blocks, as the drain made it from the chunks.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/store.h"
#include "window/sort_window.h"

namespace tallystone {

// Books blocks, window by window, into a store. Memory: one window.
class Rebooking {
 public:
  // `store` null: into nothing. `marker`: its database id counts.
  Rebooking(Store* store, Marker marker);

  // The next block. `causes`: why the store rejected each of block.rejected.
  Status Add(const StoredBlock& block, std::span<const std::string> causes);
  // Books what waits. After the last block.
  Status Finish();

  // Where the store stands after Finish.
  [[nodiscard]] const Marker& marker() const { return marker_; }
  // Added so far.
  [[nodiscard]] uint64_t blocks() const { return blocks_; }
  [[nodiscard]] uint64_t lines() const { return lines_; }

 private:
  Status CollectRejections(const StoredBlock& block, std::span<const std::string> causes);

  Store* const store_;
  Marker marker_;
  LogStretch stretch_;
  std::vector<KeyRejection> rejections_;
  uint64_t window_lines_ = 0;
  uint64_t window_bytes_ = 0;
  uint64_t blocks_ = 0;
  uint64_t lines_ = 0;
};

// Why each of block.rejected was rejected, in the words of its dead letter; "" where that is gone,
// or is that of a later try. `letters` null: nobody knows.
Status FindCauses(StoreView* letters, const StoredBlock& block, std::vector<std::string>* causes);
// The same of a store that may be damaged: "" where a letter cannot be read.
Status FindReadableCauses(StoreView* letters, const StoredBlock& block,
                          std::vector<std::string>* causes);

}  // namespace tallystone
