// An engine on several stores whose transactions do not cross tenants: what must hold when one of
// them refuses a key, is gone for a while, or has been taken over.
#include <atomic>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "ingest/lane.h"
#include "inspect/verify.h"
#include "model/random_source.h"
#include "store_support/tenantwise_store.h"
#include "support/fault_file_system.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

using Cut = TenantwiseStore::Cut;
using Disks = std::vector<std::shared_ptr<TenantwiseDisk>>;

Disks MakeDisks(size_t count) {
  Disks disks;
  for (size_t index = 0; index < count; ++index) {
    disks.push_back(std::make_shared<TenantwiseDisk>());
    disks.back()->server_id = "server " + std::to_string(index);
  }
  return disks;
}

// Opens an engine on all disks; prepare(index, store) before it sees them.
template <typename Prepare>
Status OpenOn(const Disks& disks, const EngineDirectory& directory, const Prepare& prepare,
              std::unique_ptr<Engine>* engine) {
  Options options = QuietOptions();
  options.store_retry_delay_ms = 0;
  Parts parts;
  for (size_t index = 0; index < disks.size(); ++index) {
    auto store = std::make_unique<TenantwiseStore>(disks[index]);
    prepare(index, store.get());
    parts.servers.emplace_back("s" + std::to_string(index), std::move(store));
  }
  return EngineImpl::OpenWith(options, directory.database(), std::move(parts), engine);
}

std::string TenantName(size_t index) {
  return "tenant " + std::to_string(index);
}

// Three lines: items "A", "B" and "C" are items 1, 2 and 3 of each tenant.
Batch Lines(const std::string& tenant, const std::string& id) {
  Batch batch(tenant, id);
  for (const char* code : {"A", "B", "C"}) {
    batch.Add({.code = code, .quantity = Decimal::FromUnits(5'000'000), .unit_cost = {}});
  }
  return batch;
}

void ExpectSound(const Disks& disks) {
  std::vector<std::unique_ptr<StoreView>> stores;
  for (const auto& disk : disks) {
    ASSERT_OK(TenantwiseStore(disk).NewView(&stores.emplace_back()));
  }
  std::unique_ptr<LiveView> view;
  ASSERT_OK(LiveView::Make(std::move(stores), {}, &view));
  VerifyReport report;
  ASSERT_OK(VerifyView(view.get(), nullptr, &report));
  EXPECT_TRUE(report.sound) << report.findings.front().what;
}

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
  EXPECT_GT(engine->stats().log_first_lsn, missed);
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

bool Has(const std::shared_ptr<TenantwiseDisk>& disk, TenantId tenant, const char* batch) {
  BatchSum sum;
  return disk->store.GetBatch({tenant, batch}, &sum).ok();
}

// Three lines and a dead letter.
Batch LinesAndLetter(const std::string& tenant, const std::string& id) {
  Batch batch = Lines(tenant, id);
  batch.AddUnreadable(Outcome::kBadColumns, "1;2");
  return batch;
}

// One move with its n-th transaction cut off, after which the engine ends; what must hold when it
// is opened again. *cuts: how often a transaction was cut off.
void CutAMove(Cut how, int stop, int* cuts) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(2);
  auto count = std::make_shared<std::atomic<int>>(INT32_MIN);
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenOn(
      disks, directory,
      [&](size_t, TenantwiseStore* store) {
        store->CutBy([count, stop, how] { return (*count)++ < stop ? Cut::kNone : how; });
      },
      &engine));
  BatchResult result;
  for (const char* id : {"b", "c"}) {
    for (const char* tenant : {"moves", "stays"}) {
      ASSERT_OK(engine->Ingest({}, LinesAndLetter(tenant, id), &result));
    }
  }
  ASSERT_OK(engine->Flush());
  const size_t from = Has(disks[0], 1, "b") ? 0 : 1;
  ASSERT_OK(engine->Ingest({}, Lines("moves", "d"), &result));  // waits in the log as it moves
  *count = 0;
  Status moved;
  std::atomic<bool> ended = false;
  std::thread mover([&] {
    moved = engine->MoveTenant("moves", "s" + std::to_string(1 - from));
    ended = true;
  });
  // Until it ended, or goes round and round since it does not know whether it did.
  while (!ended && *count < stop + 4) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  engine->Close().PermitUnchecked();
  mover.join();
  *cuts = std::max(0, *count - stop);
  engine.reset();

  ASSERT_OK(OpenOn(
      disks, directory, [](size_t, TenantwiseStore*) {}, &engine));
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, Lines("moves", "e"), &result));
  for (const std::string tenant : {"moves", "stays"}) {
    Balance balance;
    ASSERT_OK(engine->GetBalance({tenant, "A"}, &balance));
    EXPECT_EQ(tenant == "moves" ? "20" : "10", balance.on_hand.ToString()) << tenant;
    DeadLetter letter;
    EXPECT_OK(engine->GetDeadLetter({tenant, "b", 4}, &letter));
    // A batch that is sent again is known, wherever its tenant is by now.
    ASSERT_OK(engine->Ingest({}, LinesAndLetter(tenant, "b"), &result));
    EXPECT_TRUE(result.resent);
  }
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
  EXPECT_NE(Has(disks[0], 1, "b"), Has(disks[1], 1, "b"));
  EXPECT_EQ(Has(disks[0], 1, "b"), Has(disks[0], 1, "e"));
  EXPECT_TRUE(!moved.ok() || Has(disks[1 - from], 1, "e"));
}

