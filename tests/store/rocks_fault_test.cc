// RocksStore on a file system that fails: nothing is lost, nothing is half done, and Recover works.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "store/fault_env.h"
#include "store/memory/memory_store.h"
#include "store/rocks/rocks_store.h"
#include "store/scratch_directory.h"
#include "store/status_matchers.h"
#include "store_support/store_contents.h"
#include "store_support/window_maker.h"

namespace tallystone {
namespace {

using testing::Difference;
using testing::ReadContents;
using testing::WindowMaker;

// The way of a window: written or loaded.
class RocksFaultTest : public ::testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    ASSERT_OK(oracle_.Initialise(WindowMaker::EmptyMarker()));
    options_.path = scratch_.File("store");
    options_.create = true;
    options_.ingest_lines_min = GetParam();
    options_.env = env_.get();
    ASSERT_OK(RocksStore::Open(options_, &store_));
    ASSERT_OK(store_->Initialise(WindowMaker::EmptyMarker()));
  }

  Status Apply(uint64_t number) {
    return store_->Apply(Make(number), maker_.MarkerOf(number), nullptr);
  }
  Status ApplyToOracle(uint64_t number) {
    return oracle_.Apply(Make(number), maker_.MarkerOf(number), nullptr);
  }

  // With dead letters that fill several blocks of a file.
  [[nodiscard]] SortedWindow Make(uint64_t number) const {
    SortedWindow window = maker_.Make(number);
    std::mt19937_64 random(number);
    for (uint64_t line = 1; line <= long_letters_; ++line) {
      StoredDeadLetter letter;
      letter.cause = Outcome::kBadColumns;
      letter.lsn = window.last;
      for (int piece = 0; piece < 250; ++piece) {
        letter.raw += std::to_string(random());
      }
      window.dead_letters.push_back({{999, "z", number * 1000 + line}, letter});
    }
    return window;
  }

  // After a failure that is over: the store recovers, has the window or has it not, and takes it if
  // not.
  void ExpectRecovers(uint64_t number) {
    ASSERT_OK(store_->Recover());
    Marker marker;
    ASSERT_OK(store_->ReadMarker(&marker));
    if (maker_.CountOf(marker) == number) {
      ASSERT_EQ("", Difference(store_.get(), &oracle_)) << "half a window";
      ASSERT_OK(Apply(number));
    }
    ASSERT_OK(ApplyToOracle(number));
    ASSERT_EQ("", Difference(store_.get(), &oracle_));
  }

  testing::ScratchDirectory scratch_;
  std::shared_ptr<testing::FaultFiles> files_ = std::make_shared<testing::FaultFiles>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(files_);
  RocksStoreOptions options_;
  const WindowMaker maker_{11};
  uint64_t long_letters_ = 0;
  MemoryStore oracle_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Ways, RocksFaultTest, ::testing::Values(SIZE_MAX, 0),
                         [](const auto& way) { return way.param == 0 ? "Loaded" : "Written"; });

// The n-th change of a file fails, for every n until none is left to fail. A sync that fails has
// happened all the same: the worst case, in which a record that names files is on the device.
TEST_P(RocksFaultTest, EveryChangeOfAFileFailsOnce) {
  uint64_t number = 0;
  std::map<std::string, int> failed;
  for (uint64_t change = 0;; ++change, ++number) {
    files_->WaitUntilQuiet();
    files_->FailAt(change, rocksdb::IOStatus::IOError("injected"), false);
    const Status status = Apply(number);
    const bool hit = files_->hits() > 0;
    files_->StopFailing();
    SCOPED_TRACE("change " + std::to_string(change) + ": " + files_->failed() + ": " +
                 status.ToString());
    if (status.ok() && !hit) {
      break;
    }
    if (hit) {
      ++failed[files_->failed().substr(0, files_->failed().find_last_of(" -"))];
    }
    if (status.ok()) {  // a background job met it, or nothing depends on it
      ASSERT_OK(ApplyToOracle(number));
      ASSERT_EQ("", Difference(store_.get(), &oracle_));
    } else {  // without a hit: a background job met the one before
      EXPECT_EQ(StatusCode::kIoError, status.code());
      ASSERT_NO_FATAL_FAILURE(ExpectRecovers(number));
    }
    ASSERT_LT(change, 500u);
  }
  EXPECT_FALSE(failed.empty());
  store_.reset();
  ASSERT_OK(RocksStore::Open(options_, &store_));
  ASSERT_OK(ApplyToOracle(number));
  EXPECT_EQ("", Difference(store_.get(), &oracle_));
}

