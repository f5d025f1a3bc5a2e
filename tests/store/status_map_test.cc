#include "store/rocks/status_map.h"

#include <cerrno>
#include <cstring>

#include <gtest/gtest.h>
#include <rocksdb/status.h>

#include "store/status_matchers.h"

namespace tallystone::rocks {
namespace {

using Rocks = rocksdb::Status;

TEST(StatusMapTest, OkStaysOk) {
  EXPECT_OK(MapStatus(Rocks::OK(), "x"));
}

TEST(StatusMapTest, WhatHelpsIsToRepeat) {
  EXPECT_CODE(kTryAgain, MapStatus(Rocks::Busy(), "x"));
  EXPECT_CODE(kTryAgain, MapStatus(Rocks::TimedOut(), "x"));
  EXPECT_CODE(kTryAgain, MapStatus(Rocks::TryAgain(), "x"));
  EXPECT_CODE(kTryAgain, MapStatus(Rocks::Aborted(), "x"));
  EXPECT_CODE(kTryAgain, MapStatus(Rocks::Incomplete(), "x"));
  EXPECT_CODE(kTryAgain, MapStatus(Rocks::Corruption("ProtectionInfo mismatch"), "x"));
}

TEST(StatusMapTest, WhatHelpsIsRepair) {
  EXPECT_CODE(kIoError, MapStatus(Rocks::IOError("a", "b"), "x"));
  EXPECT_CODE(kNoSpace, MapStatus(Rocks::NoSpace(), "x"));
  EXPECT_CODE(kNoSpace, MapStatus(Rocks::SpaceLimit(), "x"));
  EXPECT_CODE(kCorruption, MapStatus(Rocks::Corruption("a"), "x"));
  EXPECT_CODE(kUnavailable, MapStatus(Rocks::ShutdownInProgress(), "x"));
}

TEST(StatusMapTest, FullQuotaAndFileSizeLimitAreNoSpace) {
  for (const int error : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_CODE(kNoSpace, MapStatus(Rocks::IOError("While appending", std::strerror(error)), "x"));
  }
}

TEST(StatusMapTest, WhatIsLeftIsAboutTheData) {
  EXPECT_CODE(kRejected, MapStatus(Rocks::InvalidArgument("a"), "x"));
  EXPECT_CODE(kRejected, MapStatus(Rocks::MergeInProgress(), "x"));
  EXPECT_CODE(kRejected, MapStatus(Rocks::NotSupported("a"), "x"));
  EXPECT_CODE(kNotFound, MapStatus(Rocks::NotFound(), "x"));
}

TEST(StatusMapTest, OpeningNeverSpeaksOfTheDataAndKnowsALock) {
  EXPECT_CODE(kIoError, MapOpenStatus(Rocks::InvalidArgument("a"), "x"));
  EXPECT_CODE(
      kBusy, MapOpenStatus(Rocks::IOError("While lock file: db/LOCK", std::strerror(EAGAIN)), "x"));
  EXPECT_CODE(kBusy,
              MapOpenStatus(Rocks::IOError("lock hold by current process, acquire time 1"), "x"));
  EXPECT_CODE(kIoError,
              MapOpenStatus(Rocks::IOError("While lock file: db/LOCK", std::strerror(EIO)), "x"));
}

TEST(StatusMapTest, FileThatVanishedUnderAReaderIsTryAgain) {
  EXPECT_CODE(kTryAgain, MapReadOnlyStatus(Rocks::PathNotFound("a"), "x"));
  EXPECT_CODE(kTryAgain, MapReadOnlyStatus(Rocks::IOError("a", std::strerror(ENOENT)), "x"));
  EXPECT_CODE(kTryAgain, MapReadOnlyStatus(Rocks::Corruption("Can't access /000001.sst: IO error: "
                                                             "No such file or directory"),
                                           "x"));
  EXPECT_CODE(kIoError, MapReadOnlyStatus(Rocks::IOError("a", std::strerror(EIO)), "x"));
  EXPECT_CODE(kCorruption, MapReadOnlyStatus(Rocks::Corruption("a"), "x"));
}

TEST(StatusMapTest, MessageSaysWhatWasDoneAndWhatRocksDbSaid) {
  const Status status = MapStatus(Rocks::IOError("file 7", "broken"), "reading balances");
  EXPECT_EQ(0u, status.message().find("reading balances: "));
  EXPECT_NE(std::string::npos, status.message().find("file 7: broken"));
}

}  // namespace
}  // namespace tallystone::rocks
