// Diff: equal content is equal however it came about; whatever is different is found and named.
#include "tallystone/diff.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct TestLine {
  std::string code;
  std::string description = "";
  std::string quantity = "1";
  std::string unit_cost = "2.5";
  std::string document = "";
};

class DiffTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(Engine::Open(QuietOptions(), left_.database(), &a_));
    ASSERT_OK(Engine::Open(QuietOptions(), right_.database(), &b_));
  }

  static BatchResult Send(Engine* engine, const std::string& id, const std::vector<TestLine>& lines,
                          const std::string& tenant = "acme", const IngestOptions& options = {}) {
    Batch batch(tenant, id);
    for (const TestLine& line : lines) {
      batch.AddText({.code = line.code,
                     .description = line.description,
                     .quantity = line.quantity,
                     .unit_cost = line.unit_cost,
                     .document = line.document});
    }
    BatchResult result;
    EXPECT_OK(engine->Ingest(options, batch, &result));
    return result;
  }
  void SendBoth(const std::string& id, const std::vector<TestLine>& lines) {
    Send(a_.get(), id, lines);
    Send(b_.get(), id, lines);
  }

  // "line changed acme b1 7 'name' field: left | right".
  std::vector<std::string> Differences(uint64_t limit = 0) {
    std::unique_ptr<Differ> differ;
    EXPECT_OK(Differ::Open({}, left_.database(), right_.database(), &differ));
    std::vector<std::string> texts;
    EXPECT_OK(differ->Run(
        nullptr, nullptr,
        [&](const Difference& one) {
          texts.push_back(std::string(DifferenceKindName(one.kind)) + " " +
                          std::string(DifferenceSideName(one.side)) + " " + one.tenant + " " +
                          one.batch + " " + std::to_string(one.line) + " '" + one.name + "' " +
                          one.field + ": " + one.left + " | " + one.right);
          return limit == 0 || texts.size() < limit;
        },
        &report_));
    EXPECT_EQ(report_.equal, texts.empty());
    EXPECT_EQ(report_.differences, texts.size());
    EXPECT_EQ(report_.complete, limit == 0 || texts.size() < limit);
    return texts;
  }

  EngineDirectory left_, right_;
  std::unique_ptr<Engine> a_, b_;
  DiffReport report_;
};

// Other LSNs, other numbers of items and tenants, other chunks, other windows.
TEST_F(DiffTest, EqualContentIsEqualHoweverItCameAbout) {
  Send(a_.get(), "b1", {{"A"}, {"B"}, {"C", "", "x"}});
  ASSERT_OK(a_->Flush());
  Send(a_.get(), "b2", {{"B"}, {"D"}});
  Send(a_.get(), "b1", {{"Z"}}, "other");
  Send(b_.get(), "b1", {{"Z"}}, "other");
  Send(b_.get(), "b2", {{"B"}, {"D"}});
  std::unique_ptr<BatchWriter> writer;
  ASSERT_OK(b_->NewBatchWriter({}, "acme", "b1", &writer));
  for (const char* code : {"A", "B", "C"}) {
    Batch one("acme", "b1");
    one.AddText({.code = code, .quantity = *code == 'C' ? "x" : "1.0", .unit_cost = "2.50"});
    ASSERT_OK(writer->Add(one, nullptr));
    ASSERT_OK(b_->Sync());
  }
  BatchResult result;
  ASSERT_OK(writer->Finish(&result));
  EXPECT_THAT(Differences(), IsEmpty());
  EXPECT_EQ(report_.left_lines, 5u);
  ASSERT_OK(a_->Close());
  ASSERT_OK(b_->Close());
  EXPECT_THAT(Differences(), IsEmpty());
  EXPECT_EQ(left_.SoundDigest(), right_.SoundDigest());
}

TEST_F(DiffTest, EachFieldOfALineThatChangedIsNamed) {
  SendBoth("b0", {{"A"}, {"B"}});
  Send(a_.get(), "b1", {{"A"}, {"B", "", "3", "2", "D1"}, {"A"}});
  Send(b_.get(), "b1", {{"A"}, {"C", "", "4", "2", "D2"}, {"A"}});
  EXPECT_THAT(
      Differences(),
      ElementsAre(
          "balance changed acme  0 'B' on_hand: 4 | 1",
          "balance changed acme  0 'B' value: 8.5 | 2.5",
          "balance changed acme  0 'B' lines: 2 | 1", "item only_b acme  0 'C' code:  | C",
          "balance only_b acme  0 'C' on_hand:  | 4", "balance only_b acme  0 'C' value:  | 8",
          "balance only_b acme  0 'C' lines:  | 1", "line changed acme b1 2 '' item: B | C",
          "line changed acme b1 2 '' quantity: 3 | 4", "line changed acme b1 2 '' code: B | C",
          "line changed acme b1 2 '' document: D1 | D2"));
}

// Nothing but a text: neither a balance nor the digest of the state sees it.
TEST_F(DiffTest, ATextThatNoSumContainsIsFound) {
  std::vector<TestLine> lines(2000, {"A"});
  Send(a_.get(), "b1", lines);
  lines[1234].document = "D";
  Send(b_.get(), "b1", lines);
  EXPECT_THAT(Differences(), ElementsAre("line changed acme b1 1235 '' document:  | D"));
  ASSERT_OK(a_->Close());
  ASSERT_OK(b_->Close());
  EXPECT_EQ(left_.SoundDigest(), right_.SoundDigest());
}

