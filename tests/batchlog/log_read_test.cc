// Looking at a log that someone else writes, recycles, or left behind.
#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "batchlog/log_fixture.h"

namespace tallystone {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class LogReadTest : public LogTest {
 protected:
  std::vector<Entry> read_;
  LogTail tail_;
};

TEST_F(LogReadTest, SeesWhatTheWriterWroteAndChangesNothing) {
  Open();
  Fill(1, 3);
  const uint64_t before = disk_.operations();
  ASSERT_OK(TryRead(1, &read_, &tail_));
  EXPECT_THAT(read_,
              ElementsAre(Entry(2, LargePayload("record 2")), Entry(3, LargePayload("record 3"))));
  EXPECT_EQ(tail_.first, 1u);
  EXPECT_EQ(tail_.last, 3u);
  EXPECT_EQ(disk_.operations(), before);
}

TEST_F(LogReadTest, NoLogIsAnEmptyLog) {
  ASSERT_OK(TryRead(0, &read_, &tail_));
  EXPECT_THAT(read_, IsEmpty());
  EXPECT_EQ(tail_.last, 0u);
  EXPECT_CODE(kCorruption, TryRead(1, &read_, &tail_));
  EXPECT_FALSE(disk_.Exists(kLogDirectory));
}

TEST_F(LogReadTest, RangeThatWasReleasedMeanwhileIsToBeTriedAgain) {
  Open();
  Fill(1, 5);
  ASSERT_OK(log_->Release(4));
  EXPECT_CODE(kTryAgain, TryRead(0, &read_, &tail_));
  EXPECT_OK(TryRead(4, &read_, &tail_));
}

TEST_F(LogReadTest, SegmentThatVanishesWhileItIsReadIsToBeTriedAgain) {
  Open();
  Fill(1, 5);
  bool released = false;
  disk_.SetHook([&](FileOperation operation, const std::string& path) {
    if (operation == FileOperation::kOpen && path == PathOfSegment(3) && !released) {
      released = true;
      EXPECT_OK(log_->Release(4));
      Fill(6, 9);  // and writes over what was released
    }
    return Status::Ok();
  });
  const Status status = TryRead(0, &read_, &tail_);
  EXPECT_CODE(kTryAgain, status);
  EXPECT_TRUE(released);
  for (const Entry& entry : read_) {
    EXPECT_EQ(entry.second, LargePayload("record " + std::to_string(entry.first)));
  }
}

TEST_F(LogReadTest, ErrorOfTheReaderIsItsOwn) {
  Open();
  Fill(1, 1);
  const Status status = BatchLog::Read(
      options_, kLogDirectory, kDatabaseId, 0,
      [](const LoggedChunk&) { return Status::Corruption("not a chunk"); }, &tail_);
  EXPECT_EQ(status.ToString(), "corruption: not a chunk");
}

// The reader may be asked to try again, but never sees wrong data or damage.
TEST_F(LogReadTest, BesideABusyWriterThatRecycles) {
  Open();
  std::atomic<bool> done = false;
  std::atomic<Lsn> applied = 0;
  std::thread writer([&] {
    for (int round = 0; round < 300; ++round) {
      Fill(round * 5 + 1, round * 5 + 5);
      const Lsn durable = log_->durable();
      applied = durable - std::min<Lsn>(durable, 7);
      EXPECT_OK(log_->Release(applied));
    }
    done = true;
  });
  int complete = 0;
  while (!done) {
    const Lsn after = applied;
    const Status status = TryRead(after, &read_, &tail_);
    ASSERT_TRUE(status.ok() || status.Is(StatusCode::kTryAgain)) << status.ToString();
    Lsn lsn = after;
    for (const Entry& entry : read_) {
      EXPECT_EQ(entry.first, ++lsn);
      EXPECT_EQ(entry.second, LargePayload("record " + std::to_string(lsn)));
    }
    complete += status.ok() ? 1 : 0;
  }
  writer.join();
  EXPECT_GT(complete, 0);
}

}  // namespace
}  // namespace tallystone