TEST(ServersTest, ATenantThatMovesIsWholeOnOneServerWhereverTheMoveIsCut) {
  for (const Cut how : {Cut::kBefore, Cut::kAfter}) {
    int cuts = 1;
    for (int stop = 0; cuts > 0; ++stop) {
      ASSERT_LT(stop, 50) << "the number of transactions does not end";
      SCOPED_TRACE("transaction " + std::to_string(stop) +
                   (how == Cut::kBefore ? ", before its commit" : ", after its commit"));
      ASSERT_NO_FATAL_FAILURE(CutAMove(how, stop, &cuts));
    }
  }
}

// Its lines would be booked at one server while another has it.
TEST(ServersTest, ATenantOfWhichNobodyKnowsWhereItIsTakesNoLinesUntilThatIsKnown) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(2);
  std::atomic<bool> stop = false;
  std::atomic<int> passes = INT32_MAX;  // transactions before the first one that is cut
  Options options = QuietOptions();
  options.stop_waiting = &stop;
  Parts parts;
  for (size_t index = 0; index < disks.size(); ++index) {
    auto store = std::make_unique<TenantwiseStore>(disks[index]);
    store->CutBy([&] { return passes-- <= 0 ? Cut::kAfter : Cut::kNone; });
    parts.servers.emplace_back("s" + std::to_string(index), std::move(store));
  }
  std::unique_ptr<Engine> engine;
  ASSERT_OK(EngineImpl::OpenWith(options, directory.database(), std::move(parts), &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({}, Lines("moves", "b"), &result));
  ASSERT_OK(engine->Flush());
  const size_t from = Has(disks[0], 1, "b") ? 0 : 1;
  passes = 1;  // it makes room first
  stop = true;
  const std::string to = "s" + std::to_string(1 - from);
  EXPECT_CODE(kTryAgain, engine->MoveTenant("moves", to));
  EXPECT_CODE(kUnavailable, engine->Ingest({}, Lines("moves", "c"), &result));
  EXPECT_CODE(kUnavailable, engine->MoveTenant("moves", "s" + std::to_string(from)));
  passes = INT32_MAX;
  stop = false;
  ASSERT_OK(engine->MoveTenant("moves", to));
  ASSERT_OK(engine->Ingest({}, Lines("moves", "c"), &result));
  ASSERT_OK(engine->Close());
  EXPECT_TRUE(Has(disks[1 - from], 1, "c"));
  ExpectSound(disks);
}

