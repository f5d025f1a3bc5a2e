#include "tallystone/outcome.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tallystone/batch.h"
#include "tallystone/records.h"

namespace tallystone {
namespace {

TEST(OutcomeTest, NamesAndNumbersNeverChange) {
  constexpr std::string_view kNames[kOutcomeCount] = {"accepted",
                                                      "bad_columns",
                                                      "bad_tenant",
                                                      "bad_batch",
                                                      "bad_quantity",
                                                      "bad_price",
                                                      "zero_quantity",
                                                      "no_item",
                                                      "field_too_long",
                                                      "invalid_utf8",
                                                      "quantity_out_of_range",
                                                      "price_out_of_range",
                                                      "inexact_number",
                                                      "unknown_item",
                                                      "ambiguous_item",
                                                      "catalogue_full",
                                                      "balance_overflow",
                                                      "store_rejected"};
  std::set<std::string_view> texts;
  for (int value = 0; value < kOutcomeCount; ++value) {
    const auto outcome = static_cast<Outcome>(value);
    EXPECT_EQ(OutcomeName(outcome), kNames[value]);
    Outcome read = Outcome::kStoreRejected;
    EXPECT_TRUE(ParseOutcome(kNames[value], &read));
    EXPECT_EQ(read, outcome);
    EXPECT_TRUE(texts.insert(OutcomeText(outcome)).second);
  }
}

TEST(OutcomeTest, UnknownNamesAreRefused) {
  Outcome out = Outcome::kNoItem;
  for (const std::string_view name : {"", "Accepted", "accepted ", "bad", "unknown"}) {
    EXPECT_FALSE(ParseOutcome(name, &out)) << name;
  }
  EXPECT_EQ(out, Outcome::kNoItem);
}

TEST(OutcomeTest, RulesHaveTheirWords) {
  constexpr std::string_view kNames[] = {"", "code", "gtin", "alias", "sorted", "fuzzy", "created"};
  for (size_t value = 0; value < std::size(kNames); ++value) {
    EXPECT_EQ(DecidedByName(static_cast<DecidedBy>(value)), kNames[value]);
  }
}

TEST(BatchStatusTest, FollowsFromTheLines) {
  BatchInfo info;
  EXPECT_EQ(BatchStatusName(info.status()), "success") << "of no lines, none failed";
  info.items_processed = 2;
  EXPECT_EQ(BatchStatusName(info.status()), "success");
  info.items_failed = 1;
  EXPECT_EQ(BatchStatusName(info.status()), "partial_success");
  info.items_processed = 0;
  EXPECT_EQ(BatchStatusName(info.status()), "failed");
}

}  // namespace
}  // namespace tallystone
