// A tenant that moves between servers: it is whole on one of them wherever the move is cut.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "engine_support/tenantwise_servers.h"
#include "store_support/tenantwise_store.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

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

TEST(ServerMovesTest, ATenantThatMovesIsWholeOnOneServerWhereverTheMoveIsCut) {
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
TEST(ServerMovesTest, ATenantOfWhichNobodyKnowsWhereItIsTakesNoLinesUntilThatIsKnown) {
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
  EXPECT_CODE(kInterrupted, engine->MoveTenant("moves", to));
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

TEST(ServerMovesTest, ATenantMovesThereAndBackWhileOthersAndItselfAreWritten) {
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

TEST(ServerMovesTest, AMoveThatSomebodyWroteDownIsDoneByTheEngineAtWork) {
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

TEST(ServerMovesTest, AServerThatIsNotTheDatabasesIsNoPlaceToMoveTo) {
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

}  // namespace
}  // namespace tallystone::testing
