// A constraint of the user's own, that one item must not become negative: key replay books all
// others, and a cut at any transaction of it loses nothing and doubles nothing.
#include <cstdio>

#include <gtest/gtest.h>

#include "postgres_engine/servers_fixture.h"
#include "tallystone/inspector.h"

namespace tallystone::testing {
namespace {

using Kind = ProxyFault::Kind;

constexpr size_t kTenants = 3;
constexpr const char* kCodes[] = {"A", "B", "C"};

std::string TenantName(size_t index) {
  return "tenant " + std::to_string(index);
}

Batch Lines(const std::string& tenant, const std::string& id, int64_t quantity) {
  Batch batch(tenant, id);
  for (const char* code : kCodes) {
    batch.Add({.code = code,
               .quantity = Decimal::FromUnits(quantity * Decimal::kUnitsPerOne),
               .unit_cost = {}});
  }
  return batch;
}

class CheckConstraintTest : public PostgresEngineTest {
 protected:
  [[nodiscard]] ServerDatabase* database() const { return databases_.front().get(); }

  // Ten of everything, and item B of tenant 1 must not become negative.
  void Prepare(const std::string& path) {
    ASSERT_OK(database()->Empty());
    Open(path);
    for (size_t index = 0; index < kTenants; ++index) {
      BatchResult result;
      ASSERT_OK(engine_->Ingest({}, Lines(TenantName(index), "first", 10), &result));
    }
    ASSERT_OK(engine_->Flush());
    const std::string item = database()->Value(
        "SELECT concat_ws(' AND item = ', t.tenant, i.item) FROM tallystone.tenants AS t, "
        "tallystone.items AS i WHERE t.name = 'tenant 1' AND i.tenant = t.tenant AND i.code = 'B'");
    ASSERT_OK(database()->Execute(
        "ALTER TABLE tallystone.balances ADD CONSTRAINT never_below_zero CHECK (on_hand >= 0 OR "
        "NOT (tenant = " +
        item + "))"));
  }

  void Open(const std::string& path) {
    engine_.reset();
    Options options = QuietOptions();
    options.store_retries_max = 0;
    ASSERT_OK(OpenEngine(options, path, databases_, &engine_));
  }

  // What must be there in the end, however it came about.
  void Check() {
    for (size_t index = 0; index < kTenants; ++index) {
      const bool refused = index == 1;
      for (const char* code : kCodes) {
        Balance balance;
        ASSERT_OK(engine_->GetBalance({TenantName(index), code}, &balance));
        EXPECT_EQ(refused && *code == 'B' ? "10" : "-20", balance.on_hand.ToString())
            << TenantName(index) << " " << code;
        EXPECT_EQ(refused && *code == 'B' ? 1u : 2u, balance.lines);
      }
      BatchInfo info;
      ASSERT_OK(engine_->GetBatch(TenantName(index), "second", &info));
      EXPECT_EQ(refused ? 2u : 3u, info.items_processed);
      EXPECT_EQ(refused ? 1u : 0u, info.items_failed);
      DeadLetter letter;
      const Status status = engine_->GetDeadLetter({TenantName(index), "second", 2}, &letter);
      if (!refused) {
        EXPECT_CODE(kNotFound, status);
        continue;
      }
      ASSERT_OK(status);
      EXPECT_EQ(Outcome::kStoreRejected, letter.cause);
      EXPECT_NE(std::string::npos, letter.detail.find("never_below_zero")) << letter.detail;
    }
  }

