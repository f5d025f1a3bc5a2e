// The disk that the other tests stand on: it must really lose things.
#include "support/fault_file_system.h"

#include <gtest/gtest.h>

#include "support/status_matchers.h"

namespace tallystone {
namespace {

using Keep = FaultFileSystem::Keep;

class FaultFileSystemTest : public testing::Test {
 protected:
  std::unique_ptr<File> Make(const std::string& path, std::string_view data) {
    std::unique_ptr<File> file;
    EXPECT_OK(disk_.Open(path, OpenMode::kCreate, &file));
    EXPECT_OK(file->Write(0, data));
    return file;
  }
  FaultFileSystem disk_;
};

TEST_F(FaultFileSystemTest, DataThatWasNotSyncedIsLost) {
  const auto file = Make("a", "one");
  ASSERT_OK(file->Sync());
  ASSERT_OK(disk_.SyncDirectory("."));
  ASSERT_OK(file->Write(3, "two"));
  EXPECT_EQ(disk_.Contents("a"), "onetwo");
  disk_.Crash(Keep::kNothing);
  EXPECT_EQ(disk_.Contents("a"), "one");
  EXPECT_CODE(kIoError, file->Write(0, "x"));
}

TEST_F(FaultFileSystemTest, NameThatWasNotSyncedIsLost) {
  const auto file = Make("a", "one");
  ASSERT_OK(file->Sync());
  disk_.Crash(Keep::kNothing);
  EXPECT_EQ(disk_.Contents("a"), std::nullopt);
}

TEST_F(FaultFileSystemTest, RenameThatWasNotSyncedIsUndoneWhole) {
  const auto file = Make("a", "one");
  ASSERT_OK(file->Sync());
  ASSERT_OK(disk_.SyncDirectory("."));
  ASSERT_OK(disk_.Rename("a", "b"));
  disk_.Crash(Keep::kNothing);
  EXPECT_EQ(disk_.Contents("a"), "one");
  EXPECT_EQ(disk_.Contents("b"), std::nullopt);
}

TEST_F(FaultFileSystemTest, DirectoryThatWasNotSyncedTakesItsFilesAlong) {
  ASSERT_OK(disk_.CreateDirectory("d"));
  const auto file = Make("d/a", "one");
  ASSERT_OK(file->Sync());
  ASSERT_OK(disk_.SyncDirectory("d"));
  disk_.Crash(Keep::kNothing);
  EXPECT_FALSE(disk_.Exists("d"));
  EXPECT_EQ(disk_.Contents("d/a"), std::nullopt);
}

TEST_F(FaultFileSystemTest, WhatAFailedSyncLeftIsNotSavedByTheNext) {
  const auto file = Make("a", "one");
  ASSERT_OK(disk_.SyncDirectory("."));
  disk_.FailAt(0, Status::IoError("no"));
  EXPECT_CODE(kIoError, file->Sync());
  ASSERT_OK(file->Sync());
  EXPECT_EQ(disk_.Contents("a"), "one");
  disk_.Crash(Keep::kNothing);
  EXPECT_EQ(disk_.Contents("a"), "");
}

TEST_F(FaultFileSystemTest, SomeSectorsOfAWriteSurvive) {
  const std::string data(512 * 16, 'x');
  bool torn = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    FaultFileSystem disk;
    disk.SetContents("a", std::string(512 * 16, '.'));
    std::unique_ptr<File> file;
    ASSERT_OK(disk.Open("a", OpenMode::kReadWrite, &file));
    ASSERT_OK(file->Write(0, data));
    disk.Crash(Keep::kSome, seed);
    const std::string left = disk.Contents("a").value();
    torn = torn || (left.find('x') != std::string::npos && left.find('.') != std::string::npos);
  }
  EXPECT_TRUE(torn);
}

TEST_F(FaultFileSystemTest, CrashAtStopsEverythingAfterIt) {
  disk_.CrashAt(2);
  const auto file = Make("a", "one");
  EXPECT_CODE(kIoError, file->Sync());
  EXPECT_CODE(kIoError, file->Write(0, "x"));
  EXPECT_EQ(disk_.operations(), 4u);
}

TEST_F(FaultFileSystemTest, FullDiskTakesWhatFits) {
  disk_.SetSpace(5);
  std::unique_ptr<File> file;
  ASSERT_OK(disk_.Open("a", OpenMode::kCreate, &file));
  EXPECT_CODE(kNoSpace, file->Write(0, "1234567"));
  EXPECT_EQ(disk_.Contents("a"), "12345");
  EXPECT_OK(file->Write(1, "xyz"));
}

}  // namespace
}  // namespace tallystone
