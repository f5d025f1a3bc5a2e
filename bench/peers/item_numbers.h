// What every peer does before its database comes into it: item numbers for codes, and the sums of a
// batch.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "tallystone/decimal.h"
#include "workload.h"

namespace tallystone::bench {

// The number of line `index` of batch `batch`.
inline uint64_t LineNumber(uint64_t batch, uint64_t index) {
  return batch << 20 | index;
}

// What is added to a balance.
struct BalanceDelta {
  uint32_t item = 0;
  Int128 on_hand = 0;
  Int128 value = 0;
  uint64_t lines = 0;
};

// Item numbers by code, from 1, in the order in which codes are first seen. Thread-safe.
class ItemNumbers {
 public:
  struct Made {
    uint32_t item;
    std::string_view code;  // points to the caller's line
  };

  // Appends the number of each line's item. *made: those whose rows are not known to be durable, so
  // this batch must have them too, whoever made them.
  void Map(std::span<const WorkLine> lines, std::vector<uint32_t>* items, std::vector<Made>* made);
  // The rows of `made` are durable.
  void Stored(std::span<const Made> made);

 private:
  struct Entry {
    uint32_t item = 0;
    bool stored = false;
  };
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    size_t operator()(std::string_view code) const;
  };

  std::mutex mutex_;
  boost::unordered_flat_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

// The sums of the lines of each item, ascending by item. items[i] is that of lines[i].
std::vector<BalanceDelta> SumByItem(std::span<const WorkLine> lines,
                                    std::span<const uint32_t> items);

// A balance as bytes, for databases that keep bytes; of this machine's byte order.
struct StoredBalance {
  Int128 on_hand = 0;
  Int128 value = 0;
  uint64_t lines = 0;

  static constexpr size_t kBytes = 16 + 16 + 8;
  void AddBytes(const char* bytes);
  void Store(char* bytes) const;
};

}  // namespace tallystone::bench
