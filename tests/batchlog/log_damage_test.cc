// Damage: every byte of a small log, flipped or cut off. What comes back is always a prefix of what
// was written; what a later record or segment attests is never cut, but refused, and then nothing
// is changed.
#include <gmock/gmock.h>

#include "batchlog/log_fixture.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class LogDamageTest : public LogTest {
 protected:
  // Records 1..6 in segments 1..3; then, in segment 3, records of one group that nothing attests.
  void SetUp() override {
    Open();
    Fill(1, 4);
    AppendSynced(LargePayload("record 5"));
    AppendSynced("record 6");
    Append("record 7");
    Append("record 8 has a few bytes more");
    AppendSynced("record 9");
    written_ = durable_;
    log_.reset();
    for (const std::string& path : disk_.Paths()) {
      files_.emplace_back(path, disk_.Contents(path).value());
    }
    ASSERT_EQ(files_.size(), 3u);
  }
  static constexpr Lsn kAttested = 6;

  void Restore() {
    for (const std::string& path : disk_.Paths()) {
      EXPECT_OK(disk_.Remove(path));
    }
    disk_.Crash(FaultFileSystem::Keep::kEverything);
    for (const auto& [path, bytes] : files_) {
      disk_.SetContents(path, bytes);
    }
  }

  // Opens the damaged log. Returns the last LSN that was read back, or nullopt if it was refused.
  std::optional<Lsn> OpenDamaged(const std::string& what) {
    std::vector<Entry> read;
    LogTail tail;
    const Status looked = TryRead(0, &read, &tail);
    const uint64_t before = disk_.operations();
    const Status opened = TryOpen();
    EXPECT_EQ(looked.code(), opened.code()) << what << ": " << looked.ToString();
    if (!opened.ok()) {
      EXPECT_TRUE(opened.Is(StatusCode::kCorruption) || opened.Is(StatusCode::kFormatMismatch))
          << what << ": " << opened.ToString();
      EXPECT_THAT(opened.message(), HasSubstr(".log")) << what;
      EXPECT_EQ(disk_.operations(), before) << what << ": something was changed";
      return std::nullopt;
    }
    EXPECT_TRUE(read == replayed_) << what;
    EXPECT_LE(replayed_.size(), written_.size()) << what;
    const size_t count = std::min(replayed_.size(), written_.size());
    EXPECT_TRUE(std::equal(replayed_.begin(),
                           replayed_.begin() + static_cast<std::ptrdiff_t>(count),
                           written_.begin()))
        << what << ": wrong data";
    return replayed_.size();
  }

  std::vector<Entry> written_;
  std::vector<std::pair<std::string, std::string>> files_;
};

TEST_F(LogDamageTest, FlippedBitAnywhereIsRefusedOrCutsWhatNothingAttests) {
  size_t refused = 0;
  size_t cut = 0;
  for (const auto& [path, bytes] : files_) {
    for (size_t offset = 0; offset < bytes.size(); ++offset) {
      std::string damaged = bytes;
      damaged[offset] = static_cast<char>(damaged[offset] ^ (1 << (offset % 8)));
      Restore();
      disk_.SetContents(path, damaged);
      const auto last = OpenDamaged(path + " at " + std::to_string(offset));
      refused += last.has_value() ? 0 : 1;
      if (last.has_value() && *last < written_.size()) {
        ++cut;
        ASSERT_GE(*last, kAttested) << path << " at " << offset;
      }
      // A header block is covered whole.
      ASSERT_FALSE(offset < batchlog::kSegmentHeaderBytes && last.has_value()) << path << offset;
    }
  }
  // Headers of 3 segments and records 1..6 but their padding; then the records of the last group.
  EXPECT_GT(refused, 3 * batchlog::kSegmentHeaderBytes + 4 * 1740);
  EXPECT_GE(cut, 3 * batchlog::kRecordHeaderBytes + 8 + 29 + 8);
}

TEST_F(LogDamageTest, FileCutOffAnywhereIsRefusedOrLosesWhatNothingAttests) {
  for (const auto& [path, bytes] : files_) {
    for (size_t size = 0; size < bytes.size(); size += 3) {
      Restore();
      disk_.SetContents(path, std::string_view(bytes).substr(0, size));
      const auto last = OpenDamaged(path + " cut to " + std::to_string(size));
      // The newest segment alone cannot say how many records it had; the others are attested whole.
      const bool newest = path == files_.back().first;
      ASSERT_FALSE(last.has_value() && *last < written_.size() && !newest) << path << size;
      ASSERT_FALSE(last.has_value() && size < batchlog::kSegmentHeaderBytes) << path << size;
    }
  }
}

