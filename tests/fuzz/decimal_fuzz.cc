// Decimal::Parse and ToString against a slow reading of the same rules (law L8).
#include "fuzz.h"
#include "tallystone/decimal.h"

namespace {

using tallystone::Decimal;
using tallystone::DecimalError;
using tallystone::Int128;

// Digit by digit in 128 bits.
DecimalError SlowParse(std::string_view text, int64_t* units) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const size_t point = text.find('.');
  const std::string whole(text.substr(0, point));
  const std::string part(point == std::string_view::npos ? "" : text.substr(point + 1));
  const std::string digits = whole + part;
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) {
    return DecimalError::kSyntax;
  }
  // One beyond the range of 64 bits stays beyond it.
  constexpr Int128 kBeyond = Int128{1} << 100;
  Int128 sum = 0;
  for (const char digit : whole + (part + "000000").substr(0, 6)) {
    sum = std::min<Int128>(sum * 10 + (digit - '0'), kBeyond);
  }
  sum = negative ? -sum : sum;
  const bool inexact = part.size() > 6 && part.find_first_not_of('0', 6) != std::string::npos;
  const bool at_limit = sum == INT64_MIN || sum == INT64_MAX;
  if (sum < INT64_MIN || sum > INT64_MAX || (at_limit && inexact)) {
    return DecimalError::kOutOfRange;  // what was cut off reaches beyond the limit
  }
  if (inexact) {
    return DecimalError::kInexact;
  }
  *units = static_cast<int64_t>(sum);
  return DecimalError::kNone;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tallystone::fuzz::Bytes(data, size);
  int64_t expected = 0;
  Decimal number = Decimal::FromUnits(77);
  const DecimalError error = Decimal::Parse(text, &number);
  FUZZ_EXPECT(error == SlowParse(text, &expected));
  if (error != DecimalError::kNone) {
    FUZZ_EXPECT(number.units() == 77);
  } else {
    FUZZ_EXPECT(number.units() == expected);
    const std::string printed = number.ToString();
    Decimal again;
    FUZZ_EXPECT(Decimal::Parse(printed, &again) == DecimalError::kNone && again == number);
    FUZZ_EXPECT(printed == tallystone::FormatScaled(expected, 6));
    FUZZ_EXPECT(printed.find('.') == std::string::npos || printed.back() != '0');
  }
  return 0;
}
