#include "base/counters.h"

#include <algorithm>

namespace tallystone {

HistogramSnapshot Histogram::Snapshot() const {
  HistogramSnapshot snapshot;
  snapshot.sum = sum_.value();
  for (int bucket = 0; bucket < HistogramSnapshot::kBuckets; ++bucket) {
    snapshot.buckets[bucket] = buckets_[bucket].value();
    snapshot.count += snapshot.buckets[bucket];
  }
  return snapshot;
}

double HistogramSnapshot::Percentile(double share) const {
  if (count == 0) {
    return 0;
  }
  const double wanted = std::clamp(share, 0.0, 1.0) * static_cast<double>(count);
  double before = 0;
  for (int bucket = 0; bucket < kBuckets - 1; ++bucket) {
    const auto here = static_cast<double>(buckets[bucket]);
    if (here > 0 && before + here >= wanted) {
      const double low = bucket == 0 ? 0 : static_cast<double>(Bound(bucket - 1));
      const auto high = static_cast<double>(Bound(bucket));
      return low + (high - low) * ((wanted - before) / here);
    }
    before += here;
  }
  return static_cast<double>(Bound(kBuckets - 2));  // it is larger, nobody knows by how much
}

}  // namespace tallystone
