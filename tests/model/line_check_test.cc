// What a line's outcome is: by table, in the order of precedence of outcome.h.
#include "model/line_check.h"

#include <gtest/gtest.h>

#include "model/make_line.h"
#include "model/table.h"
#include "tallystone/batch.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using test::TextOf;

std::string OutcomeOf(const TextLine& text) {
  BatchLines lines;
  lines.AddText(text);
  return std::string(OutcomeName(CheckLine(lines.lines()[0]).outcome));
}

TEST(LineCheckTest, FirstFaultInOrderOfPrecedenceIsTheOutcome) {
  // Each row mends the first fault of the row above it.
  const std::string long_code(limits::kCodeBytesMax + 1, 'x');
  const std::string kTable = R"(
    code   | description | quantity        | cost            | outcome
           | \xFF        | x               | y               | bad_quantity
           |             | 0               | y               | bad_price
           |             | 0               | 2000000000000   | zero_quantity
           |             | 2000000000000   | 2000000000000   | no_item
    LONG   | \xFF        | 2000000000000   | 2000000000000   | field_too_long
    A      | \xFF        | 2000000000000   | 2000000000000   | invalid_utf8
    A      | a           | 2000000000000   | 2000000000000   | quantity_out_of_range
    A      | a           | 0.0000001       | 2000000000000   | price_out_of_range
    A      | a           | 0.0000001       | 1               | inexact_number
    A      | a           | 0.000001        | 1               | accepted
  )";
  for (const auto& row : test::Table(kTable)) {
    const std::string_view code = row[0] == "LONG" ? std::string_view(long_code) : row[0];
    EXPECT_EQ(OutcomeOf(TextOf(code, row[1], row[2], row[3])), row[4]);
  }
}

TEST(LineCheckTest, NumbersAtTheirEdges) {
  constexpr std::string_view kTable = R"(
    quantity               | cost                   | outcome
    1                      | 1                      | accepted
    -1                     | 0                      | accepted
    1                      | -1                     | accepted
    ' 1 '                  | '\t1'                  | accepted
    ''                     | 1                      | bad_quantity
    1                      | ''                     | bad_price
    '  '                   | 1                      | bad_quantity
    1e3                    | 1                      | bad_quantity
    1,000                  | 1                      | bad_quantity
    1                      | 1,5                    | bad_price
    1                      | nan                    | bad_price
    0                      | 1                      | zero_quantity
    -0.00                  | 1                      | zero_quantity
    0.0000000              | 1                      | zero_quantity
    0.00000001             | 1                      | inexact_number
    1                      | 0.0000000              | accepted
    1                      | 0.00000001             | inexact_number
    1000000000000          | 1000000000000          | accepted
    -1000000000000         | -1000000000000         | accepted
    1000000000000.000001   | 1                      | quantity_out_of_range
    -1000000000000.000001  | 1                      | quantity_out_of_range
    1000000000000.0000001  | 1                      | quantity_out_of_range
    -1000000000000.0000001 | 1                      | quantity_out_of_range
    999999999999.9999999   | 1                      | inexact_number
    99999999999999999999   | 1                      | quantity_out_of_range
    1                      | 1000000000000.000001   | price_out_of_range
    1                      | -1000000000000.0000001 | price_out_of_range
    1                      | 99999999999999999999   | price_out_of_range
    0.00000001             | 99999999999999999999   | price_out_of_range
  )";
  for (const auto& row : test::Table(kTable)) {
    EXPECT_EQ(OutcomeOf(TextOf("A", "", row[0], row[1])), row[2]) << row[0] << " x " << row[1];
  }
}

TEST(LineCheckTest, AnyOfCodeGtinAndDescriptionIsAnItem) {
  EXPECT_EQ(OutcomeOf(TextOf("A", "")), "accepted");
  EXPECT_EQ(OutcomeOf(TextOf("", "a")), "accepted");
  TextLine line = TextOf("", "");
  line.gtin = "4006381333931";
  EXPECT_EQ(OutcomeOf(line), "accepted");
  line = TextOf(" ", "\t");
  line.gtin = "  ";
  line.vendor = "v";
  line.document = "d";
  EXPECT_EQ(OutcomeOf(line), "no_item");
}

