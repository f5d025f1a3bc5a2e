#include "workload.h"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

namespace tallystone::bench {
namespace {

constexpr std::array<WorkloadSpec, 8> kWorkloads = {{
    {"zipf10k", ItemChoice::kZipf, 10'000, 500, "Zipf (s = 1) over 10 thousand items"},
    {"zipf100k", ItemChoice::kZipf, 100'000, 500, "Zipf (s = 1) over 100 thousand items"},
    {"zipf1m", ItemChoice::kZipf, 1'000'000, 500, "Zipf (s = 1) over 1 million items"},
    {"uniform10k", ItemChoice::kUniform, 10'000, 500, "uniform over 10 thousand items"},
    {"uniform100k", ItemChoice::kUniform, 100'000, 500, "uniform over 100 thousand items"},
    {"uniform1m", ItemChoice::kUniform, 1'000'000, 500, "uniform over 1 million items"},
    {"invoices21", ItemChoice::kZipf, 100'000, 21, "Zipf (s = 1) over 100 thousand items"},
    {"orders5000", ItemChoice::kZipf, 100'000, 5'000, "Zipf (s = 1) over 100 thousand items"},
}};

// SplitMix64: the standard library's distributions differ between implementations.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  // 0 .. n - 1; the bias is below n / 2^32.
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(((Next() >> 32) * n) >> 32); }

 private:
  uint64_t state_;
};

// Chooses the rank of an item.
class Ranks {
 public:
  Ranks(ItemChoice choice, uint32_t items) : items_(items) {
    if (choice == ItemChoice::kUniform) {
      return;
    }
    cumulated_.reserve(items);
    double sum = 0;
    for (uint32_t rank = 1; rank <= items; ++rank) {
      sum += 1.0 / rank;
      cumulated_.push_back(sum);
    }
  }

  uint32_t Choose(Random* random) const {
    if (cumulated_.empty()) {
      return random->Below(items_);
    }
    constexpr double kTwoTo53 = 9007199254740992.0;
    const double point = static_cast<double>(random->Next() >> 11) / kTwoTo53 * cumulated_.back();
    const auto found = std::upper_bound(cumulated_.begin(), cumulated_.end() - 1, point);
    return static_cast<uint32_t>(found - cumulated_.begin());
  }

 private:
  const uint32_t items_;
  std::vector<double> cumulated_;  // of a Zipf choice
};

// In 1e-3: mostly whole, some returns, some quarters, a few with three decimals. Never zero.
int32_t ChooseQuantity(Random* random) {
  const uint32_t kind = random->Below(100);
  const auto below = [&](uint32_t n) { return static_cast<int32_t>(random->Below(n)); };
  if (kind < 86) {
    return 1000 * (1 + below(24));
  }
  if (kind < 90) {
    return -1000 * (1 + below(5));
  }
  if (kind < 96) {
    return 250 * (1 + below(40));
  }
  return 1 + below(9999);
}

// In 1e-4: the usual price of an item. Most are whole, others have cents, a few four decimals.
int32_t UsualPrice(uint64_t seed, uint32_t item) {
  Random random(seed ^ (uint64_t{item} + 1) * 0xd1342543de82ef95);
  const uint32_t kind = random.Below(100);
  const auto below = [&](uint32_t n) { return static_cast<int32_t>(random.Below(n)); };
  if (kind < 60) {
    return 10'000 * (1 + below(kind < 50 ? 40 : 2000));
  }
  if (kind < 96) {
    return 100 * (1 + below(20'000));
  }
  return 1 + below(100'000);
}

}  // namespace

std::span<const WorkloadSpec> Workloads() {
  return kWorkloads;
}

const WorkloadSpec* FindWorkload(std::string_view name) {
  const auto* found = std::find_if(kWorkloads.begin(), kWorkloads.end(),
                                   [&](const WorkloadSpec& spec) { return spec.name == name; });
  return found == kWorkloads.end() ? nullptr : &*found;
}

Workload::Workload(const WorkloadSpec& spec, uint64_t seed, uint64_t lines, uint32_t batch_lines)
    : spec_(spec), seed_(seed), batch_lines_(batch_lines == 0 ? spec.batch_lines : batch_lines) {
  codes_.reserve(size_t{spec.items} * kCodeBytes);
  for (uint32_t item = 1; item <= spec.items; ++item) {
    fmt::format_to(std::back_inserter(codes_), "SKU-{:07}", item);
  }
  Random random(seed);
  // Popular items do not stand side by side in the order of their codes.
  std::vector<uint32_t> item_of_rank(spec.items);
  std::iota(item_of_rank.begin(), item_of_rank.end(), 0U);
  for (uint32_t left = spec.items; left > 1; --left) {
    std::swap(item_of_rank[left - 1], item_of_rank[random.Below(left)]);
  }
  const Ranks ranks(spec.choice, spec.items);
  lines_.reserve(lines);
  for (uint64_t line = 0; line < lines; ++line) {
    PackedLine& packed = lines_.emplace_back();
    packed.item = item_of_rank[ranks.Choose(&random)];
    packed.quantity = ChooseQuantity(&random);
    packed.unit_cost = UsualPrice(seed, packed.item);
    if (random.Below(10) == 0) {  // another price than usual
      packed.unit_cost += 100 * (1 + static_cast<int32_t>(random.Below(100)));
    }
  }
}

void Workload::GetBatch(uint64_t number, uint64_t lines, WorkBatch* batch) const {
  batch->number = number;
  batch->id.clear();
  fmt::format_to(std::back_inserter(batch->id), "bench/{:08}", number);
  batch->lines.clear();
  const uint64_t begin = number * batch_lines_;
  const uint64_t end = std::min(begin + batch_lines_, lines);
  // Codes stand all over the memory; a program has just read its own.
  for (uint64_t index = begin; index < end; ++index) {
    __builtin_prefetch(codes_.data() + size_t{lines_[index].item} * kCodeBytes);
  }
  for (uint64_t index = begin; index < end; ++index) {
    const PackedLine& packed = lines_[index];
    batch->lines.push_back({Code(packed.item), Decimal::FromUnits(int64_t{packed.quantity} * 1000),
                            Decimal::FromUnits(int64_t{packed.unit_cost} * 100)});
  }
}

}  // namespace tallystone::bench