  std::unique_ptr<Engine> engine_;
};

TEST_F(CheckConstraintTest, AConstraintRefusesItsItemOnlyAndACutAnywhereIsTakenUpAgain) {
  START_SERVERS(1);
  std::string digest;
  for (const Kind how : {Kind::kCutBefore, Kind::kCutAfter}) {
    for (const auto target : {ProxyFault::Target::kCommit, ProxyFault::Target::kStatement}) {
      // Between two transactions a cut is as good as at their COMMIT: some statements will do.
      const uint64_t step = target == ProxyFault::Target::kCommit
                                ? 1
                                : FromEnvironment("TALLYSTONE_PG_STATEMENTS_STEP", 29);
      uint64_t cuts = 0;
      for (uint64_t stop = 0;; stop += step) {
        ASSERT_LT(stop, 2000u) << "the number of transactions does not end";
        SCOPED_TRACE(std::string(how == Kind::kCutBefore ? "cut before" : "cut after") +
                     (target == ProxyFault::Target::kCommit ? " COMMIT " : " statement ") +
                     std::to_string(stop));
        EngineDirectory directory;
        ASSERT_NO_FATAL_FAILURE(Prepare(directory.database()));
        for (size_t index = 0; index < kTenants; ++index) {
          BatchResult result;
          ASSERT_OK(engine_->Ingest({}, Lines(TenantName(index), "second", -30), &result));
        }
        // What is cut does not come back: the engine ends there.
        database()->proxy()->Arm({.kind = how, .target = target, .skip = stop});
        database()->proxy()->SetRefusing(true);
        const bool closed = engine_->Close().ok();
        const bool went_through = database()->proxy()->Disarm();
        database()->proxy()->SetRefusing(false);
        if (went_through) {
          EXPECT_TRUE(closed) << "it ended, but not by the cut";
        }
        cuts += !went_through;
        ASSERT_NO_FATAL_FAILURE(Open(directory.database()));
        ASSERT_OK(engine_->Flush());
        ASSERT_NO_FATAL_FAILURE(Check());
        ASSERT_OK(engine_->Close());
        const std::string now = SoundDigest(databases_);
        digest = digest.empty() ? now : digest;
        ASSERT_EQ(digest, now);
        ASSERT_NE("", now);
        if (went_through) {
          break;
        }
      }
      EXPECT_GE(cuts, target == ProxyFault::Target::kCommit ? kTenants + 4 : 2);
      std::printf("%s %s: %llu cuts\n", how == Kind::kCutBefore ? "before" : "after",
                  target == ProxyFault::Target::kCommit ? "COMMIT" : "a statement",
                  static_cast<unsigned long long>(cuts));
    }
  }
}

// Of a tenant that is new, only some keys are in its store, and no name yet. Who read it then, or
// opened the database with more servers, must not take it for one that has nothing anywhere.
TEST_F(CheckConstraintTest, ANewTenantStaysWhereItsKeyReplayWasCut) {
  START_SERVERS(4);
  constexpr size_t kNew = 16;
  const auto check = [&](Inspector* inspector) {
    for (size_t index = 0; index < kNew; ++index) {
      for (const char* code : kCodes) {
        Balance balance;
        const Status status = inspector->GetBalance({TenantName(index), code}, &balance);
        // A tenant of which nothing was there may be on a new server by now, without the
        // constraint.
        if (*code != 'B') {
          ASSERT_OK(status);
          EXPECT_EQ(1u, balance.lines) << TenantName(index) << " " << code;
        }
      }
    }
    VerifyReport report;
    ASSERT_OK(inspector->Verify(nullptr, &report));
    EXPECT_TRUE(report.sound);
  };
  Options options = QuietOptions();
  options.store_retries_max = 0;
  bool cut_in_the_middle = false;
  for (uint64_t stop = 12; stop < 60 && !cut_in_the_middle; stop += 4) {
    SCOPED_TRACE("cut before COMMIT " + std::to_string(stop));
    const EngineDirectory directory;
    options.servers.clear();
    for (const size_t server : {0, 1}) {
      ASSERT_OK(databases_[server]->Empty());
      options.servers.push_back(databases_[server]->through_proxy());
    }
    ASSERT_OK(Engine::Open(options, directory.database(), &engine_));
    for (const size_t server : {0, 1}) {
      ASSERT_OK(databases_[server]->Execute(
          "ALTER TABLE tallystone.balances ADD CONSTRAINT never_below_zero CHECK (on_hand >= 0)"));
    }
    for (size_t index = 0; index < kNew; ++index) {
      Batch batch(TenantName(index), "first");
      for (const char* code : kCodes) {
        batch.Add({.code = code,
                   .quantity = Decimal::FromUnits(*code == 'B' ? -1'000'000 : 1'000'000),
                   .unit_cost = {}});
      }
      BatchResult result;
      ASSERT_OK(engine_->Ingest({}, batch, &result));
    }
    database()->proxy()->Arm({.kind = Kind::kCutBefore, .skip = stop});
    database()->proxy()->SetRefusing(true);
    engine_->Close().PermitUnchecked();
    engine_.reset();
    database()->proxy()->Disarm();
    database()->proxy()->SetRefusing(false);
    cut_in_the_middle =
        database()->Value(
            "SELECT count(*) > 0 FROM tallystone.tenants WHERE tenant <> 0 AND name IS NULL") ==
        "t";
    std::unique_ptr<Inspector> inspector;
    ASSERT_OK(Inspector::Open({}, directory.database(), &inspector));
    VerifyReport report;
    ASSERT_OK(inspector->Verify(nullptr, &report));
    EXPECT_TRUE(report.sound);
    inspector.reset();
    for (const size_t server : {2, 3}) {
      ASSERT_OK(databases_[server]->Empty());
      options.servers.push_back(databases_[server]->through_proxy());
    }
    ASSERT_OK(Engine::Open(options, directory.database(), &engine_));
    ASSERT_OK(engine_->Flush());
    ASSERT_OK(engine_->Close());
    engine_.reset();
    ASSERT_OK(Inspector::Open({}, directory.database(), &inspector));
    ASSERT_NO_FATAL_FAILURE(check(inspector.get()));
  }
  EXPECT_TRUE(cut_in_the_middle);
}

}  // namespace
}  // namespace tallystone::testing
