// The batch log on a sound disk: what is written is read back, segments roll, end and come again.
#include <gmock/gmock.h>

#include "batchlog/log_fixture.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(LogTest, NewLogIsEmpty) {
  Open();
  EXPECT_EQ(log_->first(), 0u);
  EXPECT_EQ(log_->last(), 0u);
  EXPECT_EQ(log_->durable(), 0u);
  EXPECT_EQ(log_->opened().last, 0u);
  EXPECT_THAT(replayed_, IsEmpty());
  EXPECT_THAT(Files(), ElementsAre("0000000001.log"));
}

TEST_F(LogTest, RecordsAreReadBackInOrder) {
  Open();
  EXPECT_EQ(AppendSynced("one"), 1u);
  EXPECT_EQ(Append(""), 2u);
  EXPECT_EQ(AppendSynced("three"), 3u);
  EXPECT_THAT(durable_, ElementsAre(Entry(1, "one"), Entry(2, ""), Entry(3, "three")));
  EXPECT_EQ(log_->syncs(), 2u);
  Open();
  EXPECT_THAT(replayed_, ElementsAre(Entry(1, "one"), Entry(2, ""), Entry(3, "three")));
  EXPECT_EQ(log_->first(), 1u);
  EXPECT_EQ(log_->last(), 3u);
  EXPECT_EQ(log_->durable(), 3u);
  EXPECT_EQ(log_->opened().first, 1u);
  EXPECT_EQ(log_->opened().last, 3u);
  EXPECT_FALSE(log_->opened().torn);
  EXPECT_EQ(AppendSynced("four"), 4u);
}

TEST_F(LogTest, RecordsUpToTheMarkerAreNotReplayed) {
  Open();
  AppendSynced("one");
  AppendSynced("two");
  Open(1);
  EXPECT_THAT(replayed_, ElementsAre(Entry(2, "two")));
  Open(2);
  EXPECT_THAT(replayed_, IsEmpty());
}

TEST_F(LogTest, ErrorOfReplayEndsOpen) {
  Open();
  AppendSynced("one");
  log_.reset();
  const Status status = BatchLog::Open(
      options_, kLogDirectory, kDatabaseId, 0,
      [](const LoggedChunk&) { return Status::Interrupted("enough"); }, nullptr, &log_);
  EXPECT_EQ(status.ToString(), "interrupted: enough");
  EXPECT_EQ(log_, nullptr);
}

TEST_F(LogTest, DestructorSyncsWhatWasAppended) {
  Open();
  Append("one");
  log_.reset();
  EXPECT_THAT(durable_, SizeIs(1));
  disk_.Crash(FaultFileSystem::Keep::kNothing);
  Open();
  EXPECT_THAT(replayed_, ElementsAre(Entry(1, "one")));
}

TEST_F(LogTest, RecordThatDoesNotFitBeginsASegment) {
  Open();
  Fill(1, 5);
  EXPECT_THAT(Files(), ElementsAre("0000000001.log", "0000000002.log", "0000000003.log"));
  Open();
  EXPECT_THAT(replayed_, SizeIs(5));
}

TEST_F(LogTest, RecordThatFillsASegmentToTheByteFits) {
  Open();
  const size_t room = options_.segment_bytes - batchlog::kSegmentHeaderBytes;
  AppendSynced(std::string(room - batchlog::kRecordHeaderBytes, 'x'));
  EXPECT_THAT(Files(), SizeIs(1));
  AppendSynced(std::string(room - batchlog::kRecordHeaderBytes + 1, 'y'));
  EXPECT_THAT(Files(), SizeIs(2));
  Open();
  EXPECT_THAT(replayed_, SizeIs(2));
}

