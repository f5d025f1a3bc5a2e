// The cheap overview says the same as the full status, and where it cannot, it says so.
#include "tallystone/overview.h"

#include <atomic>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

Batch MakeBatch(const std::string& tenant, const std::string& id, uint64_t lines, uint64_t items,
                uint64_t bad = 0) {
  Batch batch(tenant, id);
  for (uint64_t line = 0; line < lines; ++line) {
    const std::string code = "C" + std::to_string(line % items);
    batch.AddText({.code = code, .quantity = line < bad ? "x" : "2", .unit_cost = "1"});
  }
  return batch;
}

class OverviewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(Engine::Open(QuietOptions(), directory_.database(), &engine_));
  }
  void Ingest(const Batch& batch) {
    BatchResult result;
    ASSERT_OK(engine_->Ingest({}, batch, &result));
  }
  DatabaseOverview Look(const OverviewOptions& options = {}) {
    DatabaseOverview overview;
    EXPECT_OK(Inspector::Open({}, directory_.database(), &inspector_));
    if (inspector_ != nullptr) {
      EXPECT_OK(inspector_->GetOverview(options, &overview));
    }
    return overview;
  }
  // Compares with the status that reads everything.
  void ExpectExact(const DatabaseOverview& overview) {
    DatabaseStatus status;
    ASSERT_OK(inspector_->GetStatus(nullptr, &status));
    EXPECT_EQ(overview.as_of_lsn, status.as_of_lsn);
    EXPECT_EQ(overview.applied_lsn, status.applied_lsn);
    EXPECT_EQ(overview.tail_lines, status.tail_lines);
    EXPECT_EQ(overview.tenants, status.tenants);
    const auto expect = [](const Count& count, uint64_t value, const char* what) {
      EXPECT_TRUE(count.exact) << what;
      EXPECT_EQ(count.value, value) << what;
    };
    expect(overview.items, status.items, "items");
    expect(overview.batches, status.batches, "batches");
    expect(overview.batches_unfinished, status.batches_unfinished, "unfinished");
    expect(overview.transactions, status.transactions, "transactions");
    expect(overview.dead_letters, status.dead_letters, "dead letters");
    for (int cause = 0; cause < kOutcomeCount; ++cause) {
      EXPECT_EQ(overview.dead_letters_by_cause[cause], status.dead_letters_by_cause[cause]);
    }
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Inspector> inspector_;
};

TEST_F(OverviewTest, AnEmptyDatabase) {
  const DatabaseOverview overview = Look();
  ExpectExact(overview);
  EXPECT_EQ(overview.tail_chunks, 0u);
  EXPECT_EQ(overview.tail_oldest_at_us, 0u);
  EXPECT_EQ(overview.oldest_dead_letter_cause, Outcome::kAccepted);
  EXPECT_EQ(overview.database_id.size(), 32u);
}

TEST_F(OverviewTest, CountsAreThoseOfTheFullReadInStoreAndTail) {
  // Numbers of items around powers of two: they are found by halving.
  const uint64_t kItems[] = {1, 2, 3, 15, 16, 17, 31, 33, 100, 257};
  uint64_t tenant = 0;
  for (const uint64_t items : kItems) {
    Ingest(MakeBatch("t" + std::to_string(tenant++), "b1", items + 5, items, 2));
  }
  ASSERT_OK(engine_->Flush());
  DatabaseOverview overview = Look();
  ExpectExact(overview);
  EXPECT_EQ(overview.tail_chunks, 0u);
  EXPECT_FALSE(overview.families.empty());

  Ingest(MakeBatch("t3", "b2", 1200, 300, 1));
  std::unique_ptr<BatchWriter> writer;
  ASSERT_OK(engine_->NewBatchWriter({}, "new", "b3", &writer));
  ASSERT_OK(writer->Add(MakeBatch("new", "b3", 40, 40), nullptr));
  ASSERT_OK(engine_->Sync());
  overview = Look();
  ExpectExact(overview);
  EXPECT_EQ(overview.tail_chunks, 4u);
  EXPECT_EQ(overview.tail_lines, 1240u);
  EXPECT_EQ(overview.batches_unfinished.value, 1u);
  EXPECT_GT(overview.tail_bytes, 0u);
  EXPECT_GT(overview.tail_oldest_at_us, 0u);
  EXPECT_LE(overview.tail_oldest_at_us, overview.read_at_us);
}

