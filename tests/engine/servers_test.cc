// An engine on several stores whose transactions do not cross tenants: what must hold when one of
// them refuses a key, is gone for a while, or has been taken over.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "ingest/lane.h"
#include "inspect/verify.h"
#include "model/random_source.h"
#include "store_support/tenantwise_store.h"
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
