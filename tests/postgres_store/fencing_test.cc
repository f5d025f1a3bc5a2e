// Two writers, crashes between the tenants of a window, and servers that go away.
#include <atomic>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres_store/shared_server.h"
#include "postgres_store/small_window.h"
#include "store_support/store_contents.h"

namespace tallystone::testing {
namespace {

constexpr Int128 kOne = Decimal::kUnitsPerOne;

class FencingTest : public PostgresStoreTest {
 protected:
  // One that knows tenant 1.
  std::unique_ptr<PostgresStore> Initialised() {
    auto store = OpenStore();
    EXPECT_OK(store->Initialise(MarkerAt(0)));
    EXPECT_OK(Apply(store.get(), SmallWindow(1, {{1, 1, 1}})));
    return store;
  }
  static Status Apply(Store* store, const SortedWindow& window) {
    return store->Apply(window, MarkerAt(window.last), nullptr);
  }
  std::string Counts() {
    return Value(
        "SELECT concat_ws(' ', (SELECT count(*) FROM tallystone.lines), (SELECT count(*) FROM "
        "tallystone.blocks), (SELECT sum(lines) FROM tallystone.balances), (SELECT count(*) FROM "
        "tallystone.tenants), (SELECT sum(lines) FROM tallystone.batches), (SELECT count(*) FROM "
        "tallystone.items))");
  }
  static Int128 OnHand(Store* store, StockKey key) {
    BalanceSum sum;
    const Status status = store->GetBalance(key, &sum);
    EXPECT_TRUE(status.ok() || status.IsNotFound()) << status.ToString();
    return sum.on_hand;
  }
  static std::map<TenantId, Lsn> Ahead(Store* store) {
    std::unique_ptr<StoreView> view;
    std::map<TenantId, Lsn> ahead;
    EXPECT_OK(store->NewView(&view));
    EXPECT_OK(view->ReadAhead(&ahead));
    return ahead;
  }
};

// Who was fenced must not put itself down as the writer.
TEST_F(FencingTest, AClaimIsThatOfTheWriterThatTookOverLast) {
  const auto open = [&] {
    std::unique_ptr<Store> store;
    EXPECT_OK(PostgresStore::Open(OptionsFor(database_), &store));
    return store;
  };
  const StoreClaim one{"one", {std::string(16, 'a')}};
  const StoreClaim two{"two", {std::string(16, 'a'), std::string(16, '\0')}};
  const auto first = open();
  StoreClaim read{"x", {"y"}};
  ASSERT_OK(first->ReadClaim(&read));
  EXPECT_EQ(StoreClaim(), read);
  ASSERT_OK(first->TakeOver());
  ASSERT_OK(first->WriteClaim(one));
  const auto second = open();
  ASSERT_OK(second->ReadClaim(&read));
  EXPECT_EQ(one, read);
  ASSERT_OK(second->TakeOver());
  ASSERT_OK(second->WriteClaim(two));
  EXPECT_CODE(kFenced, first->WriteClaim(one));
  ASSERT_OK(second->ReadClaim(&read));
  EXPECT_EQ(two, read);
}

// A server that was restored, or an older standby: what the writer knows of it holds no more, and
// it must neither go on nor take itself for fenced.
TEST_F(FencingTest, AServerThatWasSetBackIsNotTakenForAnotherWriter) {
  std::unique_ptr<Store> store;
  ASSERT_OK(PostgresStore::Open(OptionsFor(database_), &store));
  ASSERT_OK(store->TakeOver());
  ASSERT_OK(store->Initialise(MarkerAt(0)));
  ASSERT_OK(Apply(store.get(), SmallWindow(1, {{1, 1, 1}})));
  Value("UPDATE tallystone.tenants SET epoch = epoch - 1 RETURNING 1");
  Marker marker;
  EXPECT_CODE(kCorruption, store->ReadMarker(&marker));
  EXPECT_CODE(kCorruption, Apply(store.get(), SmallWindow(2, {{1, 1, 1}})));
  EXPECT_CODE(kCorruption, store->WriteClaim({"one", {}}));
  EXPECT_EQ("1", Value("SELECT count(*) FROM tallystone.blocks"));
}

TEST_F(FencingTest, SecondWriterFencesTheFirst) {
  const auto for_apply = Initialised();
  const std::string before = Counts();
  SortedWindow window = SmallWindow(2, {{1, 1, 1}, {1, 2, 1}});
  window.items = {{{1, 2}, {"code", "", "", ""}}};
  Marker progress = MarkerAt(1);
  progress.replay = ReplayProgress{3, {1, 1}, 1, {}};
  const auto for_key = OpenStore();
  const auto for_rest = OpenStore();
  const auto for_marker = OpenStore();
  const auto last = OpenStore();
  EXPECT_CODE(kFenced, Apply(for_apply.get(), window));
  EXPECT_CODE(kFenced, Apply(for_apply.get(), window));
  EXPECT_CODE(kFenced, for_apply->Recover());
  EXPECT_CODE(kFenced, for_key->ApplyKey(&window.deltas[0], progress));
  EXPECT_CODE(kFenced, for_rest->ApplyRest(window, MarkerAt(3)));
  EXPECT_CODE(kFenced, for_marker->Initialise(MarkerAt(7)));
  EXPECT_EQ(before, Counts());
  Marker marker;
  ASSERT_OK(last->ReadMarker(&marker));
  EXPECT_EQ(MarkerAt(1), marker);
  ASSERT_OK(Apply(last.get(), window));
  EXPECT_EQ(2 * kOne, OnHand(last.get(), {1, 1}));
}

TEST_F(FencingTest, FencedWriterMakesNoNewTenant) {
  const auto first = Initialised();
  const auto for_key = OpenStore();
  const auto last = OpenStore();
  const std::string before = Counts();
  EXPECT_CODE(kFenced, Apply(first.get(), SmallWindow(2, {{9, 1, 1}})));
  Marker progress = MarkerAt(1);
  progress.replay = ReplayProgress{2, {9, 1}, 1, {}};
  EXPECT_CODE(kFenced, for_key->ApplyKey(&SmallWindow(2, {{9, 1, 1}}).deltas[0], progress));
  EXPECT_EQ(before, Counts());
}

// The new writer has raised the epoch of the store, but not yet that of the tenants.
TEST_F(FencingTest, NewTenantIsNotMadeBetweenTheTwoStepsOfTakingOver) {
  const auto first = Initialised();
  Execute("UPDATE tallystone.tenants SET epoch = epoch + 1 WHERE tenant = 0");
  const std::string before = Counts();
  EXPECT_CODE(kFenced, Apply(first.get(), SmallWindow(2, {{9, 1, 1}})));
  EXPECT_EQ(before, Counts());
}

TEST_F(FencingTest, TenantThatWaitsMakesTheWindowBeRepeatedNotTheOthersTwice) {
  PostgresStoreOptions options = OptionsFor(database_);
  options.wait_ms_max = 300;
  { Initialised(); }
  std::unique_ptr<PostgresStore> store = OpenStore(options);
  ASSERT_OK(Apply(store.get(), SmallWindow(2, {{2, 1, 1}})));
  const SortedWindow window = SmallWindow(3, {{1, 1, 1}, {2, 1, 1}, {3, 1, 1}});
  {
    std::thread holder([&] {
      Execute(
          "BEGIN; UPDATE tallystone.tenants SET applied = applied WHERE tenant = 2; "
          "SELECT pg_sleep(1.5); COMMIT");
    });
    while (Value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = "
                 "current_database()") != "1") {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_CODE(kTryAgain, Apply(store.get(), window));
    holder.join();
  }
  // As after a crash: the next writer sees who is ahead, and the repeat goes on.
  store = OpenStore(options);
  const std::map<TenantId, Lsn> ahead = Ahead(store.get());
  EXPECT_EQ(5u, ahead.at(1));
  EXPECT_EQ(0u, ahead.count(2));
  Marker marker;
  ASSERT_OK(store->ReadMarker(&marker));
  EXPECT_EQ(2u, marker.applied);
  ASSERT_OK(Apply(store.get(), window));
  EXPECT_EQ(2 * kOne, OnHand(store.get(), {1, 1}));
  EXPECT_EQ(2 * kOne, OnHand(store.get(), {2, 1}));
  EXPECT_EQ(1 * kOne, OnHand(store.get(), {3, 1}));
  EXPECT_TRUE(Ahead(store.get()).empty());
}

TEST_F(FencingTest, ServerThatDiesBetweenTwoTenantsLosesNothingAndDoublesNothing) {
  const auto store = Initialised();
  ASSERT_OK(Apply(store.get(), SmallWindow(2, {{2, 1, 1}})));
  const SortedWindow window = SmallWindow(3, {{1, 1, 1}, {2, 1, 1}});
  std::thread holder([&] {
    server_
        ->Execute(
            "BEGIN; UPDATE tallystone.tenants SET applied = applied WHERE tenant = 2; SELECT "
            "pg_sleep(60); COMMIT",
            nullptr, database_)
        .PermitUnchecked();
  });
  const auto wait_for = [&](const std::string& query) {
    while (Value(query) != "1") {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  };
  wait_for(
      "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = "
      "current_database()");
  std::thread writer([&] { EXPECT_CODE(kTryAgain, Apply(store.get(), window)); });
  wait_for("SELECT count(*) FROM tallystone.tenants WHERE tenant = 1 AND applied = 4");
  server_->Kill();
  writer.join();
  holder.join();
  EXPECT_CODE(kUnavailable, Apply(store.get(), window));
  BalanceSum sum;
  EXPECT_CODE(kUnavailable, store->GetBalance({1, 1}, &sum));
  ASSERT_OK(server_->Restart());
  EXPECT_EQ((std::map<TenantId, Lsn>{{1, 4}}), Ahead(store.get()));
  ASSERT_OK(store->Recover());
  ASSERT_OK(Apply(store.get(), window));
  EXPECT_EQ(2 * kOne, OnHand(store.get(), {1, 1}));
  EXPECT_EQ(2 * kOne, OnHand(store.get(), {2, 1}));
  EXPECT_TRUE(Ahead(store.get()).empty());
}

TEST_F(FencingTest, SessionThatIsEndedIsReplaced) {
  const auto store = Initialised();
  EXPECT_EQ(1 * kOne, OnHand(store.get(), {1, 1}));
  Execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
      "current_database() AND pid <> pg_backend_pid()");
  EXPECT_EQ(1 * kOne, OnHand(store.get(), {1, 1}));  // a read is repeated
  const Status status = Apply(store.get(), SmallWindow(2, {{1, 1, 1}}));
  EXPECT_TRUE(status.Is(StatusCode::kTryAgain) || status.Is(StatusCode::kUnavailable))
      << status.ToString();
  ASSERT_OK(Apply(store.get(), SmallWindow(2, {{1, 1, 1}})));
  EXPECT_EQ(2 * kOne, OnHand(store.get(), {1, 1}));
}

TEST_F(FencingTest, ServerThatOnlyReadsIsUnavailableUntilItWritesAgain) {
  const auto store = Initialised();
  ASSERT_OK(
      server_->Execute("ALTER DATABASE " + database_ + " SET default_transaction_read_only = on"));
  Execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
      "current_database() AND pid <> pg_backend_pid()");
  EXPECT_FALSE(Apply(store.get(), SmallWindow(2, {{1, 1, 1}})).ok());
  EXPECT_CODE(kUnavailable, Apply(store.get(), SmallWindow(2, {{1, 1, 1}})));
  EXPECT_EQ(1 * kOne, OnHand(store.get(), {1, 1}));
  ASSERT_OK(
      server_->Execute("ALTER DATABASE " + database_ + " RESET default_transaction_read_only"));
  ASSERT_OK(store->Recover());
  ASSERT_OK(Apply(store.get(), SmallWindow(2, {{1, 1, 1}})));
}

}  // namespace
}  // namespace tallystone::testing
