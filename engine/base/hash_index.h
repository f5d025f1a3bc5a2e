// HashIndex: from the hash of a key to the numbers of the entries that may have it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"

namespace tallystone {

// Open addressing with linear probing, 8 bytes a slot, at most 5 of 8 in use. Does not know the
// keys: who asks compares. So growing touches nothing but the slots, and a caller with many keys
// can have the memory of all of them fetched at once. Entries are numbered from 1. Not thread-safe.
class HashIndex {
 public:
  // The first of the entries with this hash for which same(number) is true; 0 = none.
  template <typename Same>
  [[nodiscard]] uint32_t Find(uint32_t hash, const Same& same) const {
    if (slots_.empty()) {
      return 0;
    }
    for (size_t place = hash & mask(); slots_[place].number != 0; place = (place + 1) & mask()) {
      if (slots_[place].hash == hash && same(slots_[place].number)) {
        return slots_[place].number;
      }
    }
    return 0;
  }

  void Prefetch(uint32_t hash) const {
    if (!slots_.empty()) {
      __builtin_prefetch(&slots_[hash & mask()]);
    }
  }

  void Insert(uint32_t hash, uint32_t number) {
    TS_CHECK(number != 0);
    if ((used_ + 1) * 8 > slots_.size() * 5) {
      Grow();
    }
    Place({hash, number});
    ++used_;
  }

  // What stands behind the hole moves up, so that nothing marks deleted slots.
  void Erase(uint32_t hash, uint32_t number) {
    size_t hole = hash & mask();
    while (slots_[hole].number != number) {
      TS_CHECK(slots_[hole].number != 0);
      hole = (hole + 1) & mask();
    }
    for (size_t next = (hole + 1) & mask(); slots_[next].number != 0; next = (next + 1) & mask()) {
      const size_t distance_home = (next - slots_[next].hash) & mask();
      if (distance_home >= ((next - hole) & mask())) {
        slots_[hole] = slots_[next];
        hole = next;
      }
    }
    slots_[hole] = {};
    --used_;
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t number = 0;  // 0 = free
  };
  static constexpr size_t kSlotsMin = 16;

  [[nodiscard]] size_t mask() const { return slots_.size() - 1; }

  void Place(Slot slot) {
    size_t place = slot.hash & mask();
    while (slots_[place].number != 0) {
      place = (place + 1) & mask();
    }
    slots_[place] = slot;
  }

  void Grow() {
    std::vector<Slot> old(slots_.empty() ? kSlotsMin : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != 0) {
        Place(slot);
      }
    }
  }

  std::vector<Slot> slots_;  // a power of two
  size_t used_ = 0;
};

}  // namespace tallystone
