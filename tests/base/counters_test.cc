// Figures that many threads add to while others read them.
#include "base/counters.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tallystone {
namespace {

HistogramSnapshot Of(std::initializer_list<uint64_t> values) {
  Histogram histogram;
  for (const uint64_t value : values) {
    histogram.Record(value);
  }
  return histogram.Snapshot();
}

TEST(HistogramTest, EachValueIsInTheBucketWhoseBoundsHoldIt) {
  constexpr int kLast = HistogramSnapshot::kBuckets - 1;
  EXPECT_EQ(HistogramBucket(0), 0);
  EXPECT_EQ(HistogramBucket(1), 0);
  EXPECT_EQ(HistogramBucket(UINT64_MAX), kLast);
  for (int bucket = 1; bucket < kLast; ++bucket) {
    const uint64_t bound = HistogramSnapshot::Bound(bucket);
    EXPECT_EQ(HistogramBucket(bound), bucket);
    EXPECT_EQ(HistogramBucket(HistogramSnapshot::Bound(bucket - 1) + 1), bucket);
    EXPECT_EQ(HistogramBucket(bound + 1), bucket + 1);
  }
  EXPECT_EQ(HistogramSnapshot::Bound(kLast), UINT64_MAX);
}

TEST(HistogramTest, CountIsTheSumOfTheBuckets) {
  const HistogramSnapshot snapshot = Of({0, 1, 2, 3, 1000, UINT64_MAX / 4});
  EXPECT_EQ(snapshot.count, 6u);
  EXPECT_EQ(snapshot.sum, 1006 + UINT64_MAX / 4);
  EXPECT_EQ(snapshot.buckets[0], 2u);
  EXPECT_EQ(snapshot.buckets[1], 1u);
  EXPECT_EQ(snapshot.buckets[2], 1u);
  EXPECT_EQ(snapshot.buckets[10], 1u);
}

TEST(HistogramTest, PercentilesAreWithinTheBucketOfTheValue) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 1000; ++value) {
    histogram.Record(value);
  }
  const HistogramSnapshot snapshot = histogram.Snapshot();
  for (const double share : {0.1, 0.5, 0.9, 0.99, 1.0}) {
    const double exact = share * 1000;
    EXPECT_GE(snapshot.Percentile(share), exact / 2) << share;
    EXPECT_LE(snapshot.Percentile(share), exact * 2) << share;
  }
  EXPECT_LE(snapshot.Percentile(0.5), snapshot.Percentile(0.9));
}

TEST(HistogramTest, PercentileOfNothingAndOfOutliers) {
  EXPECT_EQ(Of({}).Percentile(0.5), 0);
  EXPECT_EQ(Of({64}).Percentile(1), 64);
  EXPECT_GT(Of({64}).Percentile(0.5), 32);
  EXPECT_EQ(Of({UINT64_MAX / 4}).Percentile(0.5), double{1ull << 31});
  EXPECT_EQ(Of({5}).Percentile(-1), Of({5}).Percentile(0));
}

TEST(HistogramTest, NothingIsLostWhenManyThreadsAdd) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kValues = 20'000;
  Histogram histogram;
  Counter counter;
  std::atomic<bool> done = false;
  std::thread reader([&] {
    uint64_t before = 0;
    while (!done) {
      const uint64_t count = histogram.Snapshot().count;
      EXPECT_GE(count, before);
      before = count;
    }
  });
  std::vector<std::thread> writers;
  for (uint64_t thread = 0; thread < kThreads; ++thread) {
    writers.emplace_back([&] {
      for (uint64_t value = 0; value < kValues; ++value) {
        histogram.Record(value);
        counter.Add(2);
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  done = true;
  reader.join();
  EXPECT_EQ(histogram.Snapshot().count, kThreads * kValues);
  EXPECT_EQ(histogram.Snapshot().sum, kThreads * (kValues * (kValues - 1) / 2));
  EXPECT_EQ(counter.value(), kThreads * kValues * 2);
}

}  // namespace
}  // namespace tallystone
