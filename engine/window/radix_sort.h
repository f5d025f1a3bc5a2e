// Stable sort of 64-bit keys with their positions, by least significant digit first.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace tallystone {

struct KeyPosition {
  uint64_t key = 0;
  uint32_t position = 0;
};

// Digits that are the same in all keys cost nothing. *scratch is working memory.
inline void RadixSort(std::vector<KeyPosition>* entries, std::vector<KeyPosition>* scratch) {
  constexpr int kDigitBits = 11;
  constexpr uint64_t kBuckets = uint64_t{1} << kDigitBits;
  uint64_t different = 0;
  for (const KeyPosition& entry : *entries) {
    different |= entry.key ^ entries->front().key;
  }
  scratch->resize(entries->size());
  for (int shift = 0; shift < 64; shift += kDigitBits) {
    if (((different >> shift) & (kBuckets - 1)) == 0) {
      continue;
    }
    std::array<uint32_t, kBuckets> starts{};
    for (const KeyPosition& entry : *entries) {
      ++starts[(entry.key >> shift) & (kBuckets - 1)];
    }
    uint32_t total = 0;
    for (uint32_t& start : starts) {
      const uint32_t count = start;
      start = total;
      total += count;
    }
    for (const KeyPosition& entry : *entries) {
      (*scratch)[starts[(entry.key >> shift) & (kBuckets - 1)]++] = entry;
    }
    entries->swap(*scratch);
  }
}

}  // namespace tallystone
