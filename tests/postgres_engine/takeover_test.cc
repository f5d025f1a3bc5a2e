// Two engines for one database, and a server that is replaced by its standby in the middle of an
// import.
//
//   TALLYSTONE_SEED=7 TALLYSTONE_PG_RACES=100 postgres_engine_tests --gtest_filter='*TakeOver*'
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "engine_support/ingest_child.h"
#include "postgres_engine/servers_fixture.h"

namespace tallystone::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

Options SmallWindows() {
  Options options;
  options.window_lines_max = 1000;
  options.window_age_ms_max = 5;
  options.log_segment_bytes = 64u << 10;
  options.store_retry_delay_ms = 2;
  return options;
}

// `number` decides all that is in it.
Batch SomeLines(const std::string& id, uint64_t number) {
  test::RandomSource random(number);
  Batch batch("tenant" + std::to_string(random.Below(5)), id + std::to_string(number));
  const uint64_t lines = 1 + random.Below(60);
  for (uint64_t line = 0; line < lines; ++line) {
    // Each engine makes items of its own: a chunk that is taken for another's is seen.
    const std::string code =
        (random.OneIn(3) ? id : std::string("C")) + std::to_string(random.Below(30));
    batch.Add({.code = code,
               .quantity = Decimal::FromUnits(static_cast<int64_t>(random.Below(9'000'000))),
               .unit_cost = Decimal::FromUnits(2'500'000)});
  }
  return batch;
}

class TakeOverTest : public PostgresEngineTest {
 protected:
  // The directory as a standby has it: copied while it is written.
  static bool CopyDirectory(const EngineDirectory& from, const EngineDirectory& to) {
    std::error_code error;
    std::filesystem::copy(from.database(), to.database(), std::filesystem::copy_options::recursive,
                          error);
    return !error;
  }
  static void ExpectWhole(Engine* engine, const std::string& id,
                          const std::set<uint64_t>& numbers) {
    for (const uint64_t number : numbers) {
      const Batch batch = SomeLines(id, number);
      BatchInfo info;
      ASSERT_OK(engine->GetBatch(batch.tenant(), batch.id(), &info));
      EXPECT_TRUE(info.finished) << batch.id();
      EXPECT_EQ(info.items_processed, batch.size()) << batch.id();
    }
  }
  void Race(test::RandomSource* random);

  uint64_t copies_ = 0, lines_ = 0, lost_by_the_fenced_ = 0;
};

