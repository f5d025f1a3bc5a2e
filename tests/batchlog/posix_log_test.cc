// The batch log on the real file system.
#include <filesystem>

#include <gmock/gmock.h>

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

// A database of a few lines stays small on disk.
TEST_F(PosixLogTest, NewLogDoesNotTakeAWholeSegment) {
  options_.segment_bytes = 16u << 20;
  ASSERT_OK(TryOpenHere(0));
  AppendSynced("one");
  EXPECT_LE(std::filesystem::file_size(root_ + "/log/0000000001.log"), 128u << 10);
}

}  // namespace
}  // namespace tallystone
