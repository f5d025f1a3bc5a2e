// Decimals against a table of syntaxes and against a slow reader on big integers (law L8).
#include "tallystone/decimal.h"

#include <cstdint>
#include <limits>
#include <string>

#include <boost/multiprecision/cpp_int.hpp>
#include <gtest/gtest.h>

#include "model/decimal_text.h"
#include "model/random_source.h"
#include "model/table.h"

namespace tallystone {
namespace {

using boost::multiprecision::cpp_int;
using test::RandomSource;

std::string ErrorName(DecimalError error) {
  switch (error) {
    case DecimalError::kNone:
      return "ok";
    case DecimalError::kSyntax:
      return "syntax";
    case DecimalError::kInexact:
      return "inexact";
    case DecimalError::kOutOfRange:
      return "range";
  }
  return "?";
}

TEST(DecimalTest, EverySyntaxIsReadOrRefused) {
  constexpr std::string_view kTable = R"(
    text                            | error   | units
    12                              | ok      | 12000000
    12.                             | ok      | 12000000
    .5                              | ok      | 500000
    +1                              | ok      | 1000000
    -0.00                           | ok      | 0
    -0                              | ok      | 0
    +.000001                        | ok      | 1
    -.000001                        | ok      | -1
    -12.5                           | ok      | -12500000
    0000000000000000000000000012.50 | ok      | 12500000
    1.5000000000000000000000000000  | ok      | 1500000
    9223372036854.775807            | ok      | 9223372036854775807
    -9223372036854.775808           | ok      | -9223372036854775808
    9223372036854.7758070           | ok      | 9223372036854775807
    9223372036854.775808            | range   |
    -9223372036854.775809           | range   |
    9223372036854.7758071           | range   |
    -9223372036854.7758081          | range   |
    9223372036854.7758069           | inexact | 9223372036854775806
    9223372036855                   | range   |
    99999999999999                  | range   |
    100000000000000000000           | range   |
    18446744073709551616            | range   |
    340282366920938463463374607431768211456.0000001 | range |
    0.0000001                       | inexact | 0
    0.0000000                       | ok      | 0
    -1.0000005                      | inexact | -1000000
    ''                              | syntax  |
    .                               | syntax  |
    +                               | syntax  |
    -                               | syntax  |
    +.                              | syntax  |
    -.                              | syntax  |
    ..5                             | syntax  |
    1..5                            | syntax  |
    1.5.                            | syntax  |
    1.2.3                           | syntax  |
    --1                             | syntax  |
    +-1                             | syntax  |
    -+1                             | syntax  |
    1-                              | syntax  |
    1e3                             | syntax  |
    1E3                             | syntax  |
    0x10                            | syntax  |
    1,000                           | syntax  |
    1'000                           | syntax  |
    1_000                           | syntax  |
    ' 1'                            | syntax  |
    '1 '                            | syntax  |
    '1 000'                         | syntax  |
    '- 1'                           | syntax  |
    \t1                             | syntax  |
    $1                              | syntax  |
    1\xE2\x82\xAC                   | syntax  |
    nan                             | syntax  |
    NaN                             | syntax  |
    inf                             | syntax  |
    -Infinity                       | syntax  |
    1f                              | syntax  |
    a                               | syntax  |
    (1)                             | syntax  |
    \xD9\xA1                        | syntax  |
    \xEF\xBC\x91                    | syntax  |
    \xE2\x88\x921                   | syntax  |
    1\x00                           | syntax  |
    99999999999999999999x           | syntax  |
    0.00000001x                     | syntax  |
  )";
  for (const auto& row : test::Table(kTable)) {
    SCOPED_TRACE(row[0]);
    int64_t units = 77;
    EXPECT_EQ(ErrorName(ParseUnits(row[0], &units)), row[1]);
    EXPECT_EQ(std::to_string(units), row.size() > 2 && !row[2].empty() ? row[2] : "77");
    Decimal decimal = Decimal::FromUnits(77);
    EXPECT_EQ(ErrorName(Decimal::Parse(row[0], &decimal)), row[1]);
    EXPECT_EQ(std::to_string(decimal.units()), row[1] == "ok" ? row[2] : "77")
        << "an error must leave the result alone";
  }
}

// --- the oracle ---

struct SlowNumber {
  DecimalError error = DecimalError::kSyntax;
  cpp_int units;
};

SlowNumber SlowParse(std::string text) {
  SlowNumber number;
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.erase(0, 1);
  }
  const size_t point = text.find('.');
  std::string whole = text.substr(0, point);
  std::string part = point == std::string::npos ? "" : text.substr(point + 1);
  constexpr std::string_view kDigits = "0123456789";
  if (whole.find_first_not_of(kDigits) != std::string::npos ||
      part.find_first_not_of(kDigits) != std::string::npos || (whole + part).empty()) {
    return number;
  }
  // The exact value is `scaled` / 10^decimals.
  const size_t decimals = part.size() < 6 ? 6 : part.size();
  part.resize(decimals, '0');
  std::string digits = whole + part;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  const cpp_int scaled = cpp_int(digits) * (negative ? -1 : 1);
  const cpp_int unit = boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(decimals - 6));
  number.units = scaled / unit;
  if (scaled > unit * std::numeric_limits<int64_t>::max() ||
      scaled < unit * std::numeric_limits<int64_t>::min()) {
    number.error = DecimalError::kOutOfRange;
  } else {
    number.error = scaled % unit == 0 ? DecimalError::kNone : DecimalError::kInexact;
  }
  return number;
}

