// Walking past damage, and beside a writer, on a disk in memory.
#include "batchlog/log_walk.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

#include "batchlog/log_fixture.h"

namespace tallystone {
namespace {

using batchlog::LogStep;
using batchlog::LogStepKind;
using batchlog::LogWalk;

class LogWalkTest : public LogTest {
 protected:
  // "[1 1 2 [2 3 D4-4]": segments, records, damage, a torn tail, released segments.
  std::string Walk() {
    LogWalk walk(&disk_, kLogDirectory, kDatabaseId);
    std::string shape;
    for (LogStep step;;) {
      const Status status = walk.Next(&step);
      EXPECT_OK(status);
      if (!status.ok() || step.kind == LogStepKind::kEnd) {
        return shape;
      }
      shape += shape.empty() ? "" : " ";
      switch (step.kind) {
        case LogStepKind::kSegment:
          shape += "[" + std::to_string(step.sequence);
          break;
        case LogStepKind::kRecord:
          EXPECT_EQ(step.payload, LargePayload("record " + std::to_string(step.lsn)));
          shape += std::to_string(step.lsn);
          break;
        case LogStepKind::kDamage:
          damage_ = step;
          shape += "D" + std::to_string(step.first_lost) + "-" + std::to_string(step.last_lost);
          break;
        case LogStepKind::kTornTail:
          shape += "torn";
          break;
        case LogStepKind::kReleased:
          shape += "released";
          break;
        case LogStepKind::kEnd:
          break;
      }
    }
  }
  static size_t OffsetOf(int record) {
    return batchlog::kSegmentHeaderBytes +
           static_cast<size_t>(record) * batchlog::RecordBytes(LargePayload("").size());
  }

