// Counter and Histogram: figures that many threads add to without a lock. Relaxed: a figure orders
// nothing else, and a snapshot is not of one instant.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "tallystone/histogram.h"

namespace tallystone {

class Counter {
 public:
  void Add(uint64_t count) { value_.fetch_add(count, std::memory_order_relaxed); }
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

constexpr int HistogramBucket(uint64_t value) {
  const int bucket = value <= 1 ? 0 : static_cast<int>(std::bit_width(value - 1));
  return bucket < HistogramSnapshot::kBuckets ? bucket : HistogramSnapshot::kBuckets - 1;
}

class Histogram {
 public:
  void Record(uint64_t value) {
    buckets_[HistogramBucket(value)].Add(1);
    sum_.Add(value);
  }
  [[nodiscard]] HistogramSnapshot Snapshot() const;

 private:
  Counter buckets_[HistogramSnapshot::kBuckets];
  Counter sum_;
};

}  // namespace tallystone