void TakeOverTest::Race(test::RandomSource* random) {
  for (const auto& database : databases_) {
    ASSERT_OK(database->Empty());
  }
  const EngineDirectory first;
  std::unique_ptr<Engine> fenced;
  ASSERT_OK(OpenEngine(SmallWindows(), first.database(), databases_, &fenced));
  std::set<uint64_t> logged, applied;  // of the first engine
  const bool mostly_applied = random->OneIn(2);
  std::atomic<uint64_t> sent = 0;
  std::atomic<bool> over = false;
  std::atomic<bool> ended = false;
  Status end;
  std::thread import([&] {
    for (uint64_t number = 0; !over; sent = ++number) {
      const bool wait = mostly_applied || number % 5 == 0;
      BatchResult result;
      end = fenced->Ingest({.level = wait ? Durability::kApplied : Durability::kLogged},
                           SomeLines("a", number), &result);
      if (!end.ok()) {
        ended = true;
        return;
      }
      (wait ? applied : logged).insert(number);
    }
  });
  std::this_thread::sleep_for(milliseconds(random->Below(200)));
  // A log that was copied too early is refused; but from the second attempt on the store stands
  // still.
  std::unique_ptr<Engine> survivor;
  std::unique_ptr<EngineDirectory> second;
  Status status;
  for (int attempt = 0; attempt < 20 && survivor == nullptr; ++attempt) {
    second = std::make_unique<EngineDirectory>();
    ++copies_;
    if (CopyDirectory(first, *second)) {
      Options options = SmallWindows();
      options.take_over = attempt > 0;
      status = OpenEngine(options, second->database(), databases_, &survivor);
    }
  }
  std::set<uint64_t> survived;
  for (uint64_t number = 0; status.ok() && number < 30; ++number) {
    BatchResult result;
    status =
        survivor->Ingest({.level = random->OneIn(2) ? Durability::kApplied : Durability::kLogged},
                         SomeLines("b", number), &result);
    survived.insert(number);
  }
  // The first engine learns of it with its next window.
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  BatchResult result;
  while (Clock::now() < deadline && !ended) {
    std::this_thread::sleep_for(milliseconds(2));
  }
  over = true;
  import.join();
  ASSERT_OK(status);
  EXPECT_CODE(kFenced, end);
  const auto before = Clock::now();
  EXPECT_CODE(kFenced, fenced->Ingest({}, SomeLines("a", sent + 1), &result));
  EXPECT_CODE(kFenced,
              fenced->Ingest({.level = Durability::kApplied}, SomeLines("a", sent + 2), &result));
  EXPECT_CODE(kFenced, fenced->Flush());
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(1));
  EXPECT_CODE(kFenced, fenced->Close());
  // Whatever it said was in the store is there; so is what the survivor said, and each once.
  ASSERT_OK(survivor->Flush());
  ASSERT_NO_FATAL_FAILURE(ExpectWhole(survivor.get(), "a", applied));
  ASSERT_NO_FATAL_FAILURE(ExpectWhole(survivor.get(), "b", survived));
  for (const uint64_t number : logged) {
    const Batch batch = SomeLines("a", number);
    BatchInfo info;
    status = survivor->GetBatch(batch.tenant(), batch.id(), &info);
    ASSERT_TRUE(status.ok() || status.IsNotFound()) << status.ToString();
    lost_by_the_fenced_ += !status.ok();
  }
  EXPECT_OK(survivor->Close());
  EXPECT_NE("", SoundDigest(databases_));
  for (const auto& database : databases_) {
    lines_ += std::stoull(database->Value("SELECT count(*) FROM tallystone.lines"));
    EXPECT_EQ("0", database->Value(
                       "SELECT (SELECT COALESCE(sum(lines), 0) FROM tallystone.balances) - (SELECT "
                       "count(*) FROM tallystone.lines)"));
  }
}

TEST_F(TakeOverTest, OfTwoEnginesOneIsFencedAndNothingIsLostOrDoubled) {
  START_SERVERS(2);
  const uint64_t seed = test::TestSeed();
  test::RandomSource random(seed);
  const uint64_t races = FromEnvironment("TALLYSTONE_PG_RACES", 4);
  for (uint64_t race = 0; race < races && !HasFailure(); ++race) {
    SCOPED_TRACE("race " + std::to_string(race) + " of seed " + std::to_string(seed));
    ASSERT_NO_FATAL_FAILURE(Race(&random));
  }
  std::printf(
      "seed %llu: %llu races, %llu copies of the log, %llu lines; %llu batches that only the "
      "log of the fenced engine has\n",
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(races),
      static_cast<unsigned long long>(copies_), static_cast<unsigned long long>(lines_),
      static_cast<unsigned long long>(lost_by_the_fenced_));
}

// The marker of the next writer is not that of the last one: what another engine has put there at
// the same LSN does not mean that our window is in the store.
TEST_F(TakeOverTest, WhatTheNextWriterStoredIsNotTakenForOnesOwn) {
  START_SERVERS(1);
  const EngineDirectory first;
  const EngineDirectory second;
  std::unique_ptr<Engine> fenced, survivor;
  ASSERT_OK(OpenEngine(QuietOptions(), first.database(), databases_, &fenced));
  BatchResult result;
  ASSERT_OK(fenced->Ingest({.level = Durability::kApplied}, SomeLines("a", 1), &result));
  ASSERT_TRUE(CopyDirectory(first, second));
  ASSERT_OK(OpenEngine(QuietOptions(), second.database(), databases_, &survivor));
  for (uint64_t number = 0; number < 4; ++number) {
    ASSERT_OK(survivor->Ingest({.level = Durability::kApplied}, SomeLines("b", number), &result));
  }
  EXPECT_CODE(kFenced, fenced->Ingest({.level = Durability::kApplied}, SomeLines("a", 2), &result));
  EXPECT_CODE(kFenced, fenced->Close());
  EXPECT_OK(survivor->Close());
  EXPECT_NE("", SoundDigest(databases_));
}

