// The batch log on the real file system.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "batchlog/format.h"
#include "batchlog/log_fixture.h"

namespace tallystone {
namespace {

class PosixLogTest : public LogTest {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tallystone_log_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    options_.file_system = FileSystem::Posix();
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(root_);
  }
  Status TryOpenHere(Lsn after) {
    log_.reset();
    replayed_.clear();
    return BatchLog::Open(
        options_, root_ + "/log", kDatabaseId, after,
        [this](const LoggedChunk& chunk) {
          replayed_.emplace_back(chunk.lsn, *chunk.payload);
          return Status::Ok();
        },
        nullptr, &log_);
  }
  std::string root_;
};

TEST_F(PosixLogTest, RollsRecyclesAndReadsBack) {
  ASSERT_OK(TryOpenHere(0));
  Fill(1, 9);
  ASSERT_OK(log_->Release(6));
  Fill(10, 12);
  ASSERT_OK(TryOpenHere(6));
  ASSERT_EQ(replayed_.size(), 6u);
  for (const Entry& entry : replayed_) {
    EXPECT_EQ(entry.second, LargePayload("record " + std::to_string(entry.first)));
  }
}

TEST_F(PosixLogTest, FilesAreForTheOwnerOnly) {
  ASSERT_OK(TryOpenHere(0));
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(root_ + "/log").permissions(), perms::owner_all);
  EXPECT_EQ(std::filesystem::status(root_ + "/log/0000000001.log").permissions(),
            perms::owner_read | perms::owner_write);
}

TEST_F(PosixLogTest, SymbolicLinkInPlaceOfASegmentIsNotFollowed) {
  ASSERT_OK(TryOpenHere(0));
  AppendSynced("one");
  log_.reset();
  const std::string segment = root_ + "/log/0000000001.log";
  std::filesystem::rename(segment, root_ + "/elsewhere");
  std::filesystem::create_symlink(root_ + "/elsewhere", segment);
  EXPECT_CODE(kIoError, TryOpenHere(0));
}

// Opening one would wait for its other end.
TEST_F(PosixLogTest, PipeOrDirectoryInPlaceOfASegmentIsRefused) {
  ASSERT_OK(TryOpenHere(0));
  AppendSynced("one");
  log_.reset();
  const std::string segment = root_ + "/log/0000000001.log";
  std::filesystem::remove(segment);
  ASSERT_EQ(mkfifo(segment.c_str(), 0600), 0);
  EXPECT_CODE(kIoError, TryOpenHere(0));
  std::filesystem::remove(segment);
  std::filesystem::create_directory(segment);
  EXPECT_CODE(kIoError, TryOpenHere(0));
}

TEST_F(PosixLogTest, SegmentOfANewerFormatIsRefusedByName) {
  ASSERT_OK(TryOpenHere(0));
  AppendSynced("one");
  log_.reset();
  const std::string path = root_ + "/log/0000000001.log";
  std::string block(batchlog::kSegmentHeaderBytes, '\0');
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.read(block.data(), static_cast<std::streamsize>(block.size()));
  EncodeFixed(block.data() + 8, batchlog::kFormatVersion + 1);
  const size_t checksum_at = block.size() - 8;
  EncodeFixed(block.data() + checksum_at, Hash64(std::string_view(block).substr(0, checksum_at)));
  file.seekp(0).write(block.data(), static_cast<std::streamsize>(block.size()));
  file.close();
  const Status status = TryOpenHere(0);
  EXPECT_CODE(kFormatMismatch, status);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("has format 2"));
}

// A database of a few lines stays small on disk.
TEST_F(PosixLogTest, NewLogDoesNotTakeAWholeSegment) {
  options_.segment_bytes = 16u << 20;
  ASSERT_OK(TryOpenHere(0));
  AppendSynced("one");
  EXPECT_LE(std::filesystem::file_size(root_ + "/log/0000000001.log"), 128u << 10);
}

}  // namespace
}  // namespace tallystone
