// BatchFilter: which batches a store may hold, so that most that it does not hold need no question
// to the server. A scalable Bloom filter (Almeida, Baquero, Preguica, Hutchison, 2007): filters one
// after the other, each larger than the one before by a constant factor and stricter by another, so
// that the chance of a wrong "perhaps" stays below a bound however many batches there are.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "model/stored.h"

namespace tallystone::postgres {

// Thread-safe. About 2 bytes a batch. At most one batch in 100 that is not there is asked for.
class BatchFilter {
 public:
  void Add(const BatchRef& ref);
  // False: it was never added.
  [[nodiscard]] bool MayHold(const BatchRef& ref) const;
  void Clear();

 private:
  // A Bloom filter of one size.
  struct Stage {
    uint64_t capacity = 0;
    uint64_t count = 0;
    int hashes = 0;
    std::vector<uint64_t> words;

    [[nodiscard]] bool Has(const std::array<uint64_t, 2>& hash) const;
    void Set(const std::array<uint64_t, 2>& hash);
  };

  static std::array<uint64_t, 2> HashOf(const BatchRef& ref);
  void AddStage() TS_REQUIRES(mutex_);

  mutable SharedMutex mutex_;
  std::vector<Stage> stages_ TS_GUARDED_BY(mutex_);
};

}  // namespace tallystone::postgres
