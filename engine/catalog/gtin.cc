#include "catalog/gtin.h"

#include <cstddef>

namespace tallystone {

uint64_t ParseGtin(std::string_view text) {
  constexpr size_t kDigitsMin = 8;
  constexpr size_t kDigitsMax = 14;
  uint64_t number = 0;
  size_t digits = 0;
  for (const char byte : text) {
    if (byte == ' ' || byte == '-') {
      continue;
    }
    if (byte < '0' || byte > '9' || ++digits > kDigitsMax) {
      return 0;
    }
    number = number * 10 + static_cast<uint64_t>(byte - '0');
  }
  // From the right, the check digit first: weights 1, 3, 1, 3 ...
  uint64_t sum = 0;
  uint64_t weight = 1;
  for (uint64_t rest = number; rest > 0; rest /= 10) {
    sum += rest % 10 * weight;
    weight = 4 - weight;
  }
  return digits >= kDigitsMin && sum % 10 == 0 ? number : 0;
}

}  // namespace tallystone
