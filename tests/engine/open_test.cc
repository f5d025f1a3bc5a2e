// Opening, closing, and files that do not belong together (laws L7, L10).
#include <filesystem>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "ingest/database_directory.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

Batch OneLine(const std::string& id, std::string_view code = "A") {
  Batch batch("acme", id);
  batch.Add({.code = code,
             .quantity = Decimal::FromUnits(1'000'000),
             .unit_cost = Decimal::FromUnits(2'000'000)});
  return batch;
}

class OpenTest : public ::testing::Test {
 protected:
  Status Open(const EngineDirectory& directory, const Options& options = QuietOptions()) {
    engine_.reset();
    return Engine::Open(options, directory.database(), &engine_);
  }
  // A database with one booked batch, closed.
  void Fill(const EngineDirectory& directory) {
    ASSERT_OK(Open(directory));
    BatchResult result;
    ASSERT_OK(engine_->Ingest({}, OneLine("b1"), &result));
    ASSERT_OK(engine_->Close());
    engine_.reset();
  }
  void ExpectRefused(const Options& options, const std::string& name) {
    EngineDirectory directory;
    const Status status = Open(directory, options);
    EXPECT_CODE(kInvalidArgument, status);
    EXPECT_NE(status.message().find(name), std::string::npos) << status.message();
    EXPECT_FALSE(std::filesystem::exists(directory.database()));
  }
  void ExpectTaken(const Options& options) {
    EngineDirectory directory;
    EXPECT_OK(Open(directory, options));
    engine_.reset();
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(OpenTest, OptionsBeyondTheirRangeAreRefusedByName) {
  Options options;
  options.items_max = 0;
  ExpectRefused(options, "items_max");
  options.items_max = 4'000'000'001;
  ExpectRefused(options, "items_max");
  options = {};
  options.window_lines_max = 499;
  ExpectRefused(options, "window_lines_max");
  options.window_lines_max = 4'194'305;
  ExpectRefused(options, "window_lines_max");
  options = {};
  options.log_segment_bytes = (64u << 10) - 4096;
  ExpectRefused(options, "log_segment_bytes");
  options.log_segment_bytes = (64u << 10) + 1;
  ExpectRefused(options, "log_segment_bytes");
  options.log_segment_bytes = (1u << 30) + 4096;
  ExpectRefused(options, "log_segment_bytes");
  options = {};
  options.store_retries_max = 101;
  ExpectRefused(options, "store_retries_max");
}

TEST_F(OpenTest, OptionsAtTheirLimitsAreTaken) {
  Options options;
  options.items_max = 1;
  options.window_lines_max = 500;
  options.log_segment_bytes = 64u << 10;
  options.store_retries_max = 0;
  ExpectTaken(options);
  options.items_max = 4'000'000'000;
  options.window_lines_max = 4'194'304;
  options.store_retries_max = 100;
  ExpectTaken(options);
}

TEST_F(OpenTest, ASecondOpenIsRefusedUntilTheFirstIsClosed) {
  ASSERT_OK(Open(directory_));
  std::unique_ptr<Engine> second;
  EXPECT_CODE(kBusy, Engine::Open({}, directory_.database(), &second));
  EXPECT_EQ(second, nullptr);
  ASSERT_OK(engine_->Close());
  EXPECT_OK(Engine::Open({}, directory_.database(), &second));
}

TEST_F(OpenTest, NothingIsCreatedWhereNothingIsAskedFor) {
  Options options = QuietOptions();
  options.create_if_missing = false;
  EXPECT_CODE(kNotFound, Open(directory_, options));
  EXPECT_EQ(engine_, nullptr);
  std::unique_ptr<Inspector> inspector;
  EXPECT_CODE(kNotFound, Inspector::Open({}, directory_.database(), &inspector));
  EXPECT_FALSE(std::filesystem::exists(directory_.database()));
}

TEST_F(OpenTest, EveryCallAfterCloseIsUnavailable) {
  ASSERT_OK(Open(directory_));
  std::unique_ptr<BatchWriter> writer;
  ASSERT_OK(engine_->NewBatchWriter({}, "acme", "unfinished", &writer));
  ASSERT_OK(writer->Add(OneLine(""), nullptr));
  std::unique_ptr<BatchWriter> other;
  ASSERT_OK(engine_->NewBatchWriter({}, "acme", "other", &other));
  ASSERT_OK(engine_->Close());
  EXPECT_OK(engine_->Close());
  EXPECT_CODE(kUnavailable, writer->Add(OneLine(""), nullptr));
  BatchResult result;
  EXPECT_CODE(kUnavailable, other->Finish(&result));
  EXPECT_CODE(kUnavailable, engine_->Ingest({}, OneLine("b1"), &result));
  EXPECT_CODE(kUnavailable, engine_->NewBatchWriter({}, "acme", "b", &other));
  EXPECT_CODE(kUnavailable, engine_->Sync());
  EXPECT_CODE(kUnavailable, engine_->Flush());
  Balance balance;
  EXPECT_CODE(kUnavailable, engine_->GetBalance({"acme", "A"}, &balance));
  ItemInfo item;
  EXPECT_CODE(kUnavailable, engine_->GetItem({"acme", "A"}, &item));
  BatchInfo batch;
  EXPECT_CODE(kUnavailable, engine_->GetBatch("acme", "b1", &batch));
  DeadLetter letter;
  EXPECT_CODE(kUnavailable, engine_->GetDeadLetter({"acme", "b1", 1}, &letter));
  std::unique_ptr<Cursor<Balance>> balances;
  EXPECT_CODE(kUnavailable, engine_->NewBalanceCursor({}, &balances));
  std::unique_ptr<Cursor<Transaction>> transactions;
  EXPECT_CODE(kUnavailable, engine_->NewTransactionCursor({}, &transactions));
  std::vector<LineResult> lines;
  EXPECT_CODE(kUnavailable, engine_->GetLineResults("acme", "b1", &lines));
  LineResult line;
  EXPECT_CODE(kUnavailable, engine_->RetryDeadLetter({}, {"acme", "b1", 1}, nullptr, &line));
  EXPECT_CODE(kUnavailable, engine_->DropDeadLetter({"acme", "b1", 1}));
  EXPECT_EQ(engine_->stats().logged_lsn, 0u);
}

TEST_F(OpenTest, AnEmptyStoreBesideALogIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Fill(directory_));
  std::filesystem::remove_all(StorePath(directory_.database()));
  EXPECT_CODE(kCorruption, Open(directory_));
  EXPECT_CODE(kCorruption, Open(directory_));  // the first attempt must not have mended it
}

TEST_F(OpenTest, AStoreWhoseLogIsGoneIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Fill(directory_));
  std::filesystem::remove_all(LogPath(directory_.database()));
  EXPECT_CODE(kCorruption, Open(directory_));
  EXPECT_CODE(kCorruption, Open(directory_));  // the first attempt must not have mended it
}

