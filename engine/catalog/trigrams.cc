#include "catalog/trigrams.h"

#include <bit>

namespace tallystone {
namespace {

constexpr size_t CountOf(uint32_t trigram) {
  return (trigram * 0x9E3779B1u) >> 16;
}

// log2(1 + i / 256) in 256ths, rounded.
constexpr std::array<uint8_t, 257> MakeFractions() {
  std::array<uint8_t, 257> table{};
  for (uint64_t index = 0; index < 256; ++index) {
    // Squaring eight times gives eight bits of the logarithm, and one more to round.
    uint64_t value = (256 + index) << 22;  // 1.0 = 2^30
    uint32_t bits = 0;
    for (int bit = 0; bit < 9; ++bit) {
      value = (value * value) >> 30;
      bits = bits << 1 | (value >> 31 & 1);
      value >>= value >> 31 & 1;
    }
    const uint32_t rounded = (bits + 1) / 2;
    table[index] = static_cast<uint8_t>(rounded > 255 ? 255 : rounded);
  }
  return table;
}
constexpr std::array<uint8_t, 257> kFractions = MakeFractions();

// In 256ths; value > 0.
uint32_t Log2(uint32_t value) {
  const auto whole = static_cast<uint32_t>(std::bit_width(value)) - 1;
  const uint32_t scaled = whole >= 8 ? value >> (whole - 8) : value << (8 - whole);
  return whole * 256 + kFractions[scaled & 0xFF];
}

// The largest root with root * root <= value.
uint64_t SquareRoot(uint64_t value) {
  if (value == 0) {
    return 0;
  }
  uint64_t root = uint64_t{1} << ((std::bit_width(value) + 1) / 2);
  for (;;) {
    const uint64_t next = (root + value / root) / 2;
    if (next >= root) {
      return root;
    }
    root = next;
  }
}

}  // namespace

void Trigrams::Count(std::string_view form, uint32_t more) {
  ForEachTrigram(form, [&](uint32_t trigram) {
    const size_t place = CountOf(trigram);
    counts_[place] += more;
    logs_[place] = static_cast<uint16_t>(Log2(counts_[place] + 1));
  });
  names_ += more;
  // A trigram of every name still tells a little; in a small catalogue, where being rare says
  // little, much more.
  constexpr uint32_t kLeast = 64;
  constexpr uint32_t kFewNames = 8;
  rarest_ = Log2(names_ + 1) + kLeast + (1024 * kFewNames) / (names_ + kFewNames);
}

void Trigrams::Add(std::string_view form) {
  Count(form, 1);
}

void Trigrams::Remove(std::string_view form) {
  Count(form, static_cast<uint32_t>(-1));
}

uint32_t Trigrams::Weight(uint32_t trigram) const {
  constexpr uint32_t kLeast = 64;  // one that names have more than once
  const uint32_t log = logs_[CountOf(trigram)];
  return rarest_ > log + kLeast ? rarest_ - log : kLeast;
}

Trigrams::Query::Query(const Trigrams& trigrams, std::string_view form) : trigrams_(trigrams) {
  size_t count = 0;
  ForEachTrigram(form, [&](uint32_t trigram) {
    if (++count > kTrigramsMax) {
      return;
    }
    const uint32_t weight = trigrams.Weight(trigram);
    square_ += uint64_t{weight} * weight;
    size_t place = CountOf(trigram) % kSlots;
    while (slots_[place].trigram != 0 && slots_[place].trigram != trigram) {
      place = (place + 1) % kSlots;
    }
    slots_[place] = {trigram, weight};
  });
}

uint32_t Trigrams::Query::Score(std::string_view form) const {
  uint64_t dot = 0;
  uint64_t square = 0;
  size_t count = 0;
  ForEachTrigram(form, [&](uint32_t trigram) {
    if (++count > kTrigramsMax) {
      return;
    }
    size_t place = CountOf(trigram) % kSlots;
    while (slots_[place].trigram != 0 && slots_[place].trigram != trigram) {
      place = (place + 1) % kSlots;
    }
    const bool shared = slots_[place].trigram != 0;
    const uint32_t weight = shared ? slots_[place].weight : trigrams_.Weight(trigram);
    square += uint64_t{weight} * weight;
    dot += shared ? uint64_t{weight} * weight : 0;
  });
  if (dot == 0) {
    return 0;
  }
  // Below 2^39 each: 2^13 of weight squared, 2^10 bytes of name.
  const uint64_t both = SquareRoot(square_) * SquareRoot(square);
  const uint64_t score = both == 0 ? 0 : dot * kScoreMax / both;
  return static_cast<uint32_t>(score > kScoreMax ? kScoreMax : score);
}

}  // namespace tallystone
