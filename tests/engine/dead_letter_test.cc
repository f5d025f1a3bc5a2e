// Lines that fail, late, twice or in bulk (laws L2, L5, L7, L11; DESIGN 4.6).
#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"
#include "tallystone/limits.h"

namespace tallystone::testing {
namespace {

constexpr StockKey kPoison{1, 1};  // the first item of the first tenant

class DeadLetterTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    engine_.reset();
    ASSERT_OK(directory_.Open(QuietOptions(), &engine_, &faults_));
  }
  void CloseSound() {
    ASSERT_OK(engine_->Close());
    EXPECT_NE(directory_.SoundDigest(), "");
  }
  static void AddLine(Batch* batch, const std::string& code, std::string_view quantity = "1") {
    batch->AddText({.code = code, .quantity = quantity, .unit_cost = "1"});
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
  FaultStore* faults_ = nullptr;
  BatchResult result_;
};

TEST_F(DeadLetterTest, ARetryThatTheStoreRefusesInTheWindowOfItsFailureCountsBothAttempts) {
  Batch batch("acme", "b");
  AddLine(&batch, "POISON", "six");
  AddLine(&batch, "GOOD");
  ASSERT_OK(engine_->Ingest({}, batch, &result_));
  const TextLine mended{.code = "POISON", .quantity = "6", .unit_cost = "1"};
  LineResult line;
  faults_->RefuseKey({1, 2});  // GOOD is item 1; the retry makes item 2
  ASSERT_OK(
      engine_->RetryDeadLetter({.level = Durability::kApplied}, {"acme", "b", 1}, &mended, &line));
  EXPECT_EQ(line.outcome, Outcome::kStoreRejected);
  DeadLetter letter;
  ASSERT_OK(engine_->GetDeadLetter({"acme", "b", 1}, &letter));
  EXPECT_EQ(letter.cause, Outcome::kStoreRejected);
  EXPECT_EQ(letter.attempts, 2u);
  EXPECT_EQ(letter.quantity, "6");
  BatchInfo info;
  ASSERT_OK(engine_->GetBatch("acme", "b", &info));
  EXPECT_EQ(info.items_processed, 1u);
  EXPECT_EQ(info.items_failed, 1u);
  Balance balance;
  EXPECT_CODE(kNotFound, engine_->GetBalance({"acme", "POISON"}, &balance));
  CloseSound();
}

TEST_F(DeadLetterTest, AResendSaysWhatTheStoreRefusedThoughNobodyAsksForLines) {
  faults_->RefuseKey(kPoison);
  Batch first("acme", "b");
  AddLine(&first, "POISON");
  AddLine(&first, "GOOD");
  std::unique_ptr<BatchWriter> writer;
  ASSERT_OK(engine_->NewBatchWriter({}, "acme", "b", &writer));
  ASSERT_OK(writer->Add(first, nullptr));
  ASSERT_OK(engine_->Flush());  // goes key by key, while the writer goes on
  ASSERT_OK(writer->Finish(&result_));
  for (const bool flushed : {false, true}) {
    ASSERT_OK(engine_->Ingest({.line_results = false}, first, &result_));
    EXPECT_TRUE(result_.resent);
    EXPECT_EQ(result_.items_processed, 1u) << flushed;
    EXPECT_EQ(result_.items_failed, 1u) << flushed;
    ASSERT_OK(engine_->Flush());
  }
  CloseSound();
}

// The check of a balance reads the store. If that fails, the chunk is not logged, and the items it
// made must not be known to the mapper either: their numbers would be missing in the log.
TEST_F(DeadLetterTest, ABatchThatCannotBeCheckedLeavesNoItemsBehind) {
  faults_->FailReads(Status::IoError("unreadable"));
  Batch large("acme", "large");
  AddLine(&large, "NEW");
  large.AddText({.code = "LARGE", .quantity = "1000000000000", .unit_cost = "1000000000000"});
  EXPECT_CODE(kIoError, engine_->Ingest({}, large, &result_));
  faults_->StopFailing();
  Batch next("acme", "next");
  AddLine(&next, "OTHER");
  ASSERT_OK(engine_->Ingest({}, next, &result_));
  EXPECT_EQ(result_.lines[0].item, 1u);
  ASSERT_OK(engine_->Ingest({}, large, &result_));
  EXPECT_EQ(result_.items_processed, 2u);
  EXPECT_FALSE(result_.continued);
  ASSERT_OK(engine_->Close());
  ASSERT_NO_FATAL_FAILURE(Open());
  Balance balance;
  EXPECT_OK(engine_->GetBalance({"acme", "NEW"}, &balance));
  CloseSound();
}

// 500 lines with ten fields of 16 KiB each are more than one record of the log takes.
TEST_F(DeadLetterTest, LinesWhoseTextsExceedARecordAreKeptWholeInSmallerChunks) {
  constexpr uint64_t kLines = 500;
  const std::string text(limits::kFailedFieldBytesMax, 'x');
  Batch batch("acme", "b");
  AddLine(&batch, "A");
  for (uint64_t line = 1; line < kLines; ++line) {
    batch.AddText({.code = text,
                   .description = text,
                   .quantity = "1",
                   .unit_cost = "1",
                   .vendor = text,
                   .gtin = text,
                   .unit = text,
                   .document = text,
                   .time = text,
                   .line_id = text});
  }
  ASSERT_OK(engine_->Ingest({}, batch, &result_));
  EXPECT_EQ(result_.items_failed, kLines - 1);
  ASSERT_OK(engine_->Flush());
  DeadLetter letter;
  ASSERT_OK(engine_->GetDeadLetter({"acme", "b", kLines}, &letter));
  EXPECT_EQ(letter.cause, Outcome::kFieldTooLong);
  EXPECT_EQ(letter.time, text);
  ASSERT_OK(engine_->Ingest({}, batch, &result_));
  EXPECT_TRUE(result_.resent);
  CloseSound();
}

}  // namespace
}  // namespace tallystone::testing
