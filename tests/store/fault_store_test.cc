// The wrapper that other tests trust to fail.
#include "store_support/fault_store.h"

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"
#include "store/status_matchers.h"
#include "store_support/store_contents.h"
#include "store_support/window_maker.h"

namespace tallystone {
namespace {

using testing::Difference;
using testing::FaultStore;
using testing::WindowMaker;

class FaultStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(store_.Initialise(WindowMaker::EmptyMarker()));
    ASSERT_OK(oracle_.Initialise(WindowMaker::EmptyMarker()));
  }
  Status Apply() { return store_.Apply(maker_.Make(0), maker_.MarkerOf(0), nullptr); }

  const WindowMaker maker_{41};
  FaultStore store_{std::make_unique<MemoryStore>()};
  MemoryStore oracle_;
};

TEST_F(FaultStoreTest, RefusedKeyIsRejectedInWindowsAndSteps) {
  SortedWindow window = maker_.Make(0);
  const StockKey poison = window.deltas[3].key;
  store_.RefuseKey(poison);
  EXPECT_CODE(kRejected, Apply());
  EXPECT_EQ("", Difference(&store_, &oracle_));
  EXPECT_CODE(kRejected, store_.ApplyKey(&window.deltas[3], WindowMaker::EmptyMarker()));
  EXPECT_OK(store_.ApplyKey(&window.deltas[2], WindowMaker::EmptyMarker()));
  EXPECT_OK(store_.ApplyKey(nullptr, WindowMaker::EmptyMarker()));
  EXPECT_EQ(3u, store_.keys());
  window.deltas[3].rejected = true;
  EXPECT_OK(store_.Apply(window, maker_.MarkerOf(0), nullptr));
  store_.AllowAllKeys();
  EXPECT_OK(store_.ApplyKey(&window.deltas[3], maker_.MarkerOf(0)));
}

TEST_F(FaultStoreTest, FailedWritesDoNothingAndEnd) {
  store_.FailWrites(2, Status::IoError("disk"));
  EXPECT_CODE(kIoError, Apply());
  EXPECT_CODE(kIoError, store_.ApplyRest(maker_.Make(0), maker_.MarkerOf(0)));
  EXPECT_EQ("", Difference(&store_, &oracle_));
  EXPECT_OK(Apply());
  EXPECT_EQ(2u, store_.windows());
  EXPECT_EQ(1u, store_.rests());
}

TEST_F(FaultStoreTest, AmbiguousWriteHappensAndSaysOtherwise) {
  store_.FailWritesAfterApplying(1, Status::TryAgain("timed out"));
  EXPECT_CODE(kTryAgain, Apply());
  ASSERT_OK(oracle_.Apply(maker_.Make(0), maker_.MarkerOf(0), nullptr));
  EXPECT_EQ("", Difference(&store_, &oracle_));
}

TEST_F(FaultStoreTest, FaultsHitWhatTheyAreAimedAt) {
  const SortedWindow window = maker_.Make(0);
  store_.AimFaultsAt(FaultStore::Target::kKeys);
  store_.FailWrites(1, Status::NoSpace("full"));
  EXPECT_OK(Apply());
  EXPECT_CODE(kNoSpace, store_.ApplyKey(&window.deltas[0], maker_.MarkerOf(0)));
  store_.FailWrites(5, Status::NoSpace("full"));
  store_.StopFailing();
  EXPECT_OK(store_.ApplyKey(&window.deltas[0], maker_.MarkerOf(0)));
}

TEST_F(FaultStoreTest, ReadsAndRecoverFailAsTold) {
  Marker marker;
  store_.FailReads(Status::Unavailable("away"));
  EXPECT_CODE(kUnavailable, store_.ReadMarker(&marker));
  store_.FailReads(Status::Ok());
  EXPECT_OK(store_.ReadMarker(&marker));
  store_.FailRecover(1, Status::NoSpace("still full"));
  EXPECT_CODE(kNoSpace, store_.Recover());
  EXPECT_OK(store_.Recover());
  EXPECT_EQ(2u, store_.recoveries());
}

TEST_F(FaultStoreTest, CallbacksSeeEveryStepInOrder) {
  const SortedWindow window = maker_.Make(0);
  std::string seen;
  store_.OnBeforeKey([&](uint64_t step, const StockKey* key) {
    seen += "<" + std::to_string(step) + (key != nullptr ? "k" : "-");
  });
  store_.OnAfterKey([&](uint64_t step, const StockKey*) { seen += std::to_string(step) + ">"; });
  store_.OnBeforeWindow([&] { seen += "["; });
  store_.OnAfterWindow([&] { seen += "]"; });
  EXPECT_OK(store_.ApplyKey(&window.deltas[0], maker_.MarkerOf(0)));
  EXPECT_OK(store_.ApplyKey(nullptr, maker_.MarkerOf(0)));
  EXPECT_OK(store_.ApplyRest(window, maker_.MarkerOf(0)));
  EXPECT_EQ("<0k0><1-1>[]", seen);
}

}  // namespace
}  // namespace tallystone