TEST_F(OpenTest, TheLogOfAnotherDatabaseIsRefused) {
  EngineDirectory other;
  ASSERT_NO_FATAL_FAILURE(Fill(directory_));
  ASSERT_NO_FATAL_FAILURE(Fill(other));
  const std::string aside = other.database() + "/aside";
  std::filesystem::rename(LogPath(directory_.database()), aside);
  std::filesystem::rename(LogPath(other.database()), LogPath(directory_.database()));
  EXPECT_CODE(kFormatMismatch, Open(directory_));
  std::filesystem::remove_all(LogPath(directory_.database()));
  std::filesystem::rename(aside, LogPath(directory_.database()));
  EXPECT_OK(Open(directory_));
}

TEST_F(OpenTest, AnInspectorOfALiveDatabaseSaysWhatTheEngineSays) {
  ASSERT_OK(Open(directory_));
  BatchResult result;
  ASSERT_OK(engine_->Ingest({.level = Durability::kApplied}, OneLine("stored"), &result));
  ASSERT_OK(engine_->Ingest({}, OneLine("logged"), &result));
  Batch bad("acme", "bad");
  bad.AddText({.code = "A", .quantity = "x", .unit_cost = "1"});
  ASSERT_OK(engine_->Ingest({}, bad, &result));
  std::unique_ptr<Inspector> inspector;
  ASSERT_OK(Inspector::Open({}, directory_.database(), &inspector));
  EXPECT_EQ(inspector->as_of_lsn(), engine_->stats().logged_lsn);
  Balance seen;
  Balance expected;
  ASSERT_OK(inspector->GetBalance({"acme", "A"}, &seen));
  ASSERT_OK(engine_->GetBalance({"acme", "A"}, &expected));
  EXPECT_EQ(seen.on_hand, expected.on_hand);
  EXPECT_EQ(seen.value, expected.value);
  EXPECT_EQ(seen.lines, 2u);
  EXPECT_EQ(seen.last_lsn, expected.last_lsn);
  DeadLetter letter;
  EXPECT_OK(inspector->GetDeadLetter({"acme", "bad", 1}, &letter));
  DatabaseStatus status;
  ASSERT_OK(inspector->GetStatus(nullptr, &status));
  EXPECT_EQ(status.applied_lsn, engine_->stats().applied_lsn);
  EXPECT_EQ(status.tail_lines, 2u);
  EXPECT_EQ(status.transactions, 2u);
  EXPECT_EQ(status.batches, 3u);
  EXPECT_EQ(status.dead_letters, 1u);
  // Writing went on meanwhile: looking took no lock and the engine's state is its own.
  ASSERT_OK(engine_->Ingest({}, OneLine("after"), &result));
  EXPECT_CODE(kNotFound, [&] {
    BatchInfo info;
    return inspector->GetBatch("acme", "after", &info);
  }());
  inspector.reset();
  ASSERT_OK(engine_->Close());
  EXPECT_NE(directory_.SoundDigest(), "");
}

}  // namespace
}  // namespace tallystone::testing
