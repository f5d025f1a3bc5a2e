// Status, checksums, clocks, identities, and the real file system.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/checksum.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/random_id.h"
#include "support/status_matchers.h"

namespace tallystone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(StatusTest, SaysCodeAndMessage) {
  EXPECT_EQ(Status().ToString(), "OK");
  EXPECT_EQ(Status::Corruption("log at byte 8192").ToString(), "corruption: log at byte 8192");
  EXPECT_EQ(Status::Busy("").ToString(), "busy");
  for (int code = 0; code <= static_cast<int>(StatusCode::kInterrupted); ++code) {
    EXPECT_NE(StatusCodeName(static_cast<StatusCode>(code)), "unknown");
  }
  EXPECT_EQ(StatusCodeName(static_cast<StatusCode>(200)), "unknown");
}

TEST(CheckDeathTest, NamesTheCondition) {
  EXPECT_DEATH(TS_CHECK(1 + 1 == 3), "1 \\+ 1 == 3");
}

// Stored data depends on these values.
TEST(Checksum, KnownValues) {
  EXPECT_EQ(Hash64(""), 0x2d06800538d394c2u);
  EXPECT_TRUE(Hash128("") == (UInt128{0x99aa06d3014798d8} << 64 | 0x6001c324468d497f));
  EXPECT_NE(Hash64("a", 1), Hash64("a", 2));
}

TEST(Checksum, TwoPiecesAreOne) {
  const std::string text(10'000, 'q');
  for (const size_t cut : {size_t{0}, size_t{1}, size_t{32}, size_t{240}, size_t{9999}}) {
    const std::string_view view = text;
    EXPECT_EQ(Hash64(view.substr(0, cut), view.substr(cut), 7), Hash64(view, 7));
  }
}

TEST(Clock, MonotonicNeverGoesBackAndWallClockIsOfThisCentury) {
  const uint64_t before = MonotonicMicros();
  EXPECT_GE(MonotonicMicros(), before);
  EXPECT_GT(NowMicros(), uint64_t{1'600'000'000} * 1'000'000);
}

TEST(RandomId, NoTwoAreEqual) {
  std::string one;
  std::string two;
  ASSERT_OK(MakeRandomId(&one));
  ASSERT_OK(MakeRandomId(&two));
  EXPECT_EQ(one.size(), kRandomIdBytes);
  EXPECT_NE(one, two);
}

class PosixFileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tallystone_base_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  FileSystem* const system_ = FileSystem::Posix();
  std::string root_;
  std::unique_ptr<File> file_;
};

TEST_F(PosixFileSystemTest, WritesReadsTruncates) {
  const std::string path = root_ + "/a";
  ASSERT_OK(system_->Open(path, OpenMode::kCreate, &file_));
  ASSERT_OK(file_->Write(3, "def"));
  ASSERT_OK(file_->Write(0, "abc"));
  ASSERT_OK(file_->Sync());
  std::string bytes = "rest of an earlier read";
  ASSERT_OK(file_->Read(1, 100, &bytes));
  EXPECT_EQ(bytes, "bcdef");
  ASSERT_OK(file_->Truncate(2));
  uint64_t size = 0;
  ASSERT_OK(file_->Size(&size));
  EXPECT_EQ(size, 2u);
  ASSERT_OK(file_->Read(2, 10, &bytes));
  EXPECT_EQ(bytes, "");
  EXPECT_CODE(kIoError, system_->Open(path, OpenMode::kCreate, &file_));
  EXPECT_EQ(file_, nullptr);
}

TEST_F(PosixFileSystemTest, LinkToADirectoryIsNoDirectory) {
  EXPECT_OK(system_->ExpectDirectory(root_));
  EXPECT_OK(system_->ExpectDirectory(root_ + "/missing"));
  std::filesystem::create_directory_symlink(root_, root_ + "/link");
  std::filesystem::create_directory_symlink(root_ + "/missing", root_ + "/dangling");
  for (const char* name : {"/link", "/dangling"}) {
    const Status status = system_->ExpectDirectory(root_ + name);
    EXPECT_CODE(kIoError, status);
    EXPECT_THAT(status.message(), HasSubstr(root_ + name + " is a symbolic link"));
  }
  ASSERT_OK(system_->Open(root_ + "/file", OpenMode::kCreate, &file_));
  EXPECT_CODE(kIoError, system_->ExpectDirectory(root_ + "/file"));
}

TEST_F(PosixFileSystemTest, MissingFilesAreNotFoundAndNamed) {
  const std::string path = root_ + "/missing";
  const Status status = system_->Open(path, OpenMode::kRead, &file_);
  EXPECT_CODE(kNotFound, status);
  EXPECT_THAT(status.message(), HasSubstr(path));
  EXPECT_CODE(kNotFound, system_->Open(path, OpenMode::kReadWrite, &file_));
  EXPECT_CODE(kNotFound, system_->Remove(path));
  EXPECT_CODE(kNotFound, system_->Rename(path, path + "2"));
  EXPECT_CODE(kNotFound, system_->SyncDirectory(path));
  std::vector<std::string> names;
  EXPECT_CODE(kNotFound, system_->List(path, &names));
  EXPECT_FALSE(system_->Exists(path));
}

TEST_F(PosixFileSystemTest, FullDeviceIsNoSpace) {
  // A file may not grow beyond the limit of the process: the system says EFBIG, which is handled
  // like ENOSPC. In a process of its own, for the limit stays.
  const auto write_beyond_the_limit = [this] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const Status opened = system_->Open(root_ + "/full", OpenMode::kCreate, &file_);
    const Status status = opened.ok() ? file_->Write(2000, "x") : opened;
    const bool right = status.Is(StatusCode::kNoSpace) &&
                       status.message().find(root_ + "/full") != std::string::npos;
    std::_Exit(right ? 0 : 1);
  };
  EXPECT_EXIT(write_beyond_the_limit(), ::testing::ExitedWithCode(0), "");
}

TEST_F(PosixFileSystemTest, Directories) {
  const std::string path = root_ + "/d";
  ASSERT_OK(system_->CreateDirectory(path));
  ASSERT_OK(system_->CreateDirectory(path));
  for (const char* name : {"/b", "/a", "/c"}) {
    ASSERT_OK(system_->Open(path + name, OpenMode::kCreate, &file_));
  }
  ASSERT_OK(system_->Rename(path + "/c", path + "/a"));
  ASSERT_OK(system_->SyncDirectory(path));
  std::vector<std::string> names;
  ASSERT_OK(system_->List(path, &names));
  EXPECT_THAT(names, ElementsAre("a", "b"));
  EXPECT_CODE(kIoError, system_->CreateDirectory(path + "/a"));
}

TEST_F(PosixFileSystemTest, SecondLockIsRefusedAlsoInTheSameProcess) {
  const std::string path = root_ + "/LOCK";
  std::unique_ptr<FileLock> first;
  std::unique_ptr<FileLock> second;
  ASSERT_OK(system_->Lock(path, &first));
  EXPECT_CODE(kBusy, system_->Lock(path, &second));
  EXPECT_EQ(second, nullptr);
  first.reset();
  EXPECT_OK(system_->Lock(path, &second));
}

}  // namespace
}  // namespace tallystone