TEST_F(LogTest, RecordLargerThanASegmentGetsOneOfItsSize) {
  Open();
  AppendSynced("small");
  const std::string large(100'000, 'L');
  AppendSynced(large);
  AppendSynced("small again");
  Open();
  EXPECT_THAT(replayed_, ElementsAre(Entry(1, "small"), Entry(2, large), Entry(3, "small again")));
}

TEST_F(LogTest, PayloadLimit) {
  options_.segment_bytes = 1u << 20;
  Open();
  Lsn lsn = 0;
  const size_t most = limits::kRecordPayloadBytesMax;
  EXPECT_CODE(kInvalidArgument,
              log_->Append(std::make_shared<const std::string>(most + 1, 'x'), &lsn));
  EXPECT_EQ(log_->last(), 0u);
  ASSERT_OK(log_->Append(std::make_shared<const std::string>(most, 'x'), &lsn));
  ASSERT_OK(log_->Sync(lsn));
  Open();
  ASSERT_THAT(replayed_, SizeIs(1));
  EXPECT_EQ(replayed_[0].second.size(), most);
}

TEST_F(LogTest, SyncOfARecordThatWasNotAppendedIsRefused) {
  Open();
  EXPECT_OK(log_->Sync(0));
  EXPECT_CODE(kInvalidArgument, log_->Sync(1));
}

TEST_F(LogTest, ReleasedSegmentsAreUsedAgain) {
  Open();
  Fill(1, 4);
  ASSERT_OK(log_->Release(1));  // record 2 is in the same segment
  EXPECT_THAT(Files(), ElementsAre("0000000001.log", "0000000002.log"));
  EXPECT_EQ(log_->first(), 1u);
  ASSERT_OK(log_->Release(4));  // the newest stays
  EXPECT_THAT(Files(), ElementsAre("0000000002.log", "free-0000000001.log"));
  EXPECT_EQ(log_->first(), 3u);
  Fill(5, 5);
  EXPECT_THAT(Files(), ElementsAre("0000000002.log", "0000000003.log"));
  Open(4);
  EXPECT_THAT(replayed_, ElementsAre(Entry(5, LargePayload("record 5"))));
}

TEST_F(LogTest, StaleRecordsOfARecycledSegmentAreNotRead) {
  options_.free_segments_max = 1;
  Open();
  Fill(1, 3);
  ASSERT_OK(log_->Release(2));
  Fill(4, 5);  // record 5 stands where record 1 stood; record 2 is still behind it
  ASSERT_THAT(Bytes(3), HasSubstr("record 2"));
  Open(2);
  EXPECT_THAT(replayed_,
              ElementsAre(Entry(3, LargePayload("record 3")), Entry(4, LargePayload("record 4")),
                          Entry(5, LargePayload("record 5"))));
  EXPECT_FALSE(log_->opened().torn);
}

TEST_F(LogTest, FreeSegmentsBeyondTheLimitAreRemoved) {
  options_.free_segments_max = 2;
  Open();
  Fill(1, 12);
  ASSERT_OK(log_->Release(12));
  EXPECT_THAT(Files(), ElementsAre("0000000006.log", "free-0000000001.log", "free-0000000002.log"));
  options_.free_segments_max = 0;
  Open(12);
  EXPECT_THAT(Files(), ElementsAre("0000000006.log", "0000000007.log"));
}

TEST_F(LogTest, FreeSegmentOfALargerSizeIsNotUsed) {
  options_.segment_bytes = 16384;
  Open();
  Fill(1, 8);
  ASSERT_OK(log_->Release(8));
  options_.segment_bytes = 8192;
  Open(8);
  EXPECT_EQ(Bytes(3).size(), batchlog::kSegmentHeaderBytes);
  EXPECT_THAT(Files(), ElementsAre("0000000002.log", "0000000003.log"));
}

TEST_F(LogTest, OpeningAgainAndAgainLeavesNoFiles) {
  Open();
  AppendSynced("one");
  for (int round = 0; round < 20; ++round) {
    Open();
    ASSERT_THAT(replayed_, ElementsAre(Entry(1, "one")));
  }
  EXPECT_LE(Files().size(), 3u);
}

TEST_F(LogTest, EmptyLogGoesOnAfterTheMarker) {
  Open();
  Fill(1, 3);
  Open(3);
  ASSERT_OK(log_->Release(3));
  EXPECT_EQ(log_->first(), 0u);
  Open(3);
  EXPECT_EQ(log_->first(), 0u);
  EXPECT_EQ(log_->last(), 3u);
  EXPECT_EQ(log_->opened().last, 0u);
  EXPECT_EQ(AppendSynced("four"), 4u);
}

TEST_F(LogTest, TrimmedLogBesideANewStoreIsRefused) {
  Open();
  Fill(1, 3);
  ASSERT_OK(log_->Release(2));
  EXPECT_CODE(kCorruption, TryOpen(0));
  EXPECT_CODE(kCorruption, TryOpen(1));
  EXPECT_OK(TryOpen(2));
}

TEST_F(LogTest, LogOlderThanTheStoreIsRefused) {
  Open();
  Fill(1, 3);
  EXPECT_CODE(kCorruption, TryOpen(4));
  EXPECT_OK(TryOpen(3));
}

TEST_F(LogTest, MissingLogBesideAStoreIsRefusedAndNotMade) {
  EXPECT_CODE(kCorruption, TryOpen(1));
  EXPECT_FALSE(disk_.Exists(kLogDirectory));
}

TEST_F(LogTest, LogOfAnotherDatabaseIsRefused) {
  Open();
  AppendSynced("one");
  log_.reset();
  EXPECT_CODE(kFormatMismatch, BatchLog::Open(options_, kLogDirectory, "another database", 0,
                                              nullptr, nullptr, &log_));
}

TEST_F(LogTest, OptionsThatMakeNoSenseAreRefused) {
  for (const size_t bytes : {size_t{0}, size_t{4096}, size_t{8193}, (size_t{1} << 30) + 4096}) {
    options_.segment_bytes = bytes;
    EXPECT_CODE(kInvalidArgument, TryOpen());
  }
}

// Golden bytes of format 1: they must be readable for ever.
TEST(LogFormat, BytesOfFormatOne) {
  std::string record;
  batchlog::AppendRecord(0x0102030405060708, 0x01, 7, "abc", &record);
  EXPECT_EQ(record.substr(0, 32), std::string("TRT1\x03\x00\x00\x00"
                                              "\x08\x07\x06\x05\x04\x03\x02\x01"
                                              "\x01\x00\x00\x00\x00\x00\x00\x00"
                                              "\x07\x00\x00\x00\x00\x00\x00\x00",
                                              32));
  EXPECT_EQ(record.substr(40), std::string("abc\0\0\0\0\0", 8));
  EXPECT_EQ(record.size(), batchlog::RecordBytes(3));
  const std::string block = batchlog::EncodeSegmentHeader(
      {.sequence = 2, .first = 3, .bytes = 8192, .database_id = kDatabaseId});
  EXPECT_EQ(block.substr(0, 48), std::string("TSTNLOG1"
                                             "\x01\x00\x00\x00\x00\x20\x00\x00"
                                             "\x02\x00\x00\x00\x00\x00\x00\x00"
                                             "\x03\x00\x00\x00\x00\x00\x00\x00"
                                             "0123456789abcdef",
                                             48));
}

TEST(LogFormat, NamesThatAreNotSegments) {
  uint64_t sequence = 0;
  for (const char* name : {"", ".log", "1.log", "0000000000.log", "000000000a.log",
                           "00000000001.log", "0000000001.LOG", "free-0000000001.log"}) {
    EXPECT_FALSE(batchlog::ParseSegmentName(name, &sequence)) << name;
  }
  EXPECT_TRUE(batchlog::ParseSegmentName(batchlog::SegmentName(42), &sequence));
  EXPECT_EQ(sequence, 42u);
  EXPECT_TRUE(batchlog::ParseFreeSegmentName(batchlog::FreeSegmentName(43), &sequence));
  EXPECT_EQ(sequence, 43u);
}

}  // namespace
}  // namespace tallystone
