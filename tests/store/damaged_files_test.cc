// Damage in any sorted file is met by whoever reads everything, and the error
// names the file.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "store/memory/memory_store.h"
#include "store/rocks/rocks_store.h"
#include "store/scratch_directory.h"
#include "store/status_matchers.h"
#include "store_support/store_contents.h"
#include "store_support/window_maker.h"

namespace tallystone {
namespace {

using testing::Difference;
using testing::ReadContents;
using testing::WindowMaker;

// RocksDB opens 16 files of a family with a database that is to be written, the
// others when they are read.
constexpr uint64_t kWindows = 18;
// From the end of a sorted file: the version of its format, little-endian.
constexpr int kVersionAtEnd = 12;
constexpr int kVersionHighByteAtEnd = kVersionAtEnd - 2;

class DamagedFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.path = scratch_.File("store");
    options_.create = true;
    options_.ingest_lines_min = 0;
    std::unique_ptr<Store> store;
    ASSERT_OK(RocksStore::Open(options_, &store));
    ASSERT_OK(store->Initialise(WindowMaker::EmptyMarker()));
    const WindowMaker maker(31);
    for (uint64_t number = 0; number < kWindows; ++number) {
      ASSERT_OK(store->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
    }
    ASSERT_OK(ReadContents(store.get(), &contents_));
    ASSERT_OK(store->Close());
    for (const auto& entry : std::filesystem::directory_iterator(options_.path + "/db")) {
      if (entry.path().extension() == ".sst") {
        names_.push_back(entry.path().filename());
      }
    }
    ASSERT_GT(names_.size(), kWindows);
  }

  // What somebody who reads everything is told when `spoil` was done to one
  // file of a copy.
  template <typename Spoil>
  Status ReadSpoiled(const std::string& name, bool read_only, const Spoil& spoil) {
    RocksStoreOptions options = options_;
    options.create = false;
    options.read_only = read_only;
    options.path = scratch_.File("spoiled");
    std::filesystem::remove_all(options.path);
    std::filesystem::copy(options_.path, options.path, std::filesystem::copy_options::recursive);
    spoil(options.path + "/db/" + name);
    std::unique_ptr<Store> store;
    Status status = RocksStore::Open(options, &store);
    if (status.ok()) {
      ++opened_;
      MemoryState state;
      status = ReadContents(store.get(), &state);
      if (status.ok()) {
        EXPECT_EQ("", Difference(state, contents_)) << name << " is not missed";
      }
    }
    return status;
  }

  // How many of the files were missed, and named.
  template <typename Spoil>
  size_t ExpectNamed(bool read_only, const Spoil& spoil) {
    size_t named = 0;
    for (const std::string& name : names_) {
      const Status status = ReadSpoiled(name, read_only, spoil);
      if (status.ok()) {
        continue;  // and everything is there: nobody needs the file
      }
      EXPECT_EQ(StatusCode::kCorruption, status.code()) << name << "\n" << status.ToString();
      const bool has_name = status.message().find(name) != std::string::npos;
      EXPECT_TRUE(has_name) << name << "\n" << status.message();
      named += has_name ? 1 : 0;
    }
    return named;
  }

  static void SpoilFirstBlock(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto byte = static_cast<char>(file.get() ^ 1);
    file.seekp(0);
    file.put(byte);
  }

  static void SpoilVersion(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-kVersionHighByteAtEnd, std::ios::end);
    file.put('\x55');
  }

  // Versions before 2 pack their blocks in another way.
  static void SetVersionOne(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-kVersionAtEnd, std::ios::end);
    ASSERT_EQ(5, file.get());
    file.seekp(-kVersionAtEnd, std::ios::end);
    file.put('\x01');
  }

  testing::ScratchDirectory scratch_;
  RocksStoreOptions options_;
  std::vector<std::string> names_;
  MemoryState contents_;
  int opened_ = 0;
};

// RocksDB 7.8.3 ends a scan without an error where it meets a file of a level,
// not the first, whose beginning it cannot read (its pull request 11782),
// unless it may ignore range deletions.
TEST_F(DamagedFilesTest, FirstBlockIsMetByScans) {
  EXPECT_GT(ExpectNamed(true, SpoilFirstBlock), kWindows);
  EXPECT_GT(ExpectNamed(false, SpoilFirstBlock), kWindows);
}

TEST_F(DamagedFilesTest, OfAnUnknownVersionIsNamed) {
  EXPECT_GT(ExpectNamed(true, SpoilVersion), kWindows);
  EXPECT_EQ(0, opened_);
}

TEST_F(DamagedFilesTest, OfAnUnknownVersionIsNamedAlsoWhenItIsOpenedLate) {
  EXPECT_GT(ExpectNamed(false, SpoilVersion), kWindows);
  EXPECT_GT(opened_, 0);
}

// RocksDB believes it, until it unpacks a block. (One that has only blocks that
// are not packed is read all the same.)
TEST_F(DamagedFilesTest, OfAnOlderVersionThanItIsNamed) {
  EXPECT_GT(ExpectNamed(true, SetVersionOne), 0U);
  EXPECT_GT(ExpectNamed(false, SetVersionOne), 0U);
}

TEST_F(DamagedFilesTest, ThatIsMissingIsNamed) {
  const size_t named =
      ExpectNamed(true, [](const std::string& path) { std::filesystem::remove(path); });
  EXPECT_GT(named, kWindows);
}

TEST_F(DamagedFilesTest, ManyAreCountedAndTheFirstAreNamed) {
  std::sort(names_.begin(), names_.end());
  const Status status = ReadSpoiled(names_.front(), true, [&](const std::string& path) {
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    for (const std::string& name : names_) {
      SpoilVersion(directory + name);
    }
  });
  EXPECT_NE(std::string::npos, status.message().find("(cannot be read: " + names_[0] + ", " +
                                                     names_[1] + ", " + names_[2] + " and " +
                                                     std::to_string(names_.size() - 3) + " more)"))
      << status.message();
}

}  // namespace
}  // namespace tallystone