TEST_F(LogDamageTest, RecordBeforeADurableOneIsNamedWithItsPosition) {
  FlipByte(3, batchlog::kSegmentHeaderBytes + batchlog::kRecordHeaderBytes + 5);
  const Status status = TryOpen();
  EXPECT_CODE(kCorruption, status);
  EXPECT_THAT(status.message(), HasSubstr("log/0000000003.log at byte 4096: record 5"));
}

TEST_F(LogDamageTest, MissingSegmentInTheMiddleIsRefused) {
  ASSERT_OK(disk_.Remove(PathOfSegment(2)));
  EXPECT_EQ(OpenDamaged("without segment 2"), std::nullopt);
}

TEST_F(LogDamageTest, SegmentUnderAnotherNumberIsRefused) {
  ASSERT_OK(disk_.Rename(PathOfSegment(3), PathOfSegment(4)));
  EXPECT_EQ(OpenDamaged("segment 3 named 4"), std::nullopt);
}

// With a checksum that is right: somebody made it.
TEST_F(LogDamageTest, SegmentOfASizeThatItCannotHaveIsRefused) {
  batchlog::SegmentHeader header;
  const std::string bytes = Bytes(3);
  ASSERT_OK(batchlog::DecodeSegmentHeader(bytes, PathOfSegment(3), &header));
  const auto open_with = [&](uint32_t segment_bytes) {
    header.bytes = segment_bytes;
    Restore();
    disk_.SetContents(PathOfSegment(3), batchlog::EncodeSegmentHeader(header) +
                                            bytes.substr(batchlog::kSegmentHeaderBytes));
    return TryOpen();
  };
  constexpr uint32_t kMax = limits::kSegmentBytesMax;
  constexpr uint32_t kMin = batchlog::kSegmentHeaderBytes;
  for (const uint32_t impossible : {kMax + 1, UINT32_MAX, kMin - 1, uint32_t{0}}) {
    const Status status = open_with(impossible);
    EXPECT_CODE(kCorruption, status);
    EXPECT_THAT(status.message(),
                HasSubstr("log/0000000003.log at byte 12: the segment says that"));
  }
  EXPECT_OK(open_with(kMax));
  EXPECT_EQ(replayed_.size(), written_.size());
}

TEST_F(LogDamageTest, TornTailIsCutAndReported) {
  const size_t record_9 = Bytes(3).find("record 9");
  FlipByte(3, record_9);
  Open();
  EXPECT_THAT(replayed_, SizeIs(8));
  EXPECT_TRUE(log_->opened().torn);
  EXPECT_EQ(log_->opened().torn_at,
            "0000000003.log at byte " + std::to_string(record_9 - batchlog::kRecordHeaderBytes));
  EXPECT_EQ(log_->opened().last, 8u);
}

// What was cut must stay dead, also when the bytes become readable again.
TEST_F(LogDamageTest, CutRecordsNeverComeBack) {
  const std::string sound = Bytes(3);
  FlipByte(3, sound.find("record 7"));
  Open();
  ASSERT_THAT(replayed_, SizeIs(6));
  AppendSynced("another record 7");
  log_.reset();
  disk_.SetContents(PathOfSegment(3), sound);
  Open();
  ASSERT_THAT(replayed_, SizeIs(7));
  EXPECT_EQ(replayed_.back(), Entry(7, "another record 7"));
}

TEST_F(LogDamageTest, TailThatTheStoreHasIsNotCut) {
  FlipByte(3, Bytes(3).find("record 9"));
  EXPECT_CODE(kCorruption, TryOpen(9));
  EXPECT_OK(TryOpen(8));
}

// After a clean open everything before is attested by the new segment.
TEST_F(LogDamageTest, LastGroupIsAttestedByTheNextOpen) {
  Open();
  log_.reset();
  FlipByte(3, Bytes(3).find("record 9"));
  EXPECT_EQ(OpenDamaged("record 9 after another open"), std::nullopt);
}

TEST_F(LogDamageTest, UnreadableFileIsAnErrorAndNotTheEnd) {
  disk_.SetHook([](FileOperation operation, const std::string& path) {
    return operation == FileOperation::kRead && path == PathOfSegment(3)
               ? Status::IoError("cannot read " + path + ": Input/output error")
               : Status::Ok();
  });
  EXPECT_CODE(kIoError, TryOpen());
}

}  // namespace
}  // namespace tallystone
