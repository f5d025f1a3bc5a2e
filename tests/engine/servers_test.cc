// An engine on several stores whose transactions do not cross tenants: what must hold when one of
// them refuses a key, is gone for a while, or is new.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "engine_support/tenantwise_servers.h"
#include "ingest/lane.h"
#include "store_support/tenantwise_store.h"
#include "support/fault_file_system.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

// The n-th transaction of a tenant, over all servers, is cut off, and the engine ends there: every
// n. After a reopen everything is booked, except the item that all stores refuse.
TEST(ServersTest, ARefusedItemIsReplayedKeyByKeyAndACutAnywhereIsTakenUpAgain) {
  constexpr size_t kTenants = 4;
  for (const Cut how : {Cut::kBefore, Cut::kAfter}) {
    for (int stop = 0;; ++stop) {
      ASSERT_LT(stop, 200) << "the number of transactions does not end";
      SCOPED_TRACE("transaction " + std::to_string(stop) +
                   (how == Cut::kBefore ? ", before its commit" : ", after its commit"));
      EngineDirectory directory;
      const Disks disks = MakeDisks(2);
      auto count = std::make_shared<std::atomic<int>>(0);
      std::unique_ptr<Engine> engine;
      ASSERT_OK(OpenOn(
          disks, directory,
          [&](size_t, TenantwiseStore* store) {
            store->RefuseItem(2);
            store->CutBy([count, stop, how] { return (*count)++ < stop ? Cut::kNone : how; });
          },
          &engine));
      for (size_t index = 0; index < kTenants; ++index) {
        BatchResult result;
        ASSERT_OK(engine->Ingest({}, Lines(TenantName(index), "b"), &result));
      }
      const bool went_through = engine->Close().ok();
      engine.reset();
      ASSERT_OK(OpenOn(
          disks, directory, [](size_t, TenantwiseStore* store) { store->RefuseItem(2); }, &engine));
      ASSERT_OK(engine->Flush());
      for (size_t index = 0; index < kTenants; ++index) {
        for (const char* code : {"A", "B", "C"}) {
          Balance balance;
          const Status status = engine->GetBalance({TenantName(index), code}, &balance);
          if (*code == 'B') {
            EXPECT_CODE(kNotFound, status);
            continue;
          }
          ASSERT_OK(status);
          EXPECT_EQ("5", balance.on_hand.ToString()) << TenantName(index) << " " << code;
          EXPECT_EQ(1u, balance.lines);
        }
        DeadLetter letter;
        ASSERT_OK(engine->GetDeadLetter({TenantName(index), "b", 2}, &letter));
        EXPECT_EQ(Outcome::kStoreRejected, letter.cause);
        BatchInfo info;
        ASSERT_OK(engine->GetBatch(TenantName(index), "b", &info));
        EXPECT_EQ(2u, info.items_processed);
      }
      ASSERT_OK(engine->Close());
      ExpectSound(disks);
      if (went_through) {
        break;
      }
    }
  }
}

TEST(ServersTest, AServerThatIsGoneDoesNotHoldUpTheTenantsOfOthers) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(2);
  std::atomic<bool> gone = false;
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenOn(
      disks, directory,
      [&](size_t index, TenantwiseStore* store) {
        if (index == 1) {
          store->CutBy([&] { return gone ? Cut::kBefore : Cut::kNone; });
        }
      },
      &engine));
  std::vector<std::string> of_server[2];
  for (size_t index = 0; of_server[0].size() < 3 || of_server[1].size() < 3; ++index) {
    BatchResult result;
    ASSERT_OK(
        engine->Ingest({.level = Durability::kApplied}, Lines(TenantName(index), "b"), &result));
    BatchSum sum;
    const auto tenant = static_cast<TenantId>(index + 1);
    const bool first = disks[0]->store.GetBatch({tenant, "b"}, &sum).ok();
    EXPECT_NE(first, disks[1]->store.GetBatch({tenant, "b"}, &sum).ok());
    of_server[first ? 0 : 1].push_back(TenantName(index));
  }
  gone = true;
  for (const std::string& tenant : of_server[0]) {
    BatchResult result;
    EXPECT_OK(engine->Ingest({.level = Durability::kApplied}, Lines(tenant, "c"), &result));
  }
  for (const std::string& tenant : of_server[1]) {
    BatchResult result;
    EXPECT_OK(engine->Ingest({}, Lines(tenant, "c"), &result));  // the log has it
    Balance balance;
    ASSERT_OK(engine->GetBalance({tenant, "A"}, &balance));
    EXPECT_EQ("10", balance.on_hand.ToString());  // and a reader sees it
  }
  gone = false;
  ASSERT_OK(engine->Flush());
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