TEST(ServersTest, ATenantMovesThereAndBackWhileOthersAndItselfAreWritten) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(3);
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenOn(
      disks, directory, [](size_t, TenantwiseStore*) {}, &engine));
  constexpr size_t kWriters = 3;
  constexpr int kBatches = 60;
  std::atomic<bool> writing = true;
  std::vector<std::thread> threads;
  for (size_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int batch = 0; batch < kBatches; ++batch) {
        BatchResult result;
        EXPECT_OK(
            engine->Ingest({.level = batch % 7 == 0 ? Durability::kApplied : Durability::kLogged},
                           Lines(TenantName(writer), std::to_string(batch)), &result));
        EXPECT_EQ(3u, result.items_processed);
      }
    });
  }
  threads.emplace_back([&] {  // what was seen once is never missed again, whatever moves
    uint64_t lines = 0;
    while (writing) {
      Balance balance;
      const Status status = engine->GetBalance({TenantName(0), "A"}, &balance);
      EXPECT_TRUE(status.ok() || (status.IsNotFound() && lines == 0)) << status.ToString();
      EXPECT_GE(balance.lines, status.ok() ? lines : 0);
      lines = std::max(lines, balance.lines);
      std::unique_ptr<Cursor<Balance>> balances;
      Filter filter;
      filter.tenant = TenantName(0);
      filter.code = "A";
      const Status opened = engine->NewBalanceCursor(filter, &balances);
      if (opened.IsNotFound() && lines == 0) {
        continue;
      }
      ASSERT_OK(opened);
      balances->SeekToFirst();
      EXPECT_TRUE(lines == 0 || (balances->Valid() && balances->value().lines >= lines));
    }
  });
  for (int move = 0; move < 12; ++move) {
    const Status status = engine->MoveTenant(TenantName(0), "s" + std::to_string(move % 3));
    EXPECT_TRUE(status.ok() || status.IsNotFound()) << status.ToString();
  }
  for (size_t writer = 0; writer < kWriters; ++writer) {
    threads[writer].join();
  }
  writing = false;
  threads.back().join();
  for (size_t writer = 0; writer < kWriters; ++writer) {
    Balance balance;
    ASSERT_OK(engine->GetBalance({TenantName(writer), "C"}, &balance));
    EXPECT_EQ(std::to_string(5 * kBatches), balance.on_hand.ToString());
  }
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

TEST(ServersTest, AMoveThatSomebodyWroteDownIsDoneByTheEngineAtWork) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(2);
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenOn(
      disks, directory, [](size_t, TenantwiseStore*) {}, &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, Lines("t", "b"), &result));
  const size_t from = Has(disks[0], 1, "b") ? 0 : 1;
  ASSERT_OK(TenantwiseStore(disks[from]).RequestMove(1, disks[1 - from]->server_id));
  for (int wait = 0; wait < 400 && Has(disks[from], 1, "b"); ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  EXPECT_FALSE(Has(disks[from], 1, "b"));
  EXPECT_TRUE(Has(disks[1 - from], 1, "b"));
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

TEST(ServersTest, AServerThatIsNotTheDatabasesIsNoPlaceToMoveTo) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(2);
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenOn(
      disks, directory, [](size_t, TenantwiseStore*) {}, &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({}, Lines("t", "b"), &result));
  EXPECT_CODE(kNotFound, engine->MoveTenant("t", "elsewhere"));
  EXPECT_CODE(kNotFound, engine->MoveTenant("nobody", "s0"));
  ASSERT_OK(engine->Close());
}

