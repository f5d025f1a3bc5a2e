// BalanceCache: the store's balances that were read a moment ago.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/mutex.h"
#include "model/ids.h"
#include "model/stored.h"

namespace tallystone {

// Direct-mapped, bounded memory (some 512 KiB, made at the first Put). What it holds is what the
// store said, so the rule of readers stays: a window's delta is added where its LSN is greater than
// the balance's. Thread-safe.
class BalanceCache {
 public:
  // The store changed: everything is forgotten.
  void Forget() {
    const MutexLock lock(&mutex_);
    ++generation_;
  }

  // *generation: for Put, should it not be there.
  bool Get(StockKey key, BalanceSum* sum, uint64_t* generation) const {
    const MutexLock lock(&mutex_);
    *generation = generation_;
    if (entries_ == nullptr) {
      return false;
    }
    const Entry& entry = entries_[PlaceOf(key)];
    if (entry.generation != generation_ || entry.key != key) {
      return false;
    }
    *sum = entry.sum;
    return true;
  }

  // Keeps what the store said after `generation` was given.
  void Put(StockKey key, const BalanceSum& sum, uint64_t generation) {
    const MutexLock lock(&mutex_);
    if (generation != generation_) {
      return;
    }
    if (entries_ == nullptr) {
      entries_ = std::make_unique<Entry[]>(kEntries);
    }
    Entry& entry = entries_[PlaceOf(key)];
    entry = {key, generation, sum};
  }

 private:
  static constexpr size_t kEntries = 4096;

  struct Entry {
    StockKey key;
    uint64_t generation = 0;  // 0 = empty
    BalanceSum sum;
  };

  static size_t PlaceOf(StockKey key) {
    return static_cast<size_t>((key.packed() * 0x9E3779B97F4A7C15ULL) >> 52);
  }
  static_assert(kEntries == size_t{1} << (64 - 52));

  mutable Mutex mutex_;
  uint64_t generation_ TS_GUARDED_BY(mutex_) = 1;
  std::unique_ptr<Entry[]> entries_ TS_GUARDED_BY(mutex_);
};

}  // namespace tallystone
