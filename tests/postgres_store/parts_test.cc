// The parts that need no server.
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "store/postgres/batch_filter.h"
#include "store/postgres/numeric.h"
#include "store/postgres/sql_text.h"
#include "store/postgres/status_map.h"

namespace tallystone::postgres {
namespace {

constexpr Int128 kMax = static_cast<Int128>(~UInt128{0} >> 1);
constexpr Int128 kMin = -kMax - 1;

TEST(NumericTest, EveryWholeNumberComesBack) {
  std::mt19937_64 random(1);
  std::vector<Int128> values = {0, 1, -1, 9999, 10'000, -10'000, 100'000'000, kMax, kMin, kMin + 1};
  for (int count = 0; count < 10'000; ++count) {
    const auto high = static_cast<Int128>(static_cast<UInt128>(random()) << 64);
    values.push_back((high | random()) >> (random() % 128));
  }
  for (const Int128 value : values) {
    std::string bytes;
    EncodeNumeric(value, &bytes);
    Int128 back = 7;
    ASSERT_TRUE(DecodeNumeric(bytes, &back));
    ASSERT_EQ(FormatScaled(value, 0), FormatScaled(back, 0));
  }
}

TEST(NumericTest, WhatIsNoWholeNumberOf128BitsIsRefused) {
  const auto refused = [](std::string_view bytes) {
    Int128 value = 0;
    return !DecodeNumeric(bytes, &value);
  };
  using namespace std::string_view_literals;
  EXPECT_TRUE(refused(""sv));
  EXPECT_TRUE(refused("\0\0\0\0\xC0\0\0\0"sv));          // not a number
  EXPECT_TRUE(refused("\0\0\0\0\xD0\0\0\0"sv));          // infinite
  EXPECT_TRUE(refused("\0\1\xFF\xFF\0\0\0\4\0\1"sv));    // 0.0001
  EXPECT_TRUE(refused("\0\2\0\0\0\0\0\4\0\1\0\1"sv));    // 1.0001
  EXPECT_TRUE(refused("\0\1\0\0\0\0\0\0\x27\x10"sv));    // a digit of 10000
  EXPECT_TRUE(refused("\0\1\0\1\0\0\0\0"sv));            // cut short
  EXPECT_TRUE(refused("\0\1\0\x0A\0\0\0\0\0\1"sv));      // 10^40
  EXPECT_TRUE(refused("\0\1\0\x09\0\0\0\0\x27\x0F"sv));  // 9999 x 10^36
  std::string bytes;
  EncodeNumeric(kMin, &bytes);
  bytes[4] = '\0';  // its magnitude without the sign
  EXPECT_TRUE(refused(bytes));
}

TEST(SqlTextTest, WhatSqlCannotHoldIsReplacedByteByByte) {
  using namespace std::string_view_literals;
  std::string scratch;
  EXPECT_EQ("Kn\u00e4ckebrot", ToSqlText("Kn\u00e4ckebrot", &scratch));
  EXPECT_EQ("a\uFFFDb", ToSqlText("a\0b"sv, &scratch));
  EXPECT_EQ("\u00e4\uFFFD\uFFFDx", ToSqlText("\u00e4\xFF\xC3x"sv, &scratch));
  EXPECT_EQ("\uFFFD\uFFFD\uFFFD", ToSqlText("\xED\xA0\x80"sv, &scratch));  // a surrogate
  EXPECT_EQ("", ToSqlText("", &scratch));
}

TEST(BatchFilterTest, HoldsWhatWasAddedAndSeldomAnythingElse) {
  BatchFilter filter;
  constexpr int kCount = 200'000;  // more than the first stage takes
  EXPECT_FALSE(filter.MayHold({1, "b0"}));
  for (int number = 0; number < kCount; ++number) {
    filter.Add({1, "b" + std::to_string(number)});
  }
  int wrong = 0;
  for (int number = 0; number < kCount; ++number) {
    ASSERT_TRUE(filter.MayHold({1, "b" + std::to_string(number)}));
    wrong += filter.MayHold({2, "b" + std::to_string(number)}) ? 1 : 0;
    wrong += filter.MayHold({1, "c" + std::to_string(number)}) ? 1 : 0;
  }
  EXPECT_LT(wrong, 2 * kCount / 100);
}

struct StateCase {
  const char* state;
  StatusCode code;
};

TEST(PostgresStatusMapTest, EachKindOfStateSaysWhatHelps) {
  const StateCase cases[] = {
      {"40001", StatusCode::kTryAgain},       {"40P01", StatusCode::kTryAgain},
      {"55P03", StatusCode::kTryAgain},       {"25P03", StatusCode::kTryAgain},
      {"57014", StatusCode::kTryAgain},       {"08006", StatusCode::kUnavailable},
      {"57P01", StatusCode::kUnavailable},    {"57P03", StatusCode::kUnavailable},
      {"53300", StatusCode::kUnavailable},    {"53200", StatusCode::kUnavailable},
      {"53100", StatusCode::kNoSpace},        {"25006", StatusCode::kUnavailable},
      {"28P01", StatusCode::kUnavailable},    {"3D000", StatusCode::kUnavailable},
      {"42501", StatusCode::kUnavailable},    {"42P01", StatusCode::kFormatMismatch},
      {"42703", StatusCode::kFormatMismatch}, {"3F000", StatusCode::kFormatMismatch},
      {"22003", StatusCode::kRejected},       {"22021", StatusCode::kRejected},
      {"23514", StatusCode::kRejected},       {"23505", StatusCode::kRejected},
      {"54000", StatusCode::kRejected},       {"44000", StatusCode::kRejected},
      {"P0001", StatusCode::kRejected},       {"58030", StatusCode::kUnavailable},
      {"XX001", StatusCode::kUnavailable},    {"", StatusCode::kUnavailable}};
  for (const StateCase& entry : cases) {
    EXPECT_EQ(entry.code, CodeOfSqlState(entry.state)) << entry.state;
    EXPECT_FALSE(MapReadError({entry.state, "m", "", "", "", ""}, "x").Is(StatusCode::kRejected));
  }
}

TEST(PostgresStatusMapTest, MessageNamesWhatWasDoneAndTheConstraint) {
  EXPECT_EQ(
      "writing: no (row 7) [constraint on_hand_check of balances, SQLSTATE 42P01]",
      MapSqlError({"42P01", "no", "row 7", "on_hand_check", "balances", ""}, "writing").message());
  EXPECT_EQ("writing: no [PL/pgSQL function f() line 1 at RAISE, SQLSTATE P0001]",
            MapSqlError({"P0001", "no", "row 7", "", "", "PL/pgSQL function f() line 1 at RAISE"},
                        "writing")
                .message());
}

TEST(PostgresStatusMapTest, WhatIsRefusedForItsDataReadsAlikeForAllRows) {
  EXPECT_EQ("no [constraint on_hand_check of balances, SQLSTATE 23514]",
            MapSqlError({"23514", "no", "row 7", "on_hand_check", "balances", ""}, "").message());
}

TEST(PostgresStatusMapTest, ConnectionToAServerThatOnlyReadsIsGivenUp) {
  EXPECT_TRUE(EndsConnection("25006"));
  EXPECT_TRUE(EndsConnection("57P01"));
  EXPECT_TRUE(EndsConnection("08006"));
  EXPECT_FALSE(EndsConnection("23514"));
  EXPECT_FALSE(EndsConnection("57014"));
}

}  // namespace
}  // namespace tallystone::postgres
