// BalanceDigest: what a peer's inventory comes to, whatever the order in which it is read.
#pragma once

#include <cstdint>
#include <string_view>

#include "tallystone/decimal.h"
#include "workload.h"

namespace tallystone::bench {

class BalanceDigest {
 public:
  // `on_hand` in 1e-6, `value` in 1e-12.
  void Add(std::string_view code, Int128 on_hand, Int128 value, uint64_t lines);

  [[nodiscard]] uint64_t items() const { return items_; }

  friend bool operator==(const BalanceDigest&, const BalanceDigest&) = default;

 private:
  UInt128 sum_ = 0;
  uint64_t items_ = 0;
};

// Of the first `lines` lines, computed in memory, without any peer.
BalanceDigest ExpectedDigest(const Workload& workload, uint64_t lines);

}  // namespace tallystone::bench
