// Every limit of a batch and of a line, at n and n + 1, through the engine (laws L5, L8; limits.h).
#include "tallystone/limits.h"

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

class LimitsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(Engine::Open(QuietOptions(), directory_.database(), &engine_));
  }
  Status Send(const Batch& batch) { return engine_->Ingest({}, batch, &result_); }
  Status SendNamed(const std::string& tenant, const std::string& id) {
    Batch batch(tenant, id);
    batch.AddText({.code = "A", .quantity = "1", .unit_cost = "1"});
    return Send(batch);
  }
  // The outcome of one line, in a batch of its own.
  Outcome Book(const TextLine& line) {
    Batch batch("acme", "b" + std::to_string(number_++));
    batch.AddText(line);
    const Status status = Send(batch);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return result_.lines.size() == 1 ? result_.lines[0].outcome : Outcome::kBadColumns;
  }
  void ExpectFieldLimit(std::string_view TextLine::*field, size_t bytes_max) {
    TextLine line{.code = "A", .quantity = "1", .unit_cost = "1"};
    const std::string longest(bytes_max, 'x');
    line.*field = longest;
    EXPECT_EQ(OutcomeName(Book(line)), OutcomeName(Outcome::kAccepted)) << bytes_max;
    const std::string too_long(bytes_max + 1, 'x');
    line.*field = too_long;
    EXPECT_EQ(OutcomeName(Book(line)), OutcomeName(Outcome::kFieldTooLong)) << bytes_max;
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
  BatchResult result_;
  int number_ = 0;
};

TEST_F(LimitsTest, NamesOfTenantsAndBatches) {
  const std::string tenant(limits::kTenantBytesMax, 't');
  const std::string id(limits::kBatchIdBytesMax, 'b');
  EXPECT_OK(SendNamed(tenant, id));
  EXPECT_CODE(kInvalidArgument, SendNamed(tenant + "t", id));
  EXPECT_CODE(kInvalidArgument, SendNamed(tenant, id + "b"));
  for (const std::string& bad : {std::string(), std::string("a\nb"), std::string("\xff")}) {
    EXPECT_CODE(kInvalidArgument, SendNamed(bad, "b"));
    EXPECT_CODE(kInvalidArgument, SendNamed("acme", bad));
    std::unique_ptr<BatchWriter> writer;
    EXPECT_CODE(kInvalidArgument, engine_->NewBatchWriter({}, bad, "b", &writer));
    EXPECT_CODE(kInvalidArgument, engine_->NewBatchWriter({}, "acme", bad, &writer));
  }
  EXPECT_EQ(engine_->stats().tenants, 1u) << "a refused batch changed something";
  Balance balance;
  EXPECT_OK(engine_->GetBalance({tenant, "A"}, &balance));
}

TEST_F(LimitsTest, Fields) {
  ExpectFieldLimit(&TextLine::code, limits::kCodeBytesMax);
  ExpectFieldLimit(&TextLine::description, limits::kDescriptionBytesMax);
  ExpectFieldLimit(&TextLine::vendor, limits::kVendorBytesMax);
  ExpectFieldLimit(&TextLine::gtin, limits::kGtinBytesMax);
  ExpectFieldLimit(&TextLine::unit, limits::kUnitBytesMax);
  ExpectFieldLimit(&TextLine::document, limits::kDocumentBytesMax);
  ExpectFieldLimit(&TextLine::time, limits::kTimeBytesMax);
  ExpectFieldLimit(&TextLine::line_id, limits::kLineIdBytesMax);
}

TEST_F(LimitsTest, AFailedFieldIsKeptUpToItsLimitAndTheRestIsCounted) {
  for (const size_t extra : {size_t{0}, size_t{1}}) {
    const std::string text(limits::kFailedFieldBytesMax + extra, 'v');
    ASSERT_EQ(Book({.code = "A", .quantity = "1", .unit_cost = "1", .vendor = text}),
              Outcome::kFieldTooLong);
    DeadLetter letter;
    ASSERT_OK(engine_->GetDeadLetter({"acme", result_.batch, 1}, &letter));
    EXPECT_EQ(letter.vendor.size(), limits::kFailedFieldBytesMax);
    EXPECT_EQ(letter.detail.empty(), extra == 0) << letter.detail;
  }
}