// Who starts a standby by mistake must not stop the one that works.
TEST_F(TakeOverTest, ACopyWhoseLogIsTooOldIsRefusedAndStopsNobody) {
  START_SERVERS(2);
  const EngineDirectory first;
  const EngineDirectory second;
  std::unique_ptr<Engine> engine, refused;
  ASSERT_OK(OpenEngine(QuietOptions(), first.database(), databases_, &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, SomeLines("a", 1), &result));
  ASSERT_TRUE(CopyDirectory(first, second));
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, SomeLines("a", 2), &result));
  const Status status = OpenEngine(QuietOptions(), second.database(), databases_, &refused);
  EXPECT_CODE(kCorruption, status);
  EXPECT_NE(std::string::npos, status.message().find("older than the store")) << status.message();
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, SomeLines("a", 3), &result));
  // Whoever asks for it stops it, and can then copy a log that does not change any more.
  Options taking_over = QuietOptions();
  taking_over.take_over = true;
  EXPECT_CODE(kCorruption, OpenEngine(taking_over, second.database(), databases_, &refused));
  EXPECT_CODE(kFenced, engine->Ingest({.level = Durability::kApplied}, SomeLines("a", 4), &result));
  EXPECT_CODE(kFenced, engine->Close());
  const EngineDirectory third;
  ASSERT_TRUE(CopyDirectory(first, third));
  ASSERT_OK(OpenEngine(QuietOptions(), third.database(), databases_, &engine));
  ASSERT_NO_FATAL_FAILURE(ExpectWhole(engine.get(), "a", {1, 2, 3, 4}));
  EXPECT_OK(engine->Close());
  EXPECT_NE("", SoundDigest(databases_));
}

// A tenant is in the store up to an LSN that a copy of the log has not reached: what is logged
// there next would pass for what is there.
TEST_F(TakeOverTest, ALogThatATenantIsAheadOfIsRefused) {
  START_SERVERS(1);
  const EngineDirectory first;
  const EngineDirectory second;
  std::unique_ptr<Engine> engine;
  Options options = QuietOptions();
  options.store_retries_max = 0;
  ASSERT_OK(OpenEngine(options, first.database(), databases_, &engine));
  BatchResult result;
  const auto send = [&](const std::string& tenant) {
    Batch batch(tenant, "batch");
    batch.Add({.code = "A", .quantity = Decimal::FromUnits(1'000'000), .unit_cost = {}});
    return engine->Ingest({}, batch, &result);
  };
  ASSERT_OK(send("zero"));
  ASSERT_OK(engine->Flush());
  ASSERT_TRUE(CopyDirectory(first, second));
  ASSERT_OK(send("one"));
  ASSERT_OK(send("two"));
  // Cut between the two tenants; the first COMMIT is that of a view.
  TcpProxy* proxy = databases_.front()->proxy();
  proxy->Arm({.kind = ProxyFault::Kind::kCutAfter, .skip = 1});
  proxy->SetRefusing(true);
  EXPECT_FALSE(engine->Close().ok());
  engine.reset();
  proxy->SetRefusing(false);
  ASSERT_EQ("3 1", databases_.front()->Value(
                       "SELECT string_agg(applied::text, ' ' ORDER BY applied DESC) FROM "
                       "tallystone.tenants WHERE tenant <> 1 AND applied > 0"));
  const Status status = OpenEngine(options, second.database(), databases_, &engine);
  EXPECT_CODE(kCorruption, status);
  EXPECT_NE(std::string::npos, status.message().find("older than the store")) << status.message();
  ASSERT_OK(OpenEngine(options, first.database(), databases_, &engine));
  EXPECT_OK(engine->Close());
  EXPECT_NE("", SoundDigest(databases_));
  EXPECT_EQ("3", databases_.front()->Value("SELECT count(*) FROM tallystone.lines"));
}

