// The figures say what happened, no more and no less, and reading them disturbs nobody.
#include "tallystone/metrics.h"

#include <atomic>
#include <numeric>
#include <thread>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

constexpr uint64_t kItems = 10;

// `lines` lines on kItems items, the first `bad` of them without a quantity.
Batch MakeBatch(const std::string& id, uint64_t lines, uint64_t bad = 0) {
  Batch batch("acme", id);
  for (uint64_t line = 0; line < lines; ++line) {
    const std::string code = "C" + std::to_string(line % kItems);
    batch.AddText({.code = code, .quantity = line < bad ? "x" : "2", .unit_cost = "1.5"});
  }
  return batch;
}

uint64_t LinesOf(const MetricsSnapshot& metrics, Outcome outcome) {
  return metrics.lines[static_cast<size_t>(outcome)];
}

uint64_t AllLines(const MetricsSnapshot& metrics) {
  return std::accumulate(std::begin(metrics.lines), std::end(metrics.lines), uint64_t{0});
}

class MetricsTest : public ::testing::Test {
 protected:
  void Open(const Options& options = QuietOptions()) {
    ASSERT_OK(directory_.Open(options, &engine_, &faults_));
  }
  void Ingest(const Batch& batch) {
    BatchResult result;
    ASSERT_OK(engine_->Ingest({}, batch, &result));
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
  FaultStore* faults_ = nullptr;
};

TEST_F(MetricsTest, LinesAreCountedOnceByOutcomeAndByRule) {
  Open();
  Ingest(MakeBatch("b1", 1200, 3));
  const MetricsSnapshot metrics = engine_->metrics();
  EXPECT_EQ(LinesOf(metrics, Outcome::kAccepted), 1197u);
  EXPECT_EQ(LinesOf(metrics, Outcome::kBadQuantity), 3u);
  EXPECT_EQ(AllLines(metrics), 1200u);
  EXPECT_EQ(metrics.decided_by[static_cast<size_t>(DecidedBy::kCreated)], kItems);
  EXPECT_EQ(metrics.decided_by[static_cast<size_t>(DecidedBy::kCode)], 1197 - kItems);
  EXPECT_EQ(metrics.chunks, 3u);
  EXPECT_EQ(metrics.dead_letters_booked, 3u);
  EXPECT_EQ(metrics.ingest_micros.count, 1u);
  EXPECT_EQ(metrics.log_sync_records.sum, 3u);
  EXPECT_EQ(metrics.log_sync_micros.count, metrics.log_sync_records.count);
  EXPECT_GT(metrics.log_bytes_written, 0u);
  EXPECT_EQ(metrics.logged_lsn, 3u);
  EXPECT_EQ(metrics.window_lines, 1200u);
  EXPECT_EQ(metrics.items, kItems);
}

TEST_F(MetricsTest, ABatchIsNewContinuedResentOrRefused) {
  Open();
  Ingest(MakeBatch("b1", 100));
  Ingest(MakeBatch("b1", 100));
  BatchResult result;
  EXPECT_CODE(kConflict, engine_->Ingest({}, MakeBatch("b1", 99), &result));
  EXPECT_CODE(kRejected, engine_->Ingest({.bad_lines = BadLinePolicy::kRejectBatch},
                                         MakeBatch("b2", 10, 1), &result));
  {
    std::unique_ptr<BatchWriter> writer;
    ASSERT_OK(engine_->NewBatchWriter({}, "acme", "b3", &writer));
    ASSERT_OK(writer->Add(MakeBatch("b3", 60), nullptr));
  }
  std::unique_ptr<BatchWriter> writer;
  ASSERT_OK(engine_->NewBatchWriter({}, "acme", "b3", &writer));
  ASSERT_OK(writer->Add(MakeBatch("b3", 60), nullptr));
  ASSERT_OK(writer->Finish(&result));

  const MetricsSnapshot metrics = engine_->metrics();
  EXPECT_EQ(metrics.batches_new, 1u);
  EXPECT_EQ(metrics.batches_resent, 1u);
  EXPECT_EQ(metrics.batches_refused, 2u);
  EXPECT_EQ(metrics.batches_continued, 1u);
  EXPECT_EQ(AllLines(metrics), 160u) << "what was refused or sent again is not counted";
}

TEST_F(MetricsTest, DeadLettersAreCountedAsTheyComeAndGo) {
  Open();
  Ingest(MakeBatch("b1", 10, 3));
  LineResult line;
  TextLine mended{.code = "C0", .quantity = "1", .unit_cost = "1"};
  ASSERT_OK(engine_->RetryDeadLetter({}, {"acme", "b1", 1}, &mended, &line));
  ASSERT_OK(engine_->RetryDeadLetter({}, {"acme", "b1", 2}, nullptr, &line));
  ASSERT_OK(engine_->DropDeadLetter({"acme", "b1", 3}));
  const MetricsSnapshot metrics = engine_->metrics();
  EXPECT_EQ(metrics.dead_letters_booked, 3u);
  EXPECT_EQ(metrics.dead_letters_retried, 1u);
  EXPECT_EQ(metrics.dead_letters_failed_again, 1u);
  EXPECT_EQ(metrics.dead_letters_dropped, 1u);
}

TEST_F(MetricsTest, WindowsKeysAndRefusalsOfTheStore) {
  directory_.PrepareStores([](FaultStore* store) { store->RefuseKey({1, 3}); });
  Open();
  Ingest(MakeBatch("b1", 100));
  ASSERT_OK(engine_->Flush());
  MetricsSnapshot metrics = engine_->metrics();
  EXPECT_EQ(metrics.windows_refused, 1u);
  EXPECT_EQ(metrics.keys_replayed, kItems);
  EXPECT_EQ(metrics.keys_rejected, 1u);
  EXPECT_EQ(metrics.lines_store_rejected, 10u);
  EXPECT_EQ(metrics.dead_letters_booked, 10u);
  EXPECT_EQ(metrics.drain_micros.count, 1u);
  EXPECT_EQ(metrics.drained_lines.sum, 90u);
  EXPECT_EQ(metrics.drained_keys.sum, kItems);
  EXPECT_EQ(metrics.applied_lsn, metrics.logged_lsn);
  EXPECT_EQ(metrics.store_retries, 0u);

  faults_->AllowAllKeys();
  faults_->FailWrites(2, Status::TryAgain("busy"));
  Ingest(MakeBatch("b2", 100));
  ASSERT_OK(engine_->Flush());
  metrics = engine_->metrics();
  EXPECT_EQ(metrics.store_retries, 2u);
  EXPECT_EQ(metrics.windows_refused, 1u);
  EXPECT_EQ(metrics.drain_micros.count, 2u);
}

TEST_F(MetricsTest, AFullWindowStallsItsWritersAndAStoreThatFailsIsSeen) {
  Options options = QuietOptions();
  options.window_lines_max = 500;
  Open(options);
  EXPECT_EQ(engine_->metrics().stall_micros.count, 0u);
  faults_->FailWrites(1'000'000, Status::NoSpace("no space left on device"));
  faults_->FailRecover(1'000'000, Status::NoSpace("no space left on device"));
  Status status;
  for (int number = 0; number < 20 && status.ok(); ++number) {
    BatchResult result;
    status = engine_->Ingest({}, MakeBatch("b" + std::to_string(number), 500), &result);
  }
  EXPECT_CODE(kUnavailable, status);
  MetricsSnapshot metrics = engine_->metrics();
  EXPECT_GE(metrics.stall_micros.count, 1u);
  EXPECT_GE(metrics.store_failures, 1u);
  EXPECT_TRUE(metrics.store_unavailable);
  EXPECT_GE(metrics.window_lines, metrics.window_lines_max);
  EXPECT_EQ(metrics.drain_micros.count, 0u);
  faults_->StopFailing();
  for (int wait = 0; wait < 600 && !engine_->Flush().ok(); ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  metrics = engine_->metrics();
  EXPECT_FALSE(metrics.store_unavailable);
  EXPECT_GE(metrics.drain_micros.count, 1u);
}

// Asks for the figures from each event, also while Close holds everything.
class Watcher : public Listener {
 public:
  void OnRecovered(const RecoveryEvent& event) override { recovered.push_back(event); }
  void OnDrained(const DrainEvent& event) override {
    drained.push_back(event);
    if (engine != nullptr) {
      seen = engine->metrics();
      (void)engine->stats();
    }
  }
  std::vector<RecoveryEvent> recovered;
  std::vector<DrainEvent> drained;
  const Engine* engine = nullptr;
  MetricsSnapshot seen;
};

TEST_F(MetricsTest, RecoveryIsToldAndTheLastFiguresOutliveClose) {
  Watcher watcher;
  Options options = QuietOptions();
  options.listener = &watcher;
  Open(options);
  ASSERT_EQ(watcher.recovered.size(), 1u);
  EXPECT_EQ(watcher.recovered[0].chunks, 0u);
  Ingest(MakeBatch("b1", 700));
  const std::string copy = directory_.database() + ".copy";
  std::filesystem::copy(directory_.database(), copy, std::filesystem::copy_options::recursive);

  watcher.engine = engine_.get();
  ASSERT_OK(engine_->Close());
  watcher.engine = nullptr;
  EXPECT_EQ(watcher.seen.drained_lines.sum, 700u) << "the event comes when it is counted";
  EXPECT_EQ(engine_->metrics().applied_lsn, 2u);
  EXPECT_EQ(AllLines(engine_->metrics()), 700u);
  EXPECT_EQ(engine_->stats().lines_logged, 0u);
  engine_.reset();

  // As after a crash: the log has what the store has not.
  watcher = {};
  ASSERT_OK(Engine::Open(options, copy, &engine_));
  ASSERT_EQ(watcher.recovered.size(), 1u);
  EXPECT_EQ(watcher.recovered[0].applied_lsn, 0u);
  EXPECT_EQ(watcher.recovered[0].last_lsn, 2u);
  EXPECT_EQ(watcher.recovered[0].chunks, 2u);
  EXPECT_EQ(watcher.recovered[0].lines, 700u);
  EXPECT_FALSE(watcher.recovered[0].replay_continued);
  const MetricsSnapshot metrics = engine_->metrics();
  EXPECT_EQ(metrics.recovered_chunks, 2u);
  EXPECT_EQ(metrics.recovered_lines, 700u);
  EXPECT_GT(metrics.recovery_micros, 0u);
  EXPECT_EQ(metrics.recovery_micros, watcher.recovered[0].micros);
  EXPECT_EQ(metrics.logged_lsn, 2u);
  EXPECT_EQ(AllLines(metrics), 0u) << "what was logged before is not counted again";
}

TEST_F(MetricsTest, StatsAreTheSameFigures) {
  Open();
  Ingest(MakeBatch("b1", 1200, 3));
  ASSERT_OK(engine_->Flush());
  const MetricsSnapshot metrics = engine_->metrics();
  const EngineStats stats = engine_->stats();
  EXPECT_EQ(stats.lines_logged, AllLines(metrics));
  EXPECT_EQ(stats.log_syncs, metrics.log_sync_micros.count);
  EXPECT_EQ(stats.windows_drained, metrics.drain_micros.count);
  EXPECT_EQ(stats.logged_lsn, metrics.logged_lsn);
  EXPECT_EQ(stats.applied_lsn, metrics.applied_lsn);
  EXPECT_EQ(stats.log_first_lsn, 1u);
}

TEST_F(MetricsTest, SnapshotsWhileManyThreadsWrite) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kBatches = 12;
  Options options = QuietOptions();
  options.window_lines_max = 500;
  Open(options);
  std::atomic<bool> done = false;
  std::thread reader([&] {
    uint64_t lines = 0;
    uint64_t chunks = 0;
    uint64_t applied = 0;
    while (!done) {
      const MetricsSnapshot metrics = engine_->metrics();
      EXPECT_GE(AllLines(metrics), lines);
      EXPECT_GE(metrics.chunks, chunks);
      EXPECT_GE(metrics.applied_lsn, applied);
      lines = AllLines(metrics);
      chunks = metrics.chunks;
      applied = metrics.applied_lsn;
      EXPECT_FALSE(PrometheusText(metrics).empty());
    }
  });
  std::vector<std::thread> writers;
  for (uint64_t thread = 0; thread < kThreads; ++thread) {
    writers.emplace_back([&, thread] {
      for (uint64_t number = 0; number < kBatches; ++number) {
        Batch batch("t" + std::to_string(thread), "b" + std::to_string(number));
        for (int line = 0; line < 60; ++line) {
          batch.AddText({.code = "A", .quantity = line == 7 ? "x" : "1", .unit_cost = "1"});
        }
        BatchResult result;
        EXPECT_OK(engine_->Ingest({}, batch, &result));
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  ASSERT_OK(engine_->Flush());
  done = true;
  reader.join();
  const MetricsSnapshot metrics = engine_->metrics();
  EXPECT_EQ(AllLines(metrics), kThreads * kBatches * 60);
  EXPECT_EQ(LinesOf(metrics, Outcome::kBadQuantity), kThreads * kBatches);
  EXPECT_EQ(metrics.drained_lines.sum, kThreads * kBatches * 59);
  EXPECT_EQ(metrics.log_sync_records.sum, kThreads * kBatches);
  EXPECT_EQ(metrics.ingest_micros.count, kThreads * kBatches);
}

}  // namespace
}  // namespace tallystone::testing