// 500 of them would be larger than a record of the log can be.
TEST_F(LimitsTest, LongFailedLinesAreSplitIntoRecordsThatTheLogTakes) {
  const std::string longest(limits::kFailedFieldBytesMax, 'x');
  Batch batch("acme", "long");
  for (size_t line = 0; line < limits::kChunkLinesMax; ++line) {
    batch.AddText({.code = longest,
                   .description = longest,
                   .quantity = longest,
                   .unit_cost = longest,
                   .vendor = longest,
                   .gtin = longest,
                   .unit = longest,
                   .document = longest,
                   .time = longest,
                   .line_id = longest});
  }
  ASSERT_GT(batch.size() * 10 * longest.size(), limits::kRecordPayloadBytesMax);
  ASSERT_OK(Send(batch));
  EXPECT_EQ(result_.items_failed, limits::kChunkLinesMax);
  EXPECT_GT(engine_->stats().logged_lsn, 4u);
  DeadLetter letter;
  ASSERT_OK(engine_->GetDeadLetter({"acme", "long", limits::kChunkLinesMax}, &letter));
  EXPECT_EQ(letter.line_id, longest);
  ASSERT_OK(Send(batch));
  EXPECT_TRUE(result_.resent);
}

TEST_F(LimitsTest, Numbers) {
  const auto book = [&](std::string_view quantity, std::string_view unit_cost) {
    return Book({.code = quantity, .quantity = quantity, .unit_cost = unit_cost});
  };
  EXPECT_EQ(book("1000000000000", "1"), Outcome::kAccepted);
  EXPECT_EQ(book("-1000000000000", "1"), Outcome::kAccepted);
  EXPECT_EQ(book("1000000000000.000001", "1"), Outcome::kQuantityOutOfRange);
  EXPECT_EQ(book("-1000000000000.000001", "1"), Outcome::kQuantityOutOfRange);
  EXPECT_EQ(book("99999999999999999999", "1"), Outcome::kQuantityOutOfRange);
  EXPECT_EQ(book("1", "1000000000000"), Outcome::kAccepted);
  EXPECT_EQ(book("1", "1000000000000.000001"), Outcome::kPriceOutOfRange);
  EXPECT_EQ(book("1", "-1000000000000.000001"), Outcome::kPriceOutOfRange);
  EXPECT_EQ(book("0.000001", "1"), Outcome::kAccepted);
  EXPECT_EQ(book("0.0000010", "1"), Outcome::kAccepted);
  EXPECT_EQ(book("0.0000011", "1"), Outcome::kInexactNumber);
}

// 42 lines of 10^12 x 10^12 fit into 2^125 in 1e-12, one more does not; a return makes room again.
TEST_F(LimitsTest, ABalanceStopsAtItsLimitAndNeverWraps) {
  const TextLine large{.code = "G", .quantity = "1000000000000", .unit_cost = "1000000000000"};
  const TextLine back{.code = "G", .quantity = "-1000000000000", .unit_cost = "1000000000000"};
  Batch batch("acme", "large");
  const int fits =
      static_cast<int>((Int128{1} << limits::kBalanceBits) /
                       (Int128{limits::kQuantityUnitsMax} * limits::kUnitCostUnitsMax));
  for (int line = 0; line < fits + 1; ++line) {
    batch.AddText(large);
  }
  batch.AddText(back);
  batch.AddText(large);
  batch.AddText(large);
  ASSERT_OK(Send(batch));
  for (int line = 0; line < fits + 4; ++line) {
    const bool over = line == fits || line == fits + 3;
    EXPECT_EQ(result_.lines[static_cast<size_t>(line)].outcome,
              over ? Outcome::kBalanceOverflow : Outcome::kAccepted)
        << line + 1;
  }
  ASSERT_OK(engine_->Flush());
  EXPECT_EQ(Book(large), Outcome::kBalanceOverflow) << "the balance is in the store now";
  EXPECT_EQ(Book(back), Outcome::kAccepted);
  EXPECT_EQ(Book(large), Outcome::kAccepted);
  EXPECT_EQ(Book(large), Outcome::kBalanceOverflow) << "the balance is in store and window";
  Balance balance;
  ASSERT_OK(engine_->GetBalance({"acme", "G"}, &balance));
  EXPECT_EQ(balance.on_hand.ToString(), std::to_string(fits) + "000000000000");
  EXPECT_EQ(balance.value.ToString(), std::to_string(fits) + "000000000000000000000000");
  ASSERT_OK(engine_->Close());
  EXPECT_NE(directory_.SoundDigest(), "");
}

