// Votes: which of many numbered things were named most, among a bounded number of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace tallystone {

// Not thread-safe. 50 KB, from the first use on.
class Votes {
 public:
  // Things that may be named in one round; more are not heard.
  static constexpr size_t kThingsMax = 1'000;

  // Forgets all, in no time. At most `most` things are heard.
  void Begin(size_t most = kThingsMax) {
    most_ = std::min(most, kThingsMax);
    if (slots_.empty()) {
      slots_.resize(kSlots);
    }
    ++round_;
    voted_.clear();
  }

  void Add(uint32_t thing, uint32_t weight) {
    size_t place = (thing * 0x9E3779B1u) >> kShift;
    while (slots_[place].round == round_ && slots_[place].thing != thing) {
      place = (place + 1) & (kSlots - 1);
    }
    Vote& vote = slots_[place];
    if (vote.round != round_) {
      if (voted_.size() == most_) {
        return;
      }
      vote = {thing, 0, round_};
      voted_.push_back(static_cast<uint32_t>(place));
    }
    vote.weight += weight;
  }

  // Those with most weight, and at least `least`, at most `most` of them, in no order; of the same
  // weight those with the smaller numbers.
  void Best(size_t most, uint32_t least, std::vector<uint32_t>* best) {
    ranked_.clear();
    for (const uint32_t place : voted_) {
      const Vote& vote = slots_[place];
      if (vote.weight >= least) {
        ranked_.push_back(uint64_t{vote.weight} << 32 | (UINT32_MAX - vote.thing));
      }
    }
    if (ranked_.size() > most) {
      std::nth_element(ranked_.begin(), ranked_.begin() + static_cast<ptrdiff_t>(most),
                       ranked_.end(), std::greater<>());
      ranked_.resize(most);
    }
    best->clear();
    for (const uint64_t rank : ranked_) {
      best->push_back(UINT32_MAX - static_cast<uint32_t>(rank));
    }
  }

 private:
  struct Vote {
    uint32_t thing = 0;
    uint32_t weight = 0;
    uint32_t round = 0;
  };
  static constexpr int kSlotBits = 12;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;
  static constexpr int kShift = 32 - kSlotBits;
  static_assert(kThingsMax < kSlots / 2);

  std::vector<Vote> slots_;
  std::vector<uint32_t> voted_;   // places in slots_
  std::vector<uint64_t> ranked_;  // working memory: weight, and the number upside down
  size_t most_ = kThingsMax;
  uint32_t round_ = 0;
};

}  // namespace tallystone