// RocksDB 7.8.3 takes a file that it cannot read for one without keys, and one of which it can read
// the first block and not the last ends the process.
TEST_P(RocksFaultTest, EveryReadOfAFileToBeLoadedFailsOnce) {
  long_letters_ = 60;
  uint64_t number = 0;
  for (uint64_t read = 0;; ++read, ++number) {
    ASSERT_LT(read, 500u);
    files_->FailIngestReadAt(read);
    const Status status = Apply(number);
    const bool hit = files_->hits() > 0;
    files_->StopFailing();
    SCOPED_TRACE("read " + std::to_string(read) + ": " + files_->failed() + ": " +
                 status.ToString());
    if (!hit) {
      EXPECT_EQ(GetParam() == 0, read > 10);
      break;
    }
    if (status.ok()) {
      ASSERT_OK(ApplyToOracle(number));
      ASSERT_EQ("", Difference(store_.get(), &oracle_));
    } else {
      EXPECT_EQ(StatusCode::kIoError, status.code());
      ASSERT_NO_FATAL_FAILURE(ExpectRecovers(number));
    }
  }
  ASSERT_OK(ApplyToOracle(number));
  EXPECT_EQ("", Difference(store_.get(), &oracle_));
}

TEST_P(RocksFaultTest, FileWhoseBitsChangedSinceItWasWrittenIsNotLoaded) {
  uint64_t number = 0;
  uint64_t refused = 0;
  for (const char* name : {"default.sst", "balances.sst", "blocks.sst", "postings.sst"}) {
    for (const double part : {0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.999}) {
      files_->FlipIngestFile(name, part);
      const Status status = Apply(number);
      const bool hit = files_->hits() > 0;
      files_->StopFailing();
      SCOPED_TRACE(std::string(name) + " at " + std::to_string(part) + ": " + status.ToString());
      if (status.ok()) {  // nothing depends on the bit, or nobody read it
        ASSERT_OK(ApplyToOracle(number));
        ASSERT_EQ("", Difference(store_.get(), &oracle_));
      } else {
        ASSERT_TRUE(hit);
        ASSERT_NO_FATAL_FAILURE(ExpectRecovers(number));
        ++refused;
      }
      ++number;
    }
  }
  EXPECT_EQ(GetParam() == 0, refused > 20);
}

TEST_P(RocksFaultTest, FullDeviceIsNoSpaceUntilThereIsSpace) {
  for (uint64_t number = 0; number < 12; ++number) {
    files_->FailAt(number * 2, rocksdb::IOStatus::NoSpace("injected"), true);
    const Status status = Apply(number);
    if (status.ok()) {  // it needed fewer changes
      files_->StopFailing();
      ASSERT_OK(ApplyToOracle(number));
      ASSERT_OK(store_->Recover());
      continue;
    }
    EXPECT_EQ(StatusCode::kNoSpace, status.code()) << status.ToString();
    EXPECT_CODE(kNoSpace, store_->Recover());
    Marker marker;
    EXPECT_FALSE(store_->ReadMarker(&marker).ok());
    EXPECT_CODE(kUnavailable, Apply(number));
    files_->StopFailing();
    ASSERT_NO_FATAL_FAILURE(ExpectRecovers(number)) << "window " << number;
  }
}

TEST_P(RocksFaultTest, FailingKeyStepIsSettledByTheMarker) {
  const SortedWindow window = maker_.Make(0);
  Marker progress = WindowMaker::EmptyMarker();
  progress.replay = ReplayProgress{window.last, {}, 0, {}};
  for (const KeyDelta& delta : window.deltas) {
    progress.replay->done = delta.key;
    ++progress.replay->keys_done;
    files_->FailAt(progress.replay->keys_done % 2, rocksdb::IOStatus::IOError("injected"), true);
    EXPECT_CODE(kIoError, store_->ApplyKey(&delta, progress));
    files_->StopFailing();
    ASSERT_OK(store_->Recover());
    Marker marker;
    ASSERT_OK(store_->ReadMarker(&marker));
    if (marker != progress) {
      ASSERT_OK(store_->ApplyKey(&delta, progress));
    }
  }
  ASSERT_OK(store_->ApplyRest(window, maker_.MarkerOf(0)));
  ASSERT_OK(ApplyToOracle(0));
  EXPECT_EQ("", Difference(store_.get(), &oracle_));
}

TEST_P(RocksFaultTest, RecoverWaitsForViewsAndLeavesThemWhole) {
  ASSERT_OK(Apply(0));
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store_->NewView(&view));
  MemoryState before, after;
  ASSERT_OK(ReadContents(view.get(), &before));
  EXPECT_CODE(kTryAgain, store_->Recover());
  ASSERT_OK(ReadContents(view.get(), &after));
  EXPECT_EQ("", Difference(before, after));
  view.reset();
  ASSERT_OK(store_->Recover());
  ASSERT_OK(Apply(1));
}

}  // namespace
}  // namespace tallystone