// A copy of the directory takes over and gives the LSNs of what only the first one logged to lines
// of its own. Opened again, the first would take those for its own lines: what it acknowledged
// would be lost in silence (L1, L2).
TEST(ServersTest, ADirectoryIsRefusedAfterACopyOfItWroteTheServers) {
  EngineDirectory directory;
  EngineDirectory copied;
  const Disks disks = MakeDisks(1);
  bool gone = false;
  const auto prepare = [&](size_t, TenantwiseStore* store) {
    store->CutBy([&gone] { return gone ? Cut::kBefore : Cut::kNone; });
  };
  std::unique_ptr<Engine> engine;
  BatchResult result;
  ASSERT_OK(OpenOn(disks, directory, prepare, &engine));
  ASSERT_OK(engine->Ingest({}, Lines("a", "both know it"), &result));
  ASSERT_OK(engine->Close());
  std::filesystem::copy(directory.database(), copied.database(),
                        std::filesystem::copy_options::recursive);
  ASSERT_OK(OpenOn(disks, directory, prepare, &engine));
  std::filesystem::copy(directory.database() + "/SERVERS", copied.database() + "/SERVERS",
                        std::filesystem::copy_options::overwrite_existing);
  gone = true;
  for (const char* id : {"1", "2", "3"}) {
    ASSERT_OK(engine->Ingest({}, Lines("a", id), &result));
  }
  EXPECT_FALSE(engine->Close().ok());
  engine.reset();
  gone = false;

  ASSERT_OK(OpenOn(disks, copied, prepare, &engine));
  ASSERT_OK(engine->Ingest({}, Lines("a", "of the copy"), &result));
  ASSERT_OK(engine->Close());
  engine.reset();
  EXPECT_CODE(kFenced, OpenOn(disks, directory, prepare, &engine));
  EXPECT_CODE(kFenced, OpenOn(disks, directory, prepare, &engine));
  ASSERT_OK(
      OpenOn(disks, copied, prepare, &engine));  // and that did not stop the one that is right
  ASSERT_OK(engine->Ingest({}, Lines("a", "1"), &result));
  EXPECT_FALSE(result.resent);
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

// The new identity may be in some of the servers only.
TEST(ServersTest, AnOpenThatEndsBetweenTwoServersIsRepeated) {
  EngineDirectory directory;
  const Disks disks = MakeDisks(3);
  const auto nothing = [](size_t, TenantwiseStore*) {};
  std::unique_ptr<Engine> engine;
  ASSERT_OK(OpenOn(disks, directory, nothing, &engine));
  ASSERT_OK(engine->Close());
  engine.reset();
  disks[2]->claimed = Status::TryAgain("the connection was cut");
  EXPECT_CODE(kTryAgain, OpenOn(disks, directory, nothing, &engine));
  EXPECT_NE(disks[0]->claim.writer, disks[2]->claim.writer);
  disks[2]->claimed = Status::Ok();
  ASSERT_OK(OpenOn(disks, directory, nothing, &engine));
  EXPECT_EQ(disks[0]->claim.writer, disks[2]->claim.writer);
  ASSERT_OK(engine->Close());
}

// A server that is restored from a backup while an engine writes it: what it forgot must be said,
// and nothing is written over the gap.
class ForgetfulStore final : public TenantwiseStore {
 public:
  ForgetfulStore(std::shared_ptr<TenantwiseDisk> disk, const bool* forgot)
      : TenantwiseStore(std::move(disk)), forgot_(forgot) {}
  Status ReadMarker(Marker* marker) override {
    Status status = TenantwiseStore::ReadMarker(marker);
    marker->applied = *forgot_ ? marker->applied - 1 : marker->applied;
    return status;
  }

 private:
  const bool* const forgot_;
};

TEST(ServersTest, AServerThatWasSetBackEndsTheWritingAndNotTheProgram) {
  EngineDirectory directory;
  bool forgot = false;
  const Disks disks = MakeDisks(1);
  Parts parts;
  parts.servers.emplace_back("s0", std::make_unique<ForgetfulStore>(disks.front(), &forgot));
  std::unique_ptr<Engine> engine;
  ASSERT_OK(EngineImpl::OpenWith(QuietOptions(), directory.database(), std::move(parts), &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, Lines("t", "1"), &result));
  forgot = true;
  const Status status = engine->Ingest({.level = Durability::kApplied}, Lines("t", "2"), &result);
  EXPECT_CODE(kCorruption, status);
  EXPECT_NE(std::string::npos, status.message().find("was set back")) << status.message();
  EXPECT_FALSE(engine->Close().ok());
  engine.reset();
  // Opened again, what is missing comes from the log.
  ASSERT_OK(OpenOn(
      disks, directory, [](size_t, TenantwiseStore*) {}, &engine));
  BatchInfo info;
  ASSERT_OK(engine->GetBatch("t", "2", &info));
  EXPECT_TRUE(info.finished);
  ASSERT_OK(engine->Close());
  ExpectSound(disks);
}

// A store that says after its first window that another writer took over.
class FencedStore final : public TenantwiseStore {
 public:
  using TenantwiseStore::TenantwiseStore;
  Status Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) override {
    return ++windows_ == 1 ? TenantwiseStore::Apply(window, marker, info)
                           : Status::Fenced("another writer took over");
  }

 private:
  int windows_ = 0;
};

TEST(ServersTest, AFencedWriterSaysSoAtOnceAndAcceptsNothingMore) {
  EngineDirectory directory;
  Parts parts;
  parts.servers.emplace_back("s0", std::make_unique<FencedStore>(MakeDisks(1).front()));
  std::unique_ptr<Engine> engine;
  ASSERT_OK(EngineImpl::OpenWith(QuietOptions(), directory.database(), std::move(parts), &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({.level = Durability::kApplied}, Lines("t", "1"), &result));
  EXPECT_CODE(kFenced, engine->Ingest({.level = Durability::kApplied}, Lines("t", "2"), &result));
  EXPECT_CODE(kFenced, engine->Ingest({}, Lines("t", "3"), &result));
  EXPECT_CODE(kFenced, engine->Flush());
  Balance balance;
  EXPECT_OK(engine->GetBalance({"t", "A"}, &balance));  // reading goes on
  EXPECT_CODE(kFenced, engine->Close());
}

}  // namespace
}  // namespace tallystone::testing