  LogStep damage_;
};

TEST_F(LogWalkTest, NoLogHasNoSteps) {
  EXPECT_EQ(Walk(), "");
}

TEST_F(LogWalkTest, EveryRecordInOrder) {
  Open();
  Fill(1, 5);
  EXPECT_EQ(Walk(), "[1 1 2 [2 3 4 [3 5");
}

TEST_F(LogWalkTest, DamagedRecordBeforeAnotherOfItsSegment) {
  Open();
  Fill(1, 5);
  FlipByte(1, OffsetOf(0) + 100);
  EXPECT_EQ(Walk(), "[1 D1-1 2 [2 3 4 [3 5");
  EXPECT_EQ(damage_.offset, OffsetOf(0));
  EXPECT_EQ(damage_.end_offset, OffsetOf(1));
}

TEST_F(LogWalkTest, DamagedLastRecordOfASegmentThatIsNotTheNewest) {
  Open();
  Fill(1, 5);
  FlipByte(1, OffsetOf(1) + 4);  // its size
  EXPECT_EQ(Walk(), "[1 1 D2-2 [2 3 4 [3 5");
}

TEST_F(LogWalkTest, SeveralDamagedPlaces) {
  Open();
  Fill(1, 7);
  FlipByte(1, OffsetOf(0));
  FlipByte(2, OffsetOf(0) + 50);
  FlipByte(2, OffsetOf(1) + 50);
  EXPECT_EQ(Walk(), "[1 D1-1 2 [2 D3-4 [3 5 6 [4 7");
}

TEST_F(LogWalkTest, DamageInTheNewestSegmentThatALaterRecordAttests) {
  Open();
  Fill(1, 2);
  FlipByte(1, OffsetOf(0) + 50);
  EXPECT_EQ(Walk(), "[1 D1-1 2");
}

TEST_F(LogWalkTest, LastRecordThatNothingAttestsIsTorn) {
  Open();
  Fill(1, 2);
  FlipByte(1, OffsetOf(1) + 50);
  EXPECT_EQ(Walk(), "[1 1 torn");
}

TEST_F(LogWalkTest, CutFileLosesWhatTheNextSegmentAttests) {
  Open();
  Fill(1, 3);
  Shrink(1, OffsetOf(0) + 10);
  EXPECT_EQ(Walk(), "[1 D1-2 [2 3");
}

TEST_F(LogWalkTest, HeadersThatCannotBeReadHideNoRecord) {
  Open();
  Fill(1, 7);
  FlipByte(1, 20);
  EXPECT_EQ(Walk(), "D0-0 [1 1 2 [2 3 4 [3 5 6 [4 7");
  EXPECT_TRUE(damage_.nothing_lost);
  FlipByte(2, 20);
  EXPECT_EQ(Walk(), "D0-0 [1 1 2 D0-0 [2 3 4 [3 5 6 [4 7");
  FlipByte(4, 20);
  EXPECT_EQ(Walk(), "D0-0 [1 1 2 D0-0 [2 3 4 [3 5 6 D0-0 [4 7");
  EXPECT_TRUE(damage_.nothing_lost);
  // With the first record behind them: nobody knows what the first one of all was.
  FlipByte(1, OffsetOf(0) + 50);
  EXPECT_EQ(Walk(), "D0-1 [1 2 D0-0 [2 3 4 [3 5 6 D0-0 [4 7");
  FlipByte(2, OffsetOf(0) + 50);
  EXPECT_EQ(Walk(), "D0-1 [1 2 D3-3 [2 4 [3 5 6 D0-0 [4 7");
  EXPECT_TRUE(damage_.nothing_lost);
  FlipByte(4, OffsetOf(0) + 50);
  EXPECT_EQ(Walk(), "D0-1 [1 2 D3-3 [2 4 [3 5 6 D7-0");
  EXPECT_FALSE(damage_.nothing_lost);
}

TEST_F(LogWalkTest, SegmentsThatAreAllZeros) {
  Open();
  Fill(1, 7);
  const auto clear = [&](uint64_t sequence) {
    disk_.SetContents(PathOfSegment(sequence), std::string(Bytes(sequence).size(), '\0'));
  };
  clear(1);
  EXPECT_EQ(Walk(), "D0-2 [2 3 4 [3 5 6 [4 7");
  clear(2);
  EXPECT_EQ(Walk(), "D0-4 D0-4 [3 5 6 [4 7");
  clear(4);
  EXPECT_EQ(Walk(), "D0-4 D0-4 [3 5 6 D7-0");
}

TEST_F(LogWalkTest, WhatStandsBehindACutIsDeadWithoutHeadersToo) {
  Open();
  Fill(1, 2);
  FlipByte(1, OffsetOf(1) + 50);
  Open();
  Fill(2, 3);
  FlipByte(1, 20);
  EXPECT_EQ(Walk(), "D0-0 [1 1 [2 2 3");
  FlipByte(2, 20);
  EXPECT_EQ(Walk(), "D0-0 [1 1 D0-0 [2 2 3");
}

TEST_F(LogWalkTest, SegmentThatIsMissing) {
  Open();
  Fill(1, 5);
  ASSERT_OK(disk_.Remove(PathOfSegment(2)));
  EXPECT_EQ(Walk(), "[1 1 2 D3-4 [3 5");
}

TEST_F(LogWalkTest, SegmentUnderTheNameOfAnother) {
  Open();
  Fill(1, 5);
  disk_.SetContents(PathOfSegment(2), Bytes(1));
  EXPECT_EQ(Walk(), "[1 1 2 D3-4 [3 5");
}

TEST_F(LogWalkTest, WhatStandsBehindACutIsDead) {
  Open();
  Fill(1, 2);
  FlipByte(1, OffsetOf(1) + 50);
  Open();
  Fill(2, 3);
  EXPECT_EQ(Walk(), "[1 1 [2 2 3");
}

TEST_F(LogWalkTest, SegmentThatIsReleasedWhileItIsReadIsNotDamage) {
  Open();
  Fill(1, 5);
  for (const int at : {1, 2, 3}) {
    bool released = false;
    disk_.SetHook([&](FileOperation operation, const std::string& path) {
      if (operation == FileOperation::kOpen && path == PathOfSegment(static_cast<uint64_t>(at)) &&
          !released) {
        released = true;
        EXPECT_OK(log_->Release(log_->durable() - 1));
        const auto next = static_cast<int>(log_->last()) + 1;
        Fill(next, next + 4);  // over what was released
      }
      return Status::Ok();
    });
    const std::string shape = Walk();
    disk_.SetHook(nullptr);
    EXPECT_EQ(shape.find('D'), std::string::npos) << at << ": " << shape;
    EXPECT_TRUE(released || at > 1);
  }
}

// The walk may be told that segments were released, but sees no damage, and no gap elsewhere.
TEST_F(LogWalkTest, BesideABusyWriterThatRecycles) {
  Open();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int round = 0; round < 300; ++round) {
      Fill(round * 5 + 1, round * 5 + 5);
      EXPECT_OK(log_->Release(log_->durable() - std::min<Lsn>(log_->durable(), 7)));
    }
    done = true;
  });
  int walks = 0;
  do {
    const std::string shape = Walk();
    EXPECT_EQ(shape.find('D'), std::string::npos) << shape << "\n" << damage_.what;
    ++walks;
  } while (!done);
  writer.join();
  EXPECT_GT(walks, 0);
}

}  // namespace
}  // namespace tallystone