TEST(LineCheckTest, EveryFieldHasItsLimitAndMustBeUtf8) {
  const struct {
    std::string_view TextLine::*field;
    size_t bytes_max;
  } kFields[] = {
      {&TextLine::code, limits::kCodeBytesMax},
      {&TextLine::gtin, limits::kGtinBytesMax},
      {&TextLine::vendor, limits::kVendorBytesMax},
      {&TextLine::unit, limits::kUnitBytesMax},
      {&TextLine::document, limits::kDocumentBytesMax},
      {&TextLine::time, limits::kTimeBytesMax},
      {&TextLine::line_id, limits::kLineIdBytesMax},
      {&TextLine::description, limits::kDescriptionBytesMax},
  };
  for (const auto& [field, bytes_max] : kFields) {
    TextLine line = TextOf("A", "");
    const std::string longest(bytes_max, 'x');
    const std::string padded = "  " + longest + "\t";
    const std::string too_long(bytes_max + 1, 'x');
    line.*field = longest;
    EXPECT_EQ(OutcomeOf(line), "accepted") << bytes_max;
    line.*field = padded;
    EXPECT_EQ(OutcomeOf(line), "accepted") << "blanks are stripped before the limit";
    line.*field = too_long;
    EXPECT_EQ(OutcomeOf(line), "field_too_long") << bytes_max;
    for (const std::string_view bad : {"\xFF", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "caf\xE9"}) {
      line.*field = bad;
      EXPECT_EQ(OutcomeOf(line), "invalid_utf8") << bad;
    }
    line.*field = "na\xC3\xAFve \xF0\x9F\x93\xA6";
    EXPECT_EQ(OutcomeOf(line), "accepted");
  }
}

TEST(LineCheckTest, TypedNumbersAreTakenAsTheyAre) {
  using namespace literals;
  BatchLines lines;
  lines.Add(test::TypedOf(" A ", "-2.5"_dec, "0"_dec));
  lines.Add(test::TypedOf("A", "0"_dec, "1"_dec));
  lines.Add(test::TypedOf("A", Decimal::FromUnits(INT64_MIN), "1"_dec));
  lines.Add(test::TypedOf("A", "1"_dec, Decimal::FromUnits(INT64_MAX)));
  const CheckedLine line = CheckLine(lines.lines()[0]);
  EXPECT_EQ(line.outcome, Outcome::kAccepted);
  EXPECT_EQ(line.code, "A");
  EXPECT_EQ(line.quantity, -2'500'000);
  EXPECT_TRUE(line.quantity_read && line.unit_cost_read);
  EXPECT_EQ(line.quantity_text, "");
  EXPECT_EQ(CheckLine(lines.lines()[1]).outcome, Outcome::kZeroQuantity);
  EXPECT_EQ(CheckLine(lines.lines()[2]).outcome, Outcome::kQuantityOutOfRange);
  EXPECT_EQ(CheckLine(lines.lines()[3]).outcome, Outcome::kPriceOutOfRange);
}

TEST(LineCheckTest, UnreadableLinesKeepTheirRowAndTheirOutcome) {
  Batch batch("t", "b");
  batch.AddUnreadable(Outcome::kBadColumns, " a;b ");
  batch.AddUnreadable(Outcome::kBadTenant, "");
  batch.AddUnreadable(Outcome::kAccepted, "slip of the host");
  const auto& lines = batch.lines().lines();
  EXPECT_EQ(CheckLine(lines[0]).outcome, Outcome::kBadColumns);
  EXPECT_EQ(CheckLine(lines[0]).raw, " a;b ");
  EXPECT_EQ(CheckLine(lines[1]).outcome, Outcome::kBadTenant);
  EXPECT_EQ(CheckLine(lines[2]).outcome, Outcome::kBadColumns) << "must not be booked";
}

TEST(BatchTest, OwnsItsTextsAndKeepsThemWhenMoved) {
  Batch batch("tenant", "id");
  for (int line = 0; line < 1000; ++line) {
    const std::string code = "code " + std::to_string(line);
    batch.AddText(TextOf(code, ""));
  }
  Batch moved = std::move(batch);
  ASSERT_EQ(moved.size(), 1000u);
  EXPECT_EQ(moved.tenant(), "tenant");
  EXPECT_EQ(moved.id(), "id");
  for (size_t line = 0; line < moved.size(); ++line) {
    EXPECT_EQ(moved.lines().lines()[line].code, "code " + std::to_string(line));
  }
}

}  // namespace
}  // namespace tallystone
