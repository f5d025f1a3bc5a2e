// Compaction: the store written anew so that it takes the least room and the fewest steps to read.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

namespace tallystone {

struct CompactOptions {
  // The work ends early when this becomes true; what is done stays done. Not owned; may be null.
  std::atomic<bool>* cancel = nullptr;
  // Called before each part of the store ("balances"), and at the end with "", with the bytes that
  // are done and all of them.
  std::function<void(std::string_view part, uint64_t done, uint64_t total)> progress;
};

struct CompactReport {
  uint64_t bytes_before = 0;  // of the store, on disk
  uint64_t bytes_after = 0;
  // The store is on servers, which do this themselves: nothing was done, and no size is told.
  bool by_server = false;
};

}  // namespace tallystone
