// HistogramSnapshot: how long things took, or how large they were.
#pragma once

#include <cstdint>

namespace tallystone {

// How often values of some size were seen. The buckets are the same for every histogram: bucket 0
// has the values 0 and 1, bucket i those above 2^(i-1) up to 2^i, the last one whatever is larger.
// Durations are in microseconds.
struct HistogramSnapshot {
  static constexpr int kBuckets = 33;

  uint64_t buckets[kBuckets] = {};
  uint64_t count = 0;  // the sum of `buckets`
  uint64_t sum = 0;    // of the values; while values are being added it may be off by the last few

  // The largest value of a bucket; UINT64_MAX for the last one.
  [[nodiscard]] static constexpr uint64_t Bound(int bucket) {
    return bucket < kBuckets - 1 ? uint64_t{1} << bucket : UINT64_MAX;
  }
  // The value below which `share` (0 .. 1) of the values are, found by dividing a bucket evenly, so
  // at most twice too large or half too small. 0 if there are none.
  [[nodiscard]] double Percentile(double share) const;
};

}  // namespace tallystone
