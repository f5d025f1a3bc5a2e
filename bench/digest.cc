#include "digest.h"

#include <cstring>
#include <string>
#include <unordered_map>

#include "base/checksum.h"

namespace tallystone::bench {

void BalanceDigest::Add(std::string_view code, Int128 on_hand, Int128 value, uint64_t lines) {
  char numbers[sizeof(on_hand) + sizeof(value) + sizeof(lines)];
  std::memcpy(numbers, &on_hand, sizeof(on_hand));
  std::memcpy(numbers + sizeof(on_hand), &value, sizeof(value));
  std::memcpy(numbers + sizeof(on_hand) + sizeof(value), &lines, sizeof(lines));
  sum_ += Hash128(std::string(numbers, sizeof(numbers)).append(code));
  ++items_;
}

BalanceDigest ExpectedDigest(const Workload& workload, uint64_t lines) {
  struct Balance {
    Int128 on_hand = 0;
    Int128 value = 0;
    uint64_t lines = 0;
  };
  std::unordered_map<std::string_view, Balance> balances;
  WorkBatch batch;
  for (uint64_t number = 0; number < workload.Batches(lines); ++number) {
    workload.GetBatch(number, lines, &batch);
    for (const WorkLine& line : batch.lines) {
      Balance& balance = balances[line.code];
      balance.on_hand += line.quantity.units();
      balance.value += Int128{line.quantity.units()} * line.unit_cost.units();
      ++balance.lines;
    }
  }
  BalanceDigest digest;
  for (const auto& [code, balance] : balances) {
    digest.Add(code, balance.on_hand, balance.value, balance.lines);
  }
  return digest;
}

}  // namespace tallystone::bench
