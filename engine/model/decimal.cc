#include "tallystone/decimal.h"

#include "base/check.h"
#include "model/decimal_text.h"

namespace tallystone {
namespace {

// Digits before the point that can fit: 9,223,372,036,854. One more fits 64 bits below, but not the
// range.
constexpr int kWholeDigitsMax = 13;
constexpr uint64_t kPowersOfTen[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000};

constexpr bool IsDigit(char byte) {
  return byte >= '0' && byte <= '9';
}

// Writes the digits of `value` so that they end at `end`; returns the first.
char* WriteDigits(UInt128 value, char* end) {
  constexpr uint64_t kBlock = 1'000'000'000'000'000'000;  // one 128-bit division for 18 digits
  while (value >= kBlock) {
    auto low = static_cast<uint64_t>(value % kBlock);
    value /= kBlock;
    for (int digit = 0; digit < 18; ++digit) {
      *--end = static_cast<char>('0' + low % 10);
      low /= 10;
    }
  }
  for (auto low = static_cast<uint64_t>(value); low > 0; low /= 10) {
    *--end = static_cast<char>('0' + low % 10);
  }
  return end;
}

}  // namespace

DecimalError ParseUnits(std::string_view text, int64_t* units) {
  const char* next = text.data();
  const char* const end = next + text.size();
  const bool negative = next != end && *next == '-';
  if (next != end && (*next == '-' || *next == '+')) {
    ++next;
  }
  const char* const digits = next;
  while (next != end && *next == '0') {
    ++next;
  }
  const char* const whole = next;
  uint64_t value = 0;
  for (; next != end && IsDigit(*next); ++next) {
    value = value * 10 +
            static_cast<uint64_t>(*next - '0');  // may wrap: then there are too many digits
  }
  const bool too_long = next - whole > kWholeDigitsMax;
  bool any_digit = next != digits;

  int decimals = 0;
  bool inexact = false;
  if (next != end && *next == '.') {
    ++next;
    any_digit = any_digit || next != end;  // whatever stands there is checked to be a digit
    for (; next != end && IsDigit(*next) && decimals < Decimal::kScale; ++next, ++decimals) {
      value = value * 10 + static_cast<uint64_t>(*next - '0');
    }
    for (; next != end && IsDigit(*next); ++next) {
      inexact = inexact || *next != '0';
    }
  }
  if (next != end || !any_digit) {
    return DecimalError::kSyntax;
  }
  if (too_long) {
    return DecimalError::kOutOfRange;
  }
  value *=
      kPowersOfTen[Decimal::kScale - decimals];  // at most 19 digits: fits 64 bits without sign
  const uint64_t limit = negative ? uint64_t{1} << 63 : (uint64_t{1} << 63) - 1;
  if (value > limit || (value == limit && inexact)) {
    return DecimalError::kOutOfRange;
  }
  *units = static_cast<int64_t>(negative ? uint64_t{0} - value : value);
  return inexact ? DecimalError::kInexact : DecimalError::kNone;
}

DecimalError Decimal::Parse(std::string_view text, Decimal* out) {
  int64_t units = 0;
  const DecimalError error = ParseUnits(text, &units);
  if (error == DecimalError::kNone) {
    *out = FromUnits(units);
  }
  return error;
}

std::string FormatScaled(Int128 units, int scale) {
  constexpr int kScaleMax = 36;
  TS_CHECK(scale >= 0 && scale <= kScaleMax);
  constexpr int kDigitsMax = 39;  // of 2^128
  char buffer[kDigitsMax + kScaleMax + 3];
  char* end = buffer + sizeof(buffer);
  const bool negative = units < 0;
  const UInt128 magnitude =
      negative ? UInt128{0} - static_cast<UInt128>(units) : static_cast<UInt128>(units);
  char* begin = WriteDigits(magnitude, end);
  while (end - begin <= scale) {
    *--begin = '0';
  }
  if (scale > 0) {
    char* const point = end - scale;
    while (end != point && end[-1] == '0') {
      --end;
    }
    // The whole digits move one to the left to make room for the point.
    for (char* digit = begin; digit != point; ++digit) {
      digit[-1] = *digit;
    }
    --begin;
    point[-1] = '.';
    if (end == point) {
      --end;  // nothing behind the point: leave it out
    }
  }
  if (negative) {
    *--begin = '-';
  }
  return {begin, end};
}

std::string Decimal::ToString() const {
  return FormatScaled(units_, kScale);
}

template <int Scale>
std::string Sum<Scale>::ToString() const {
  return FormatScaled(units, Scale);
}

template struct Sum<6>;
template struct Sum<12>;

}  // namespace tallystone