TEST_F(OverviewTest, LinesSinceAreCountedAcrossStoreAndTail) {
  Ingest(MakeBatch("acme", "b1", 1000, 5));
  const uint64_t lsn = Look().as_of_lsn;
  Ingest(MakeBatch("acme", "b2", 700, 5));
  ASSERT_OK(engine_->Flush());
  Ingest(MakeBatch("acme", "b3", 30, 5));
  EXPECT_EQ(Look({.since_lsn = lsn}).lines_since, 730u);
  EXPECT_EQ(Look({.since_lsn = 0}).lines_since, 1730u);
  EXPECT_EQ(Look().lines_since, 0u);
  EXPECT_EQ(Look({.since_lsn = lsn + 1000}).lines_since, 0u);
}

TEST_F(OverviewTest, WhatIsTooMuchToCountIsEstimatedAndSaysSo) {
  constexpr uint64_t kBatches = 3000;
  for (uint64_t number = 0; number < kBatches / 500; ++number) {
    std::vector<std::unique_ptr<BatchWriter>> writers;
    for (uint64_t batch = 0; batch < 500; ++batch) {
      const std::string id = "batch/" + std::to_string(number * 500 + batch);
      std::unique_ptr<BatchWriter> writer;
      ASSERT_OK(engine_->NewBatchWriter({}, "acme", id, &writer));
      ASSERT_OK(writer->Add(MakeBatch("acme", id, 2, 2, 1), nullptr));
      ASSERT_OK(writer->FinishNoWait(nullptr));
    }
  }
  ASSERT_OK(engine_->Flush());
  ExpectExact(Look());
  const DatabaseOverview overview = Look({.records_max = 1000});
  EXPECT_FALSE(overview.batches.exact);
  EXPECT_FALSE(overview.batches_unfinished.exact);
  EXPECT_FALSE(overview.transactions.exact);
  EXPECT_FALSE(overview.dead_letters.exact);
  EXPECT_TRUE(overview.items.exact);
  for (const Count& count : {overview.batches, overview.transactions, overview.dead_letters}) {
    EXPECT_GE(count.value, 1000u);
    EXPECT_LE(count.value, 4 * kBatches);
  }
  EXPECT_TRUE(Look({.records_max = kBatches}).batches.exact) << "exactly as many as are looked at";
}

TEST_F(OverviewTest, TheOldestDeadLetterIsNamedUntilItIsResolved) {
  Ingest(MakeBatch("zeta", "first", 3, 2, 1));
  Ingest(MakeBatch("acme", "second", 3, 2, 2));
  ASSERT_OK(engine_->Flush());
  DatabaseOverview overview = Look();
  EXPECT_EQ(overview.oldest_dead_letter.tenant, "zeta");
  EXPECT_EQ(overview.oldest_dead_letter.batch, "first");
  EXPECT_EQ(overview.oldest_dead_letter.line, 1u);
  EXPECT_EQ(overview.oldest_dead_letter_cause, Outcome::kBadQuantity);
  ASSERT_OK(engine_->DropDeadLetter({"zeta", "first", 1}));
  overview = Look();
  EXPECT_EQ(overview.oldest_dead_letter.tenant, "acme");
  EXPECT_EQ(overview.dead_letters.value, 2u);
}

TEST_F(OverviewTest, AnInterruptedKeyReplayIsSeen) {
  engine_.reset();
  EngineDirectory directory;
  directory.PrepareStores([](FaultStore* store) {
    store->RefuseKey({1, 3});
    store->AimFaultsAt(FaultStore::Target::kKeys);
  });
  std::unique_ptr<Engine> engine;
  FaultStore* faults = nullptr;
  ASSERT_OK(directory.Open(QuietOptions(), &engine, &faults));
  std::atomic<bool> failing = false;
  faults->OnBeforeKey([&](uint64_t step, const StockKey*) {
    if (step == 5 && !failing.exchange(true)) {
      faults->FailWrites(1'000'000, Status::IoError("gone"));
      faults->FailRecover(1'000'000, Status::IoError("gone"));
    }
  });
  BatchResult result;
  ASSERT_OK(engine->Ingest({}, MakeBatch("acme", "b1", 100, 10), &result));
  EXPECT_CODE(kIoError, engine->Flush());
  std::unique_ptr<Inspector> inspector;
  ASSERT_OK(Inspector::Open({}, directory.database(), &inspector));
  DatabaseOverview overview;
  ASSERT_OK(inspector->GetOverview({}, &overview));
  EXPECT_TRUE(overview.replay_unfinished);
  EXPECT_EQ(overview.replay_keys_done, 4u);  // of the third the refusal was a step of its own
  EXPECT_EQ(overview.tail_lines, 100u);
}

TEST_F(OverviewTest, TheOverviewOfNothing) {
  DatabaseOverview overview;
  EXPECT_OK(Inspector::OpenEmpty({})->GetOverview({}, &overview));
  EXPECT_EQ(overview.as_of_lsn, 0u);
}

}  // namespace
}  // namespace tallystone::testing