TEST_F(LimitsTest, AnEmptyBatchIsABatch) {
  ASSERT_OK(Send(Batch("acme", "empty")));
  EXPECT_EQ(result_.status, BatchStatus::kSuccess);
  ASSERT_OK(Send(Batch("acme", "empty")));
  EXPECT_TRUE(result_.resent);
  EXPECT_CODE(kConflict, SendNamed("acme", "empty"));
  ASSERT_OK(engine_->Flush());
  EXPECT_CODE(kConflict, SendNamed("acme", "empty"));
  BatchInfo info;
  ASSERT_OK(engine_->GetBatch("acme", "empty", &info));
  EXPECT_TRUE(info.finished);
  EXPECT_EQ(info.lines, 0u);
  std::vector<LineResult> lines;
  EXPECT_OK(engine_->GetLineResults("acme", "empty", &lines));
  EXPECT_TRUE(lines.empty());
  ASSERT_OK(engine_->Close());
  EXPECT_NE(directory_.SoundDigest(), "");
}

TEST_F(LimitsTest, AMillionLinesABatchAndNotOneMore) {
  Batch batch("acme", "million");
  const Line line{.code = "A",
                  .quantity = Decimal::FromUnits(1'000'000),
                  .unit_cost = Decimal::FromUnits(1'000'000)};
  for (size_t number = 0; number < limits::kBatchLinesMax; ++number) {
    batch.Add(line);
  }
  EXPECT_OK(Send(batch));
  EXPECT_EQ(result_.items_processed, limits::kBatchLinesMax);
  Batch more("acme", "more");
  for (size_t number = 0; number < limits::kBatchLinesMax + 1; ++number) {
    more.Add(line);
  }
  EXPECT_CODE(kInvalidArgument, Send(more));
  BatchInfo info;
  EXPECT_CODE(kNotFound, engine_->GetBatch("acme", "more", &info));
}

TEST_F(LimitsTest, SendingOldBatchesAgainTakesNoMemory) {
  const auto send_all = [&] {
    for (int number = 0; number < 300; ++number) {
      ASSERT_OK(SendNamed("acme", "b" + std::to_string(number)));
    }
  };
  send_all();
  engine_.reset();
  ASSERT_OK(Engine::Open(QuietOptions(), directory_.database(), &engine_));
  const uint64_t before = engine_->stats().batches;
  send_all();
  EXPECT_TRUE(result_.resent);
  std::unique_ptr<BatchWriter> writer;
  ASSERT_OK(engine_->NewBatchWriter({}, "acme", "b7", &writer));
  writer.reset();
  Batch refused("acme", "b1");
  refused.AddText({.code = "A", .quantity = "2", .unit_cost = "1"});
  EXPECT_CODE(kConflict, Send(refused));
  EXPECT_EQ(engine_->stats().batches, before);
}

TEST_F(LimitsTest, TheListOfFailedItemsIsBoundedAndTheCountsAreNot) {
  Batch batch("acme", "bad");
  for (size_t line = 0; line < limits::kFailedItemsInResultMax + 1; ++line) {
    batch.AddText({.code = "A", .quantity = "x", .unit_cost = "1"});
  }
  ASSERT_OK(Send(batch));
  EXPECT_EQ(result_.status, BatchStatus::kFailed);
  EXPECT_EQ(result_.failed_items.size(), limits::kFailedItemsInResultMax);
  EXPECT_EQ(result_.items_failed, limits::kFailedItemsInResultMax + 1);
  EXPECT_EQ(result_.lines.size(), limits::kFailedItemsInResultMax + 1);
}

TEST_F(LimitsTest, ACatalogueThatIsFullFailsOnlyLinesThatNeedANewItem) {
  engine_.reset();
  Options options = QuietOptions();
  options.items_max = 2;
  ASSERT_OK(Engine::Open(options, directory_.database(), &engine_));
  const auto book = [&](std::string_view code) {
    return Book({.code = code, .quantity = "1", .unit_cost = "1"});
  };
  EXPECT_EQ(book("A"), Outcome::kAccepted);
  EXPECT_EQ(book("B"), Outcome::kAccepted);
  EXPECT_EQ(book("C"), Outcome::kCatalogueFull);
  EXPECT_EQ(book("A"), Outcome::kAccepted);
  engine_.reset();
  ASSERT_OK(Engine::Open(options, directory_.database(), &engine_));
  EXPECT_EQ(book("C"), Outcome::kCatalogueFull) << "the items were counted anew";
  EXPECT_EQ(book("B"), Outcome::kAccepted);
}

}  // namespace
}  // namespace tallystone::testing
