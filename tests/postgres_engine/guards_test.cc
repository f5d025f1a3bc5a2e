// The guard in every statement: what comes late, or from a writer that was fenced, changes nothing.
//
// Each case is certain: were the guard missing in one statement only, its rows would differ.
#include <algorithm>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "postgres_engine/servers_fixture.h"
#include "store_support/store_contents.h"
#include "store_support/window_maker.h"

namespace tallystone::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kWindowsBefore = 12;  // so that the next one ends dead letters, too
constexpr milliseconds kHold(800);

class GuardsTest : public PostgresEngineTest {
 protected:
  // A store with twelve windows, and the oracle of it.
  void Prepare() {
    ASSERT_OK(databases_.front()->Empty());
    ASSERT_NO_FATAL_FAILURE(Open(&store_));
    oracle_ = std::make_unique<MemoryStore>();
    for (Store* store : {store_.get(), static_cast<Store*>(oracle_.get())}) {
      ASSERT_OK(store->Initialise(WindowMaker::EmptyMarker()));
      for (uint64_t number = 0; number < kWindowsBefore; ++number) {
        ASSERT_OK(store->Apply(maker_.Make(number), maker_.MarkerOf(number), nullptr));
      }
    }
  }
  void Open(std::unique_ptr<Store>* store) {
    PostgresStoreOptions options = databases_.front()->options();
    options.wait_ms_max = 20'000;
    ASSERT_OK(PostgresStore::Open(options, store));
    ASSERT_OK((*store)->TakeOver());
  }
  // The next COMMIT but `skip` arrives when its writer has come back and repeats it. Calls `write`
  // until it is done.
  template <typename Write>
  void WriteLate(uint64_t skip, const Write& write) {
    TcpProxy* proxy = databases_.front()->proxy();
    proxy->Arm({.kind = ProxyFault::Kind::kCutBlind, .skip = skip, .hold = kHold});
    const auto start = Clock::now();
    const Status lost = write();
    ASSERT_TRUE(lost.Is(StatusCode::kTryAgain)) << lost.ToString();
    ASSERT_FALSE(proxy->Disarm()) << "there is no such COMMIT";
    const auto cut = Clock::now();
    ASSERT_LT(cut - start, kHold) << "this machine is too slow for the test";
    // By then the server has done all before it, and holds the locks.
    std::this_thread::sleep_for(kHold / 4);
    ASSERT_OK(write());
    // It waited for the one that was under way.
    ASSERT_GT(Clock::now() - start, kHold);
  }

  const WindowMaker maker_{5, {.chunks = 6, .lines_per_chunk = 12, .tenants = 2, .items = 200}};
  std::unique_ptr<Store> store_;
  std::unique_ptr<MemoryStore> oracle_;
};

TEST_F(GuardsTest, ACommitThatArrivesAfterItsWriterCameBackBooksNothingTwice) {
  START_SERVERS(1);
  for (const uint64_t skip : {0, 1}) {
    SCOPED_TRACE("tenant " + std::to_string(skip + 1));
    ASSERT_NO_FATAL_FAILURE(Prepare());
    const SortedWindow window = maker_.Make(kWindowsBefore);
    const Marker marker = maker_.MarkerOf(kWindowsBefore);
    ASSERT_NO_FATAL_FAILURE(
        WriteLate(skip, [&] { return store_->Apply(window, marker, nullptr); }));
    ASSERT_OK(oracle_->Apply(window, marker, nullptr));
    EXPECT_EQ("", Difference(store_.get(), oracle_.get()));
  }
}

TEST_F(GuardsTest, ALateStepOfAKeyReplayIsNotBookedTwice) {
  START_SERVERS(1);
  ASSERT_NO_FATAL_FAILURE(Prepare());
  const SortedWindow window = maker_.Make(kWindowsBefore);
  const Marker marker = maker_.MarkerOf(kWindowsBefore);
  Marker progress = maker_.MarkerOf(kWindowsBefore - 1);
  progress.replay = ReplayProgress{window.last, {}, 0, {}};
  uint64_t late = 0;
  for (const KeyDelta& delta : window.deltas) {
    progress.replay->done = delta.key;
    ++progress.replay->keys_done;
    BalanceSum sum;
    const bool known = oracle_->GetBalance(delta.key, &sum).ok();
    // One that there is, and one that there is not.
    if ((late == 0 && known) || (late == 1 && progress.replay->keys_done > 5)) {
      ++late;
      ASSERT_NO_FATAL_FAILURE(WriteLate(0, [&] { return store_->ApplyKey(&delta, progress); }));
    } else {
      ASSERT_OK(store_->ApplyKey(&delta, progress));
    }
    ASSERT_OK(oracle_->ApplyKey(&delta, progress));
  }
  EXPECT_EQ(2u, late);
  ASSERT_NO_FATAL_FAILURE(WriteLate(1, [&] { return store_->ApplyRest(window, marker); }));
  ASSERT_OK(oracle_->ApplyRest(window, marker));
  EXPECT_EQ("", Difference(store_.get(), oracle_.get()));
}

TEST_F(GuardsTest, AFencedWriterChangesNoRowOfAnyTable) {
  START_SERVERS(1);
  ASSERT_NO_FATAL_FAILURE(Prepare());
  std::unique_ptr<Store> old_key;
  std::unique_ptr<Store> old_new_key;
  ASSERT_NO_FATAL_FAILURE(Open(&old_key));
  std::unique_ptr<Store> old_rest = std::move(store_);  // fenced by old_key already
  const SortedWindow window = maker_.Make(kWindowsBefore);
  const Marker marker = maker_.MarkerOf(kWindowsBefore);
  std::unique_ptr<Store> old_window;
  ASSERT_NO_FATAL_FAILURE(Open(&old_window));
  ASSERT_NO_FATAL_FAILURE(Open(&old_new_key));
  ASSERT_NO_FATAL_FAILURE(Open(&store_));
  EXPECT_CODE(kFenced, old_window->Apply(window, marker, nullptr));
  EXPECT_EQ("", Difference(store_.get(), oracle_.get())) << "after a window";
  EXPECT_CODE(kFenced, old_rest->ApplyRest(window, marker));
  EXPECT_EQ("", Difference(store_.get(), oracle_.get())) << "after the end of a key replay";
  Marker progress = maker_.MarkerOf(kWindowsBefore - 1);
  BalanceSum sum;
  const auto known =
      std::find_if(window.deltas.begin(), window.deltas.end(),
                   [&](const KeyDelta& d) { return oracle_->GetBalance(d.key, &sum).ok(); });
  const auto unknown =
      std::find_if(window.deltas.begin(), window.deltas.end(),
                   [&](const KeyDelta& d) { return !oracle_->GetBalance(d.key, &sum).ok(); });
  ASSERT_NE(known, window.deltas.end());
  ASSERT_NE(unknown, window.deltas.end()) << "the window must bring a key that is new";
  progress.replay = ReplayProgress{window.last, known->key, 1, {}};
  EXPECT_CODE(kFenced, old_key->ApplyKey(&*known, progress));
  EXPECT_EQ("", Difference(store_.get(), oracle_.get())) << "after a key";
  progress.replay->done = unknown->key;
  EXPECT_CODE(kFenced, old_new_key->ApplyKey(&*unknown, progress));
  EXPECT_EQ("", Difference(store_.get(), oracle_.get())) << "after a new key";
  ASSERT_OK(store_->Apply(window, marker, nullptr));
  ASSERT_OK(oracle_->Apply(window, marker, nullptr));
  EXPECT_EQ("", Difference(store_.get(), oracle_.get()));
}

}  // namespace
}  // namespace tallystone::testing
