// Group commit: many threads, one order, shared syncs; the first failure stops the log.
#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "batchlog/log_fixture.h"

namespace tallystone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class LogGroupTest : public LogTest {};

TEST_F(LogGroupTest, EightThreadsAllDurableEachOnceInOrder) {
  constexpr int kThreads = 8;
  constexpr int kRecords = 300;
  options_.segment_bytes = 64u << 10;
  Open();
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int record = 0; record < kRecords; ++record) {
        Lsn lsn = 0;
        const auto payload = std::make_shared<const std::string>(
            std::to_string(thread) + ":" + std::to_string(record) +
            std::string(static_cast<size_t>(record) % 700, '.'));
        const bool good =
            log_->Append(payload, &lsn).ok() && log_->Sync(lsn).ok() && log_->durable() >= lsn;
        wrong += good ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  ASSERT_THAT(durable_, SizeIs(kThreads * kRecords));
  for (size_t index = 0; index < durable_.size(); ++index) {
    ASSERT_EQ(durable_[index].first, index + 1);
  }
  const std::vector<Entry> expected = durable_;
  log_.reset();
  disk_.Crash(FaultFileSystem::Keep::kNothing);
  Open();
  EXPECT_EQ(replayed_, expected);
}

TEST_F(LogGroupTest, RecordsThatWaitTogetherShareASync) {
  Open();
  Append("one");
  Append("two");
  const Lsn last = Append("three");
  EXPECT_EQ(log_->syncs(), 0u);
  EXPECT_OK(log_->Sync(last));
  EXPECT_EQ(log_->syncs(), 1u);
  EXPECT_OK(log_->Sync(1));
  EXPECT_EQ(log_->syncs(), 1u);
}

// Law L9.
TEST_F(LogGroupTest, AppendsThatNobodySyncsAreWrittenWhenMuchWaits) {
  options_.segment_bytes = 8u << 20;
  Open();
  const auto payload = std::make_shared<const std::string>(100'000, 'x');
  for (int record = 0; record < 40; ++record) {
    Lsn lsn = 0;
    ASSERT_OK(log_->Append(payload, &lsn));
    EXPECT_LE(log_->last() - log_->durable(), 11u);
  }
  EXPECT_GE(log_->syncs(), 3u);
}

TEST_F(LogGroupTest, FailedSyncStopsTheLogForGood) {
  Open();
  AppendSynced("one");
  const Lsn lsn = Append("two");
  disk_.FailAt(1, Status::IoError("cannot sync: the disk is on fire"));  // after the write
  EXPECT_CODE(kIoError, log_->Sync(lsn));
  const Status again = log_->Sync(lsn);
  EXPECT_CODE(kUnavailable, again);
  EXPECT_THAT(again.message(), HasSubstr("the disk is on fire"));
  Lsn next = 0;
  EXPECT_CODE(kUnavailable, log_->Append(std::make_shared<const std::string>("three"), &next));
  EXPECT_CODE(kIoError, log_->status());
  EXPECT_OK(log_->Sync(1));
  EXPECT_EQ(log_->durable(), 1u);
  EXPECT_THAT(durable_, ElementsAre(Entry(1, "one")));
}

TEST_F(LogGroupTest, FullDiskIsSaidAsSuch) {
  Open();
  disk_.FailAt(0, Status::NoSpace("cannot write: No space left on device"));
  const Lsn lsn = Append("one");
  EXPECT_CODE(kNoSpace, log_->Sync(lsn));
  EXPECT_CODE(kUnavailable, log_->Sync(lsn));
}

TEST_F(LogGroupTest, EveryoneWhoWaitsForAFailedGroupHearsTheCause) {
  Open();
  std::atomic<int> appended = 0;
  disk_.SetHook([&](FileOperation operation, const std::string&) {
    while (operation == FileOperation::kSync && appended < 4) {
      std::this_thread::yield();
    }
    return operation == FileOperation::kSync ? Status::IoError("no sync today") : Status::Ok();
  });
  std::vector<std::thread> threads;
  std::atomic<int> heard = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      Lsn lsn = 0;
      const Status put = log_->Append(std::make_shared<const std::string>("x"), &lsn);
      ++appended;
      const Status status = put.ok() ? log_->Sync(lsn) : put;
      heard += status.message().find("no sync today") != std::string::npos ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(heard, 4);
  EXPECT_THAT(durable_, SizeIs(0));
}

// Releasing while others append: the drain and the callers.
TEST_F(LogGroupTest, ReleaseBesideAppends) {
  Open();
  std::atomic<bool> done = false;
  std::thread drain([&] {
    while (!done) {
      EXPECT_OK(log_->Release(log_->durable()));
      std::this_thread::yield();
    }
  });
  Fill(1, 400);
  done = true;
  drain.join();
  EXPECT_OK(log_->Release(399));
  EXPECT_GE(log_->first(), 399u);
  Open(400);
  EXPECT_EQ(log_->last(), 400u);
}

}  // namespace
}  // namespace tallystone