// --- the standby ---

// One pair for all its tests; the last of them ends it.
class StandbyTest : public PostgresEngineTest {
 protected:
  static void TearDownTestSuite() {
    standby_.reset();
    primary_.reset();
  }
  void SetUp() override {
    const Status installed = PostgresServer::Installed();
    if (!installed.ok()) {
      GTEST_SKIP() << installed.message();
    }
    if (primary_ == nullptr) {
      PostgresOptions options;
      options.tcp = true;
      ASSERT_OK(PostgresServer::Start(options, &primary_));
      ASSERT_OK(primary_->StartStandby(&standby_));
    }
    database_ =
        std::string("of_") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    database_.resize(20);
    ASSERT_OK(primary_->NewDatabase(database_));
    // The standby has it when it is answered, and shows it a moment later.
    ASSERT_OK(Insist([&] { return standby_->Execute("SELECT 1", nullptr, database_); }));
  }
  // The standby is asked first.
  [[nodiscard]] std::string Both() const {
    return "host=127.0.0.1,127.0.0.1 port=" + std::to_string(standby_->port()) + "," +
           std::to_string(primary_->port()) + " user=tallystone dbname=" + database_;
  }

  static std::unique_ptr<PostgresServer> primary_;
  static std::unique_ptr<PostgresServer> standby_;
  std::string database_;
};

std::unique_ptr<PostgresServer> StandbyTest::primary_;
std::unique_ptr<PostgresServer> StandbyTest::standby_;

// The standby answers too, and first, but does not show yet what was written.
TEST_F(StandbyTest, AWriterReadsWhereItWrites) {
  Options options = SmallWindows();
  options.servers = {Both()};
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open(options, directory_.database(), &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, ChildBatch(0), &result));
  ASSERT_OK(standby_->Execute("SELECT pg_wal_replay_pause()"));
  for (uint64_t number = 1; number < 10; ++number) {
    ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, ChildBatch(number), &result));
  }
  EXPECT_OK(engine->Close());
  engine.reset();
  ASSERT_OK(standby_->Execute("SELECT pg_wal_replay_resume()"));
  EXPECT_EQ(EmbeddedDigest([&](Engine* other) {
              for (uint64_t number = 0; number < 10; ++number) {
                EXPECT_OK(other->Ingest({}, ChildBatch(number), &result));
              }
            }),
            SoundDigestAt(primary_->connection(database_)));
}

TEST_F(StandbyTest, PromotedInTheMiddleOfAnImportItHasEverythingOnce) {
  const uint64_t seed = test::TestSeed();
  test::RandomSource random(seed);
  Options options = SmallWindows();
  options.servers = {Both() + " target_session_attrs=read-write"};
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open(options, directory_.database(), &engine));
  std::atomic<uint64_t> sent = 0;
  std::atomic<uint64_t> enough = UINT64_MAX;
  std::thread import([&] {
    while (sent < enough) {
      BatchResult result;
      EXPECT_OK(Insist([&] {
        return engine->Ingest({.level = sent % 3 == 0 ? Durability::kApplied : Durability::kLogged},
                              ChildBatch(sent), &result);
      }));
      ++sent;
    }
  });
  std::this_thread::sleep_for(milliseconds(200 + random.Below(500)));
  primary_->Kill();
  std::this_thread::sleep_for(milliseconds(random.Below(300)));
  EXPECT_OK(standby_->Promote());
  const uint64_t before = sent;
  enough = before + 40;
  import.join();
  EXPECT_OK(Insist([&] { return engine->Flush(); }));
  EXPECT_OK(engine->Close());
  engine.reset();
  std::printf("seed %llu: %llu batches before the standby took over, %llu after\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(before),
              static_cast<unsigned long long>(sent - before));
  EXPECT_EQ(EmbeddedDigest([&](Engine* other) {
              for (uint64_t number = 0; number < sent; ++number) {
                BatchResult result;
                EXPECT_OK(other->Ingest({}, ChildBatch(number), &result));
              }
            }),
            SoundDigestAt(standby_->connection(database_)));
}

}  // namespace
}  // namespace tallystone::testing