std::string RandomNumberText(RandomSource* random) {
  if (random->OneIn(4)) {
    return random->Text("0123456789+-. e,", 12);
  }
  std::string text(random->Pick({"", "+", "-"}));
  text += random->OneIn(3) ? "0000" : "";
  text +=
      random->OneIn(6) ? "9223372036854" : random->Text("0123456789", random->OneIn(5) ? 40 : 14);
  if (!random->OneIn(3)) {
    text += ".";
    text += random->OneIn(6) ? "775807" : random->Text("0123456789", 8);
    text += random->OneIn(3) ? "0000000" : "";
  }
  return text;
}

TEST(DecimalTest, ParseAgreesWithBigIntegers) {
  RandomSource random(test::TestSeed());
  size_t counts[4] = {};
  for (int round = 0; round < 200'000; ++round) {
    const std::string text = RandomNumberText(&random);
    const SlowNumber expected = SlowParse(text);
    int64_t units = 77;
    const DecimalError error = ParseUnits(text, &units);
    ASSERT_EQ(ErrorName(error), ErrorName(expected.error)) << text;
    if (error == DecimalError::kNone || error == DecimalError::kInexact) {
      ASSERT_EQ(cpp_int(units), expected.units) << text;
    } else {
      ASSERT_EQ(units, 77) << text;
    }
    ++counts[static_cast<size_t>(error)];
  }
  for (const size_t count : counts) {
    EXPECT_GT(count, 1000u) << "the generator must reach every kind of answer";
  }
}

std::string SlowFormat(Int128 units, int scale) {
  cpp_int magnitude = cpp_int(static_cast<uint64_t>(static_cast<UInt128>(units) >> 64));
  magnitude = (magnitude << 64) + static_cast<uint64_t>(units);
  if (units < 0) {
    magnitude = (cpp_int(1) << 128) - magnitude;
  }
  std::string digits = magnitude.str();
  while (digits.size() <= static_cast<size_t>(scale)) {
    digits.insert(0, 1, '0');
  }
  std::string part = digits.substr(digits.size() - static_cast<size_t>(scale));
  std::string text = digits.substr(0, digits.size() - static_cast<size_t>(scale));
  while (!part.empty() && part.back() == '0') {
    part.pop_back();
  }
  text += part.empty() ? "" : "." + part;
  return (units < 0 ? "-" : "") + text;
}

TEST(DecimalTest, FormatAgreesWithBigIntegers) {
  RandomSource random(test::TestSeed());
  const Int128 extreme = static_cast<Int128>(UInt128{1} << 127);
  for (int scale = 0; scale <= 36; ++scale) {
    for (const Int128 units : {Int128{0}, Int128{1}, Int128{-1}, extreme, ~extreme}) {
      ASSERT_EQ(FormatScaled(units, scale), SlowFormat(units, scale)) << scale;
    }
  }
  for (int round = 0; round < 100'000; ++round) {
    const UInt128 bits = UInt128{random.Bits()} << 64 | random.Bits();
    Int128 units = static_cast<Int128>(bits) >> random.Below(127);
    for (uint64_t zeros = random.Below(12); zeros > 0 && units < (Int128{1} << 80); --zeros) {
      units = units > -(Int128{1} << 80) ? units * 10 : units;
    }
    const int scale = static_cast<int>(random.Below(37));
    ASSERT_EQ(FormatScaled(units, scale), SlowFormat(units, scale)) << scale;
  }
}

TEST(DecimalTest, TextOfANumberReadsBackAsTheNumber) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 100'000; ++round) {
    const Decimal decimal = Decimal::FromUnits(random.AnySigned());
    Decimal read;
    ASSERT_EQ(Decimal::Parse(decimal.ToString(), &read), DecimalError::kNone) << decimal.ToString();
    ASSERT_EQ(read, decimal);
  }
}

TEST(DecimalTest, LiteralsAndSumsAreExact) {
  using namespace literals;
  static_assert("12.500"_dec.units() == 12'500'000);
  static_assert("-.000001"_dec.units() == -1);
  static_assert("+3."_dec == "3"_dec);
  static_assert("-1"_dec < "0.5"_dec);
  EXPECT_EQ(QuantitySum{Int128{1}}.ToString(), "0.000001");
  EXPECT_EQ(ValueSum{Int128{-1}}.ToString(), "-0.000000000001");
  ValueSum sum{Int128{5} * 1'000'000'000'000};
  sum += ValueSum{Int128{500'000'000'000}};
  EXPECT_EQ((sum + sum).ToString(), "11");
}

}  // namespace
}  // namespace tallystone
