// TimeSeries: sums over time, in buckets of a width that grows with the time they cover.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "output/json.h"

namespace tallystone::tool {

class TimeSeries {
 public:
  static constexpr size_t kBucketsMax = 120;  // from the first to the last, empty ones counted

  struct Sums {
    uint64_t lines = 0;
    uint64_t failed = 0;
    uint64_t chunks = 0;
    uint64_t batches = 0;  // that began

    void Add(const Sums& other);
  };

  // `micros` since 1970; they need not ascend.
  void Add(uint64_t micros, const Sums& sums);
  void Clear() { *this = {}; }

  // One of 0.1, 0.5, 1, 5, 10, 30 s, 1, 5, 10, 30 min, 1, 3, 6, 12 h, 1, 7, 28 days, and four times
  // that again and again.
  [[nodiscard]] uint64_t width_us() const { return width_us_; }
  // By time / width.
  [[nodiscard]] const std::map<uint64_t, Sums>& buckets() const { return buckets_; }

 private:
  void Widen();

  uint64_t width_us_ = 100'000;
  std::map<uint64_t, Sums> buckets_;
};

// {start_us, width_us, count, buckets: [[index, lines, failed, chunks, batches], ...]}; empty
// buckets are left out.
void WriteTimeSeries(const TimeSeries& series, JsonWriter* json);

}  // namespace tallystone::tool
