#include "report/time_series.h"

#include <iterator>
#include <utility>

namespace tallystone::tool {
namespace {

constexpr uint64_t kSecond = 1'000'000;
constexpr uint64_t kHour = 3600 * kSecond;
constexpr uint64_t kDay = 24 * kHour;
// Each divides the next, so that buckets become one without being split.
constexpr uint64_t kWidths[] = {
    kSecond / 10, kSecond / 2,   kSecond,       5 * kSecond,    10 * kSecond, 30 * kSecond,
    60 * kSecond, 300 * kSecond, 600 * kSecond, 1800 * kSecond, kHour,        3 * kHour,
    6 * kHour,    12 * kHour,    kDay,          7 * kDay,       28 * kDay};
static_assert([] {
  for (size_t index = 1; index < std::size(kWidths); ++index) {
    if (kWidths[index] % kWidths[index - 1] != 0) {
      return false;
    }
  }
  return true;
}());

uint64_t NextWidth(uint64_t width) {
  for (const uint64_t next : kWidths) {
    if (next > width) {
      return next;
    }
  }
  return width * 4;
}

}  // namespace

void TimeSeries::Sums::Add(const Sums& other) {
  lines += other.lines;
  failed += other.failed;
  chunks += other.chunks;
  batches += other.batches;
}

void TimeSeries::Add(uint64_t micros, const Sums& sums) {
  buckets_[micros / width_us_].Add(sums);
  while (buckets_.rbegin()->first - buckets_.begin()->first >= kBucketsMax) {
    Widen();
  }
}

void TimeSeries::Widen() {
  const uint64_t wider = NextWidth(width_us_);
  const uint64_t ratio = wider / width_us_;
  const std::map<uint64_t, Sums> narrow = std::exchange(buckets_, {});
  width_us_ = wider;
  for (const auto& [index, sums] : narrow) {
    buckets_[index / ratio].Add(sums);
  }
}

void WriteTimeSeries(const TimeSeries& series, JsonWriter* json) {
  const auto& buckets = series.buckets();
  const uint64_t first = buckets.empty() ? 0 : buckets.begin()->first;
  json->BeginObject();
  json->Field("start_us", first * series.width_us());
  json->Field("width_us", series.width_us());
  json->Field("count", buckets.empty() ? 0 : buckets.rbegin()->first - first + 1);
  json->Key("buckets");
  json->BeginArray();
  for (const auto& [index, sums] : buckets) {
    json->BeginArray();
    for (const uint64_t number :
         {index - first, sums.lines, sums.failed, sums.chunks, sums.batches}) {
      json->Number(number);
    }
    json->EndArray();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace tallystone::tool
