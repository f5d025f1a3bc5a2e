// Decimal: an exact decimal number of up to 6 decimals, and the exact sums of such numbers (law
// L8).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tallystone {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

// Why a text is not a Decimal.
enum class DecimalError : uint8_t {
  kNone = 0,
  kSyntax = 1,      // not [+-]digits[.digits] or [+-].digits
  kInexact = 2,     // more than 6 decimals that are not zero
  kOutOfRange = 3,  // does not fit 64 bits once scaled
};

// A number scaled by 1e-6 in 64 bits: -9,223,372,036,854.775808 .. 9,223,372,036,854.775807.
class Decimal {
 public:
  static constexpr int kScale = 6;
  static constexpr int64_t kUnitsPerOne = 1'000'000;

  constexpr Decimal() = default;
  static constexpr Decimal FromUnits(int64_t units) {
    Decimal decimal;
    decimal.units_ = units;
    return decimal;
  }

  // Reads `text` ("12", "-0.5", ".25", "+3."; no exponent, blanks, separators, inf or nan; digits
  // with a point and no decimals are accepted, a lone point or sign is not). On error *out is
  // unchanged. A number that is both inexact and out of range is reported as kOutOfRange.
  static DecimalError Parse(std::string_view text, Decimal* out);

  // The number in millionths.
  [[nodiscard]] constexpr int64_t units() const { return units_; }

  // Shortest exact text: no exponent, no trailing zeros, "0" for zero.
  [[nodiscard]] std::string ToString() const;

  friend constexpr bool operator==(Decimal, Decimal) = default;
  friend constexpr auto operator<=>(Decimal, Decimal) = default;

 private:
  int64_t units_ = 0;
};

// An exact sum in 128 bits, scaled by 10^-Scale. The engine keeps sums from overflowing
// (Outcome::kBalanceOverflow); arithmetic here is plain.
template <int Scale>
struct Sum {
  Int128 units = 0;

  [[nodiscard]] std::string ToString() const;

  friend constexpr bool operator==(Sum, Sum) = default;
  friend constexpr Sum operator+(Sum left, Sum right) { return {left.units + right.units}; }
  constexpr Sum& operator+=(Sum other) {
    units += other.units;
    return *this;
  }
};

using QuantitySum = Sum<6>;  // sum of quantities
using ValueSum = Sum<12>;    // sum of quantity x unit cost

// "-12.5" for (-12500000, 6): exact, no trailing zeros. `scale` is 0..36.
std::string FormatScaled(Int128 units, int scale);

namespace literals {

// "12.500"_dec; a text that is not a Decimal does not compile.
consteval Decimal operator""_dec(const char* text, std::size_t size) {
  int64_t units = 0;
  int decimals = -1;
  bool negative = false;
  std::size_t index = 0;
  if (index < size && (text[index] == '-' || text[index] == '+')) {
    negative = text[index++] == '-';
  }
  bool any = false;
  for (; index < size; ++index) {
    if (text[index] == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (text[index] < '0' || text[index] > '9' || decimals == Decimal::kScale) {
      throw "not a decimal of at most 6 decimals";
    }
    if (units > (INT64_MAX - 9) / 10) {
      throw "decimal out of range";
    }
    units = units * 10 + (text[index] - '0');
    decimals += decimals >= 0 ? 1 : 0;
    any = true;
  }
  if (!any) {
    throw "no digits";
  }
  for (int scale = decimals < 0 ? 0 : decimals; scale < Decimal::kScale; ++scale) {
    if (units > INT64_MAX / 10) {
      throw "decimal out of range";
    }
    units *= 10;
  }
  return Decimal::FromUnits(negative ? -units : units);
}

}  // namespace literals
}  // namespace tallystone
