#include "store/postgres/batch_filter.h"

#include <algorithm>
#include <string_view>

#include "base/checksum.h"

namespace tallystone::postgres {
namespace {

constexpr uint64_t kFirstCapacity = 1 << 16;
constexpr uint64_t kGrowth = 2;
// Stage n is wrong once in 2^(kFirstHashes + n): together once in 2^(kFirstHashes - 1).
constexpr int kFirstHashes = 8;
// A Bloom filter that is half full has 1 / ln 2 bits for each hash of each element.
constexpr double kBitsPerHash = 1.4427;

// The nth bit (Kirsch and Mitzenmacher: two hashes make all others). Multiply-shift instead of a
// remainder.
uint64_t BitOf(const std::array<uint64_t, 2>& hash, int number, uint64_t bits) {
  const uint64_t mixed = hash[0] + static_cast<uint64_t>(number) * hash[1];
  return static_cast<uint64_t>((static_cast<UInt128>(mixed) * bits) >> 64);
}

}  // namespace

bool BatchFilter::Stage::Has(const std::array<uint64_t, 2>& hash) const {
  const uint64_t bits = words.size() * 64;
  for (int number = 0; number < hashes; ++number) {
    const uint64_t bit = BitOf(hash, number, bits);
    if ((words[bit / 64] >> (bit % 64) & 1) == 0) {
      return false;
    }
  }
  return true;
}

void BatchFilter::Stage::Set(const std::array<uint64_t, 2>& hash) {
  const uint64_t bits = words.size() * 64;
  for (int number = 0; number < hashes; ++number) {
    const uint64_t bit = BitOf(hash, number, bits);
    words[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  ++count;
}

std::array<uint64_t, 2> BatchFilter::HashOf(const BatchRef& ref) {
  const UInt128 hash = Hash128(ref.batch, ref.tenant);
  return {static_cast<uint64_t>(hash), static_cast<uint64_t>(hash >> 64) | 1};
}

void BatchFilter::AddStage() {
  Stage stage;
  stage.capacity = stages_.empty() ? kFirstCapacity : stages_.back().capacity * kGrowth;
  stage.hashes = kFirstHashes + static_cast<int>(stages_.size());
  const double bits = static_cast<double>(stage.capacity) * stage.hashes * kBitsPerHash;
  stage.words.resize(static_cast<size_t>(bits / 64) + 1);
  stages_.push_back(std::move(stage));
}

void BatchFilter::Add(const BatchRef& ref) {
  const std::array<uint64_t, 2> hash = HashOf(ref);
  const WriterLock lock(&mutex_);
  if (std::any_of(stages_.begin(), stages_.end(),
                  [&](const Stage& stage) { return stage.Has(hash); })) {
    return;
  }
  if (stages_.empty() || stages_.back().count == stages_.back().capacity) {
    AddStage();
  }
  stages_.back().Set(hash);
}

bool BatchFilter::MayHold(const BatchRef& ref) const {
  const std::array<uint64_t, 2> hash = HashOf(ref);
  const ReaderLock lock(&mutex_);
  return std::any_of(stages_.rbegin(), stages_.rend(),
                     [&](const Stage& stage) { return stage.Has(hash); });
}

void BatchFilter::Clear() {
  const WriterLock lock(&mutex_);
  stages_.clear();
}

}  // namespace tallystone::postgres