// While a server is away its window holds a few chunks among the places of very many.
TEST(ServersTest, WhatAServerMissedIsBookedWholeHoweverMuchOthersWroteMeanwhile) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(2);
  std::atomic<bool> gone = false;
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenOn(
      disks, directory,
      [&](size_t index, TenantwiseStore* store) {
        store->RefuseItem(2);
        if (index == 1) {
          store->CutBy([&] { return gone ? Cut::kBefore : Cut::kNone; });
        }
      },
      &engine));
  std::vector<std::string> of_server[2];
  for (size_t index = 0; of_server[0].empty() || of_server[1].empty(); ++index) {
    BatchResult result;
    ASSERT_OK(
        engine->Ingest({.level = Durability::kApplied}, Lines(TenantName(index), "b"), &result));
    BatchSum sum;
    const bool first = disks[0]->store.GetBatch({static_cast<TenantId>(index + 1), "b"}, &sum).ok();
    of_server[first ? 0 : 1].push_back(TenantName(index));
  }
  const std::string& here = of_server[0].front();
  const std::string& away = of_server[1].front();
  const auto expect = [&](const std::string& tenant, uint64_t lines, const std::string& time) {
    Balance balance;
    ASSERT_OK(engine->GetBalance({tenant, "A"}, &balance));
    EXPECT_EQ(lines, balance.lines);
    Filter filter;
    filter.tenant = tenant;
    std::unique_ptr<Cursor<Balance>> balances;
    ASSERT_OK(engine->NewBalanceCursor(filter, &balances));
    balances->SeekToFirst();
    ASSERT_TRUE(balances->Valid());
    EXPECT_EQ(lines, balances->value().lines);
    EXPECT_EQ(time, balances->value().last_time);
  };
  gone = true;
  uint64_t lines_here = 1, lines_away = 1;
  std::string time;
  for (int round = 0; round < 400; ++round) {
    time = "2026-" + std::to_string(1000 + round);
    const bool to_away = round % 90 == 45;
    Batch batch(to_away ? away : here, std::to_string(round));
    for (const char* code : {"A", "B", "C"}) {
      batch.Add({.code = code, .quantity = Decimal::FromUnits(5), .unit_cost = {}, .time = time});
    }
    BatchResult result;
    ASSERT_OK(engine->Ingest({}, batch, &result));
    ++(to_away ? lines_away : lines_here);
    if (round % 20 == 0) {
      engine->Flush().PermitUnchecked();  // of the other server
    }
    if (to_away) {
      ASSERT_NO_FATAL_FAILURE(expect(away, lines_away, time));
    }
  }
  ASSERT_NO_FATAL_FAILURE(expect(here, lines_here, time));
  gone = false;
  for (int wait = 0; wait < 1000 && !engine->Flush().ok(); ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_OK(engine->Flush());
  ASSERT_NO_FATAL_FAILURE(expect(here, lines_here, time));
  ASSERT_NO_FATAL_FAILURE(expect(away, lines_away, "2026-1315"));
  DeadLetter letter;
  ASSERT_OK(engine->GetDeadLetter({away, "315", 2}, &letter));
  EXPECT_EQ(Outcome::kStoreRejected, letter.cause);
  EXPECT_EQ("2026-1315", letter.time);
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

// The log is one: what a server that is away misses stays in it, with all that others write
// meanwhile. Where its disk is full all tenants stop, are told why, and go on when there is room.
TEST(ServersTest, ALogThatAServerHoldsUntilItsDiskIsFullStopsAllAndLosesNothing) {
  FaultFileSystem files;
  const Disks disks = MakeDisks(2);
  std::atomic<bool> gone = false;
  std::unique_ptr<Engine> engine;
  const auto open = [&] {
    Options options = QuietOptions();
    options.store_retry_delay_ms = 0;
    options.window_age_ms_max = 20;
    Parts parts;
    parts.file_system = &files;
    for (size_t index = 0; index < disks.size(); ++index) {
      auto store = std::make_unique<TenantwiseStore>(disks[index]);
      store->CutBy([&gone, index] { return gone && index == 1 ? Cut::kBefore : Cut::kNone; });
      parts.servers.emplace_back("s" + std::to_string(index), std::move(store));
    }
    return EngineImpl::OpenWith(options, "db", std::move(parts), &engine);
  };
  ASSERT_OK(open());
  std::string of_server[2];
  for (size_t index = 0; of_server[0].empty() || of_server[1].empty(); ++index) {
    BatchResult result;
    ASSERT_OK(
        engine->Ingest({.level = Durability::kApplied}, Lines(TenantName(index), "b"), &result));
    BatchSum sum;
    const bool first = disks[0]->store.GetBatch({static_cast<TenantId>(index + 1), "b"}, &sum).ok();
    of_server[first ? 0 : 1] = TenantName(index);
  }
  ASSERT_OK(engine->Flush());
  gone = true;
  files.SetSpace(2u << 20);
  BatchResult result;
  ASSERT_OK(engine->Ingest({}, Lines(of_server[1], "c"), &result));
  const uint64_t missed = engine->stats().logged_lsn;
  uint64_t acknowledged = 0;
  Status status;
  for (int number = 0; number < 100'000 && status.ok(); ++number) {
    Batch batch(of_server[0], std::to_string(number));
    for (int line = 1; line <= 400; ++line) {
      batch.Add({.code = "A", .quantity = Decimal::FromUnits(line), .unit_cost = {}});
    }
    status = engine->Ingest({.level = Durability::kApplied}, batch, &result);
    acknowledged += status.ok() ? 400 : 0;
  }
  EXPECT_CODE(kNoSpace, status);
  EXPECT_NE(status.message().find("No space left on device"), std::string::npos);
  for (const std::string& tenant : of_server) {
    const Status refused = engine->Ingest({}, Lines(tenant, "refused"), &result);
    EXPECT_CODE(kUnavailable, refused);
    EXPECT_NE(refused.message().find("the batch log stopped"), std::string::npos);
    EXPECT_NE(refused.message().find("No space left on device"), std::string::npos);
  }
  EXPECT_GT(acknowledged, 10'000u);
  EXPECT_LE(engine->stats().log_first_lsn, missed);
  EXPECT_LT(engine->metrics().applied_lsn, missed);
  EXPECT_TRUE(engine->metrics().store_unavailable);
  Balance balance;
  ASSERT_OK(engine->GetBalance({of_server[0], "A"}, &balance));  // reads go on
  engine->Close().PermitUnchecked();
  engine.reset();
  files.SetSpace({});
  gone = false;
  ASSERT_OK(open());
  ASSERT_OK(engine->Flush());
  ASSERT_OK(engine->GetBalance({of_server[0], "A"}, &balance));
  EXPECT_GE(balance.lines, acknowledged + 1);
  EXPECT_LE(balance.lines, acknowledged + 1 + 400);  // one may be in the log, unacknowledged
  ASSERT_OK(engine->GetBalance({of_server[1], "A"}, &balance));
  EXPECT_EQ(balance.lines, 2u);
  const uint64_t first = engine->stats().log_first_lsn;
  EXPECT_TRUE(first == 0 || first > missed) << first;  // released, maybe all of it
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

TEST(ServersTest, ANewServerTakesItsShareOfNewTenantsAndMovesNoOther) {
  const Disks disks = MakeDisks(4);
  Lanes lanes;
  std::vector<size_t> before;
  const auto place = [&](size_t tenant) {
    const Lane* lane = LaneForNewTenant(lanes, TenantName(tenant));
    return static_cast<size_t>(std::find_if(lanes.begin(), lanes.end(),
                                            [&](const auto& each) { return each.get() == lane; }) -
                               lanes.begin());
  };
  constexpr size_t kTenants = 4000;
  for (size_t index = 0; index < 3; ++index) {
    lanes.push_back(std::make_unique<Lane>());
    lanes.back()->store = std::make_unique<TenantwiseStore>(disks[index]);
  }
  for (size_t tenant = 0; tenant < kTenants; ++tenant) {
    before.push_back(place(tenant));
  }
  lanes.push_back(std::make_unique<Lane>());
  lanes.back()->store = std::make_unique<TenantwiseStore>(disks[3]);
  size_t taken = 0;
  for (size_t tenant = 0; tenant < kTenants; ++tenant) {
    const size_t now = place(tenant);
    taken += now == 3;
    EXPECT_TRUE(now == 3 || now == before[tenant]);
  }
  EXPECT_NEAR(static_cast<double>(taken), kTenants / 4.0, kTenants / 40.0);
}

TEST(ServersTest, AServerThatIsLeftOutIsMissed) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(2);
  std::unique_ptr<Engine> engine;
  const auto cut_second = [](size_t index, TenantwiseStore* store) {
    if (index == 1) {
      store->CutBy([] { return Cut::kBefore; });
    }
  };
  ASSERT_OK(OpenOn(disks, directory, cut_second, &engine));
  for (size_t index = 0; index < 8; ++index) {
    BatchResult result;
    ASSERT_OK(engine->Ingest({}, Lines(TenantName(index), "b"), &result));
  }
  EXPECT_FALSE(engine->Close().ok());
  engine.reset();
  const Status status = OpenOn(
      {disks[0]}, directory, [](size_t, TenantwiseStore*) {}, &engine);
  EXPECT_CODE(kInvalidArgument, status);
  EXPECT_NE(std::string::npos, status.message().find("left out")) << status.message();
  ASSERT_OK(OpenOn(
      disks, directory, [](size_t, TenantwiseStore*) {}, &engine));
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

}  // namespace
}  // namespace tallystone::testing