TEST_F(DiffTest, BatchesTenantsAndLinesThatOnlyOneHas) {
  SendBoth("b1", {{"A"}});
  Send(a_.get(), "b2", {{"A"}});
  Send(b_.get(), "b3", {{"A"}});
  Send(a_.get(), "b1", {{"A"}}, "left");
  Send(b_.get(), "b1", {{"A"}}, "right");
  Send(a_.get(), "b4", {{"A"}, {"A"}});
  Send(b_.get(), "b4", {{"A"}});
  const std::vector<std::string> found = Differences();
  for (const char* expected :
       {"tenant only_a left  0 '' :  | ", "tenant only_b right  0 '' :  | ",
        "batch only_a acme b2 0 '' lines: 1 | ", "batch only_b acme b3 0 '' lines:  | 1",
        "batch changed acme b4 0 '' lines: 2 | 1", "line only_a acme b4 2 '' quantity: 1 | "}) {
    EXPECT_THAT(found, Contains(expected));
  }
}

TEST_F(DiffTest, DeadLettersTheirCausesAndWhatBecameOfThem) {
  SendBoth("b1", {{"A", "", "x"}, {"A", "", "y"}, {"A", "", "z"}, {"A"}});
  EXPECT_THAT(Differences(), IsEmpty());
  const TextLine corrected{.code = "A", .quantity = "5", .unit_cost = "2.5"};
  LineResult result;
  ASSERT_OK(a_->RetryDeadLetter({}, {"acme", "b1", 1}, &corrected, &result));
  ASSERT_OK(b_->DropDeadLetter({"acme", "b1", 2}));
  const std::vector<std::string> found = Differences();
  for (const char* expected :
       {"dead_letter only_b acme b1 1 '' cause:  | bad_quantity",
        "dead_letter only_a acme b1 2 '' cause: bad_quantity | ",
        "line changed acme b1 1 '' outcome: accepted | bad_quantity",
        "line changed acme b1 1 '' quantity: 5 | x", "batch changed acme b1 0 '' dropped: 0 | 1",
        "batch changed acme b1 0 '' items_processed: 2 | 1"}) {
    EXPECT_THAT(found, Contains(expected));
  }
  // The same answers on the other side, in another order.
  ASSERT_OK(b_->RetryDeadLetter({}, {"acme", "b1", 1}, &corrected, &result));
  ASSERT_OK(a_->DropDeadLetter({"acme", "b1", 2}));
  EXPECT_THAT(Differences(), IsEmpty());
}

// No letter is left that would show it.
TEST_F(DiffTest, LinesThatWereDroppedAfterOtherWordsWereTriedAreFound) {
  SendBoth("b1", {{"A", "", "x"}, {"A"}});
  const TextLine corrected{.code = "A", .quantity = "5", .unit_cost = "y"};
  LineResult result;
  ASSERT_OK(a_->RetryDeadLetter({}, {"acme", "b1", 1}, &corrected, &result));
  ASSERT_EQ(result.outcome, Outcome::kBadPrice);
  for (Engine* engine : {a_.get(), b_.get()}) {
    ASSERT_OK(engine->DropDeadLetter({"acme", "b1", 1}));
  }
  const std::vector<std::string> found = Differences();
  EXPECT_THAT(found, ElementsAre("line changed acme b1 1 '' outcome: bad_price | bad_quantity",
                                 "line changed acme b1 1 '' quantity: 5 | x",
                                 "line changed acme b1 1 '' unit_cost: y | 2.5"));
}

// The same numbers on other items: sums of the batch say nothing of it.
TEST_F(DiffTest, LinesThatWereBookedOnOtherItemsAreFound) {
  SendBoth("b1", {{"A", "Red bolt"}, {"B", "Blue bolt"}});
  SendBoth("b2", {{"", "Red bolt"}, {"", "Blue bolt"}});
  EXPECT_THAT(Differences(), IsEmpty());
  ReviewResult moved;
  ASSERT_OK(a_->SplitItem({.tenant = "acme", .item = 1, .text = "Red bolt"}, &moved));
  const std::vector<std::string> found = Differences();
  EXPECT_FALSE(report_.equal);
  EXPECT_GT(report_.by_kind[static_cast<int>(DifferenceKind::kReview)], 0u);
  EXPECT_GT(report_.by_kind[static_cast<int>(DifferenceKind::kLearned)], 0u);
  EXPECT_GT(report_.by_kind[static_cast<int>(DifferenceKind::kBatch)], 0u);
  ASSERT_OK(b_->SplitItem({.tenant = "acme", .item = 1, .text = "Red bolt"}, &moved));
  EXPECT_THAT(Differences(), IsEmpty());
}

TEST_F(DiffTest, SettingsThatDiffer) {
  SendBoth("b1", {{"A"}});
  ASSERT_OK(a_->SetMapping("acme", {.mode = MappingMode::kAuto}));
  EXPECT_THAT(Differences(), Contains("setting only_a acme  0 'mapping' value: auto | "));
  ASSERT_OK(b_->SetMapping("acme", {.mode = MappingMode::kSuggest}));
  EXPECT_THAT(Differences(), Contains("setting changed acme  0 'mapping' value: auto | suggest"));
}

TEST_F(DiffTest, ItEndsWhenNobodyWantsMore) {
  Send(a_.get(), "b1", std::vector<TestLine>(50, {"A"}));
  Send(b_.get(), "b1", std::vector<TestLine>(50, {"B"}));
  EXPECT_EQ(Differences(3).size(), 3u);
}

TEST_F(DiffTest, AnEmptyDatabaseAndOneThatIsNotThere) {
  EXPECT_THAT(Differences(), IsEmpty());
  std::unique_ptr<Differ> differ;
  EXPECT_CODE(kNotFound, Differ::Open({}, left_.database(), "/nowhere/stock.db", &differ));
}

}  // namespace
}  // namespace tallystone::testing
