// RocksStore under kill -9: marker and effects are one, whenever it happens (law L6).
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "store/crash_child.h"
#include "store/memory/memory_store.h"
#include "store/rocks/rocks_store.h"
#include "store/scratch_directory.h"
#include "store/status_matchers.h"
#include "store_support/store_contents.h"

namespace tallystone {
namespace {

using testing::Difference;
using testing::WindowMaker;

constexpr int kRounds = 30;
constexpr int64_t kDelayMinMicros = 30'000;  // before this, a child is still opening
constexpr int64_t kDelayMaxMicros = 160'000;

class RocksCrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.path = scratch_.File("store");
    options_.create = true;
    std::unique_ptr<Store> store;
    ASSERT_OK(RocksStore::Open(options_, &store));
    ASSERT_OK(store->Initialise(WindowMaker::EmptyMarker()));
    ASSERT_OK(oracle_.Initialise(WindowMaker::EmptyMarker()));
    ASSERT_OK(store->Close());
  }

  // Brings the oracle to the store's marker; then both must be equal.
  void ExpectWholeWindows() {
    std::unique_ptr<Store> store;
    ASSERT_OK(RocksStore::Open(options_, &store));
    Marker marker;
    ASSERT_OK(store->ReadMarker(&marker));
    ASSERT_FALSE(marker.replay.has_value());
    for (; windows_ < maker_.CountOf(marker); ++windows_) {
      ASSERT_OK(oracle_.Apply(maker_.Make(windows_), maker_.MarkerOf(windows_), nullptr));
    }
    ASSERT_EQ("", Difference(store.get(), &oracle_));
    std::vector<std::string> left;
    ASSERT_TRUE(std::filesystem::is_empty(options_.path + "/ingest"));
    ASSERT_OK(store->Close());
  }

  void KillStreams(size_t ingest_lines_min) {
    std::mt19937_64 random(std::random_device{}());
    int64_t slow = 1;  // times longer that children live: on a slow machine they need it to open
    for (int round = 0; round < kRounds; ++round) {
      if (round % 5 == 4 && windows_ == 0) {
        slow *= 2;
      }
      const int64_t delay =
          slow *
          (kDelayMinMicros + static_cast<int64_t>(random() % (kDelayMaxMicros - kDelayMinMicros)));
      SCOPED_TRACE("round " + std::to_string(round) + ", killed after " + std::to_string(delay) +
                   " microseconds");
      const pid_t child =
          testing::StartCrashChild({"stream", options_.path, std::to_string(ingest_lines_min)});
      std::this_thread::sleep_for(std::chrono::microseconds(delay));
      ASSERT_EQ(0, kill(child, SIGKILL));
      ASSERT_EQ(-SIGKILL, testing::WaitForCrashChild(child));
      ASSERT_NO_FATAL_FAILURE(ExpectWholeWindows());
    }
    EXPECT_GT(windows_, 0u) << "no child lived long enough to apply anything";
    RecordProperty("windows", static_cast<int>(windows_));
  }

  testing::ScratchDirectory scratch_;
  RocksStoreOptions options_;
  const WindowMaker maker_{testing::kCrashSeed, testing::CrashShape()};
  MemoryStore oracle_;
  uint64_t windows_ = 0;  // of the oracle
};

TEST_F(RocksCrashTest, KilledWhileLoadingSortedFiles) {
  KillStreams(0);
}

TEST_F(RocksCrashTest, KilledWhileWriting) {
  KillStreams(SIZE_MAX);
}

TEST_F(RocksCrashTest, KeyReplayKilledBehindEveryFewSteps) {
  uint64_t rounds = 0;
  int code = testing::kCrashExit;
  while (code == testing::kCrashExit) {
    code = testing::WaitForCrashChild(
        testing::StartCrashChild({"replay", options_.path, std::to_string(20 + rounds % 30)}));
    ++rounds;
  }
  ASSERT_EQ(0, code);
  EXPECT_GT(rounds, 10u);
  ExpectWholeWindows();
  EXPECT_EQ(1u, windows_);
}

}  // namespace
}  // namespace tallystone
