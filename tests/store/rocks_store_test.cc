// What is special to RocksStore: its two ways of writing, its files, its formats, its readers.
#include "store/rocks/rocks_store.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/coding.h"
#include "model/stored_codec.h"
#include "store/live_view.h"
#include "store/memory/memory_store.h"
#include "store/raw_contents.h"
#include "store/rocks/format.h"
#include "store/rocks/keys.h"
#include "store/scratch_directory.h"
#include "store/status_matchers.h"
#include "store_support/store_contents.h"
#include "store_support/window_maker.h"

namespace tallystone {
namespace {

using testing::Difference;
using testing::ForEach;
using testing::ReadContents;
using testing::ReadRaw;
using testing::WindowMaker;
using testing::WindowShape;

class RocksStoreTest : public ::testing::Test {
 protected:
  RocksStoreOptions Options(const std::string& name, size_t ingest_lines_min = 0) {
    RocksStoreOptions options;
    options.path = scratch_.File(name);
    options.create = true;
    options.ingest_lines_min = ingest_lines_min;
    return options;
  }
  void Create(const RocksStoreOptions& options, std::unique_ptr<Store>* store) {
    ASSERT_OK(RocksStore::Open(options, store));
    ASSERT_OK((*store)->Initialise(WindowMaker::EmptyMarker()));
  }
  // Changes what is stored behind the store's back.
  template <typename Change>
  void Tamper(const RocksStoreOptions& options, const Change& change) {
    std::shared_ptr<rocks::Database> database;
    ASSERT_OK(rocks::Database::Open(options, &database));
    const rocksdb::Status status = change(database.get());
    ASSERT_TRUE(status.ok()) << status.ToString();
    ASSERT_OK(database->Close());
  }
  // The MANIFEST that counts, of the store "store".
  std::filesystem::path ManifestPath() {
    const std::string directory = scratch_.File("store") + "/db/";
    std::string name;
    std::getline(std::ifstream(directory + "CURRENT"), name);
    return directory + name;
  }
  void AppendToManifest(const std::string& bytes) {
    std::ofstream(ManifestPath(), std::ios::binary | std::ios::app) << bytes;
  }
  // Every file and directory, with its bytes.
  std::map<std::string, std::string> BytesOf(const std::string& path) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      std::ifstream file(entry.path(), std::ios::binary);
      files[entry.path()] = entry.is_directory()
                                ? "directory"
                                : std::string(std::istreambuf_iterator<char>(file), {});
    }
    return files;
  }

  testing::ScratchDirectory scratch_;
  MemoryStore oracle_;
};

TEST_F(RocksStoreTest, BothWaysOfWritingGiveTheSameBytes) {
  WindowShape shape;
  shape.rejections = true;
  const WindowMaker maker(21, shape);
  std::map<std::string, std::string> entries[2];
  for (const size_t way : {0, 1}) {
    const RocksStoreOptions options = Options("way" + std::to_string(way), way == 0 ? 0 : SIZE_MAX);
    std::unique_ptr<Store> store;
    Create(options, &store);
    for (uint64_t number = 0; number < 9; ++number) {
      ApplyInfo info;
      ASSERT_OK(store->Apply(maker.Make(number), maker.MarkerOf(number), &info));
      ASSERT_EQ(way == 0, info.ingested);
    }
    ASSERT_OK(store->Close());
    ASSERT_OK(ReadRaw(options.path, &entries[way]));
  }
  EXPECT_GT(entries[0].size(), 200u);
  EXPECT_EQ(entries[0], entries[1]);
}

TEST_F(RocksStoreTest, WaysInTurnWithReopensEqualTheOracle) {
  const WindowMaker maker(22);
  ASSERT_OK(oracle_.Initialise(WindowMaker::EmptyMarker()));
  std::unique_ptr<Store> store;
  Create(Options("store"), &store);
  for (uint64_t number = 0; number < 50; ++number) {
    store.reset();
    ASSERT_OK(RocksStore::Open(Options("store", number % 2 == 0 ? 0 : SIZE_MAX), &store));
    ASSERT_OK(store->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
    ASSERT_OK(oracle_.Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
    ASSERT_EQ("", Difference(store.get(), &oracle_)) << "after window " << number;
  }
}

// Two windows each way without a reopen between: the marker in the memtable must give way to the
// one that is loaded, and the other way round.
TEST_F(RocksStoreTest, WaysInTurnWithoutReopenEqualTheOracle) {
  const WindowMaker maker(23);
  std::unique_ptr<Store> store;
  Create(Options("store", 45), &store);
  for (uint64_t number = 0; number < 40; ++number) {
    SortedWindow window = maker.Make(number);
    window.lines = number / 2 % 2 == 0 ? 44 : 45;  // decides the way, and nothing else
    ApplyInfo info;
    ASSERT_OK(store->Apply(window, maker.MarkerOf(number), &info));
    ASSERT_EQ(number / 2 % 2 == 1, info.ingested);
    ASSERT_OK(oracle_.Apply(window, maker.MarkerOf(number), nullptr));
    ASSERT_EQ("", Difference(store.get(), &oracle_)) << "after window " << number;
  }
  store.reset();
  ASSERT_OK(RocksStore::Open(Options("store"), &store));
  EXPECT_EQ("", Difference(store.get(), &oracle_));
}

TEST_F(RocksStoreTest, BulkyWindowOfFewLinesIsLoaded) {
  std::unique_ptr<Store> store;
  Create(Options("store", 1000), &store);
  SortedWindow window;
  window.first = window.last = 1;
  StoredDeadLetter letter;
  letter.raw.assign(16 * 1024, 'x');
  for (uint64_t line = 1; line <= 600; ++line) {
    window.dead_letters.emplace_back(LineRef{1, "b", line}, letter);
  }
  Marker marker = WindowMaker::EmptyMarker();
  marker.applied = 1;
  ApplyInfo info;
  ASSERT_OK(store->Apply(window, marker, &info));
  EXPECT_TRUE(info.ingested);
}

TEST_F(RocksStoreTest, FilesLeftByACrashBeforeTheIngestAreDeleted) {
  std::unique_ptr<Store> store;
  Create(Options("store"), &store);
  store.reset();
  const std::string left = scratch_.File("store/ingest/balances.sst");
  std::ofstream(left) << "half a file";
  ASSERT_TRUE(std::filesystem::exists(left));
  ASSERT_OK(RocksStore::Open(Options("store"), &store));
  EXPECT_FALSE(std::filesystem::exists(left));
  const WindowMaker maker(24);
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  EXPECT_TRUE(std::filesystem::is_empty(scratch_.File("store/ingest")));
}

TEST_F(RocksStoreTest, MissingStoreIsNotFoundAndNothingIsMade) {
  for (const bool read_only : {false, true}) {
    RocksStoreOptions options = Options("none");
    options.create = read_only;  // read_only outweighs it
    options.read_only = read_only;
    std::unique_ptr<Store> store;
    EXPECT_CODE(kNotFound, RocksStore::Open(options, &store));
    EXPECT_EQ(nullptr, store);
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch_.path()));
}

TEST_F(RocksStoreTest, InterruptedCreationIsNotFoundUntilItIsCreatedAgain) {
  const auto options = Options("store");
  std::unique_ptr<Store> store;
  ASSERT_OK(RocksStore::Open(options, &store));
  store.reset();
  Tamper(options, [](rocks::Database* database) {
    return database->db()->Delete({}, rocks::ToSlice(rocks::kFormatKey));
  });
  RocksStoreOptions existing = options;
  existing.create = false;
  EXPECT_CODE(kNotFound, RocksStore::Open(existing, &store));
  existing.read_only = true;
  EXPECT_CODE(kNotFound, RocksStore::Open(existing, &store));
  ASSERT_OK(RocksStore::Open(options, &store));
  Marker marker;
  EXPECT_CODE(kNotFound, store->ReadMarker(&marker));
  EXPECT_OK(store->Initialise(WindowMaker::EmptyMarker()));
}

TEST_F(RocksStoreTest, NewerFormatIsRefusedAndNotTouched) {
  const auto options = Options("store");
  for (const size_t field : {4, 8}) {  // format version, merge version
    std::unique_ptr<Store> store;
    ASSERT_OK(RocksStore::Open(options, &store));
    store.reset();
    std::string newer = rocks::EncodeFormat();
    ++newer[field + 3];
    Tamper(options, [&](rocks::Database* database) {
      return database->db()->Put({}, rocks::ToSlice(rocks::kFormatKey), newer);
    });
    const std::map<std::string, std::string> before = BytesOf(options.path);
    for (const bool read_only : {false, true}) {
      RocksStoreOptions reopen = options;
      reopen.read_only = read_only;
      EXPECT_CODE(kFormatMismatch, RocksStore::Open(reopen, &store));
      EXPECT_EQ(nullptr, store);
    }
    EXPECT_TRUE(before == BytesOf(options.path));
    std::filesystem::remove_all(options.path);
  }
}

TEST_F(RocksStoreTest, UnknownFamilyIsRefused) {
  const auto options = Options("store");
  std::unique_ptr<Store> store;
  ASSERT_OK(RocksStore::Open(options, &store));
  store.reset();
  Tamper(options, [](rocks::Database* database) {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    rocksdb::Status status = database->db()->CreateColumnFamily({}, "future", &handle);
    return status.ok() ? database->db()->DestroyColumnFamilyHandle(handle) : status;
  });
  const Status status = RocksStore::Open(options, &store);
  EXPECT_CODE(kFormatMismatch, status);
  EXPECT_NE(std::string::npos, status.message().find("future"));
}

TEST_F(RocksStoreTest, SomethingElseInTheDirectoryIsRefused) {
  std::filesystem::create_directories(scratch_.File("store/db"));
  std::ofstream(scratch_.File("store/db/CURRENT")) << "not a manifest\n";
  std::unique_ptr<Store> store;
  EXPECT_CODE(kCorruption, RocksStore::Open(Options("store"), &store));
  EXPECT_EQ(nullptr, store);
}

TEST_F(RocksStoreTest, SecondWriterIsBusy) {
  std::unique_ptr<Store> store, second;
  Create(Options("store"), &store);
  EXPECT_CODE(kBusy, RocksStore::Open(Options("store"), &second));
  EXPECT_EQ(nullptr, second);
  const WindowMaker maker(25);
  EXPECT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
}

TEST_F(RocksStoreTest, ReaderChangesNothingOnDisk) {
  const WindowMaker maker(26);
  std::unique_ptr<Store> store, reader;
  Create(Options("store", 30), &store);
  for (uint64_t number = 0; number < 6; ++number) {
    SortedWindow window = maker.Make(number);
    window.lines = number % 2 == 0 ? 29 : 30;
    ASSERT_OK(store->Apply(window, maker.MarkerOf(number), nullptr));
    ASSERT_OK(oracle_.Apply(window, maker.MarkerOf(number), nullptr));
  }
  store.reset();
  RocksStoreOptions options = Options("store");
  options.read_only = true;
  const std::map<std::string, std::string> before = BytesOf(options.path);
  ASSERT_OK(RocksStore::Open(options, &reader));
  EXPECT_EQ("", Difference(reader.get(), &oracle_));
  const SortedWindow next = maker.Make(6);
  EXPECT_CODE(kInvalidArgument, reader->Recover());
  EXPECT_CODE(kInvalidArgument, reader->Apply(next, maker.MarkerOf(6), nullptr));
  EXPECT_CODE(kInvalidArgument, reader->ApplyKey(&next.deltas[0], maker.MarkerOf(6)));
  EXPECT_CODE(kInvalidArgument, reader->ApplyRest(next, maker.MarkerOf(6)));
  EXPECT_CODE(kInvalidArgument, reader->Initialise(maker.MarkerOf(6)));
  EXPECT_OK(reader->Close());
  EXPECT_TRUE(before == BytesOf(options.path));
}

TEST_F(RocksStoreTest, ReaderKeepsItsStateWhileTheWriterCompacts) {
  const WindowMaker maker(27);
  std::unique_ptr<Store> store, reader;
  Create(Options("store"), &store);
  for (uint64_t number = 0; number < 3; ++number) {
    ASSERT_OK(store->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
    ASSERT_OK(oracle_.Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
  }
  RocksStoreOptions options = Options("store");
  options.read_only = true;
  ASSERT_OK(RocksStore::Open(options, &reader));
  for (uint64_t number = 3; number < 25; ++number) {
    ASSERT_OK(store->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
  }
  EXPECT_EQ("", Difference(reader.get(), &oracle_));
}

// Opens while files come and go: the state of some marker, or a wish to try again; never anything
// else.
TEST_F(RocksStoreTest, ReaderThatOpensAtAnyMomentIsRightOrTriesAgain) {
  const WindowMaker maker(28);
  std::unique_ptr<Store> store;
  Create(Options("store", 30), &store);
  std::atomic<bool> done = false;
  std::atomic<int> opened = 0;
  std::thread writer([&] {
    for (uint64_t number = 0; number < 60 || (opened == 0 && number < 160); ++number) {
      SortedWindow window = maker.Make(number);
      window.lines = number % 3 == 0 ? 29 : 30;
      EXPECT_OK(store->Apply(window, maker.MarkerOf(number), nullptr));
      if (number >= 60) {  // nobody loads windows faster than one can open, for ever
        std::this_thread::sleep_for(std::chrono::milliseconds(50 + (number - 60) * 10));
      }
    }
    done = true;
  });
  RocksStoreOptions options = Options("store");
  options.read_only = true;
  while (!done) {
    std::unique_ptr<Store> reader;
    const Status status = RocksStore::Open(options, &reader);
    if (!status.ok()) {
      EXPECT_CODE(kTryAgain, status);
      continue;
    }
    MemoryState state, wanted;
    const Status read = ReadContents(reader.get(), &state);
    if (!read.ok()) {
      EXPECT_CODE(kTryAgain, read);
      continue;
    }
    ++opened;
    MemoryStore model;
    EXPECT_OK(model.Initialise(WindowMaker::EmptyMarker()));
    for (uint64_t number = 0; number < maker.CountOf(*state.marker); ++number) {
      EXPECT_OK(model.Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
    }
    EXPECT_OK(ReadContents(&model, &wanted));
    EXPECT_EQ("", Difference(state, wanted));
  }
  writer.join();
  EXPECT_GT(opened, 0);
}

// RocksDB would make a new database, and delete the files of the old one.
TEST_F(RocksStoreTest, MissingCurrentIsRefusedAndNothingIsDeleted) {
  const WindowMaker maker(33);
  std::unique_ptr<Store> store;
  Create(Options("store", 0), &store);
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  ASSERT_OK(store->Close());
  const std::string current = scratch_.File("store") + "/db/CURRENT";
  const std::string kept = scratch_.File("kept");
  std::filesystem::rename(current, kept);
  const auto before = BytesOf(scratch_.File("store"));
  for (const bool read_only : {true, false}) {
    RocksStoreOptions options = Options("store", 0);
    options.read_only = read_only;
    const Status status = RocksStore::Open(options, &store);
    EXPECT_EQ(StatusCode::kCorruption, status.code());
    EXPECT_NE(std::string::npos, status.message().find("CURRENT")) << status.ToString();
  }
  EXPECT_EQ(before, BytesOf(scratch_.File("store")));
  std::filesystem::rename(kept, current);
  EXPECT_OK(RocksStore::Open(Options("store", 0), &store));
}

// RocksDB 7.8.3 refuses a MANIFEST that ends in the middle of a record it cannot read.
TEST_F(RocksStoreTest, WhatAPowerLossTornBehindTheSyncedEndOfTheManifestIsPassedOver) {
  const WindowMaker maker(31);
  std::unique_ptr<Store> store;
  Create(Options("store", 0), &store);
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  ASSERT_OK(store->Close());
  struct : Logger {
    void Log(LogLevel, std::string_view message) override { said += message; }
    std::string said;
  } logger;
  for (const bool read_only : {true, false, true}) {
    logger.said.clear();
    AppendToManifest(std::string("\x12\x34\x56\x78\x20\x00\x01", 7) + std::string(600, '\0'));
    RocksStoreOptions options = Options("store", 0);
    options.read_only = read_only;
    options.logger = &logger;
    SCOPED_TRACE(read_only);
    ASSERT_OK(RocksStore::Open(options, &store));
    Marker marker;
    ASSERT_OK(store->ReadMarker(&marker));
    EXPECT_EQ(maker.MarkerOf(0), marker);
    EXPECT_NE(std::string::npos, logger.said.find("up to where it was synced")) << logger.said;
    ASSERT_OK(store->Close());
  }
}

TEST_F(RocksStoreTest, ManifestThatIsShorterThanItWasSyncedIsRefused) {
  const WindowMaker maker(32);
  std::unique_ptr<Store> store;
  Create(Options("store", 0), &store);
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  ASSERT_OK(store->Close());
  const std::filesystem::path manifest = ManifestPath();
  std::filesystem::resize_file(manifest, std::filesystem::file_size(manifest) - 1);
  for (const bool read_only : {true, false}) {
    RocksStoreOptions options = Options("store", 0);
    options.read_only = read_only;
    const Status status = RocksStore::Open(options, &store);
    EXPECT_EQ(StatusCode::kCorruption, status.code());
    EXPECT_NE(std::string::npos, status.message().find("was synced up to")) << status.ToString();
  }
}

// Items share entries: a cursor may have to begin in the middle of one.
TEST_F(RocksStoreTest, CursorsBeginAtTheItemAskedForInsideItsGroup) {
  const WindowMaker maker(31);
  std::unique_ptr<Store> store;
  Create(Options("store"), &store);
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store->NewView(&view));
  std::vector<StockKey> balances, items;
  ASSERT_OK(
      ForEach(view->Balances({}), [&](const auto& entry) { balances.push_back(entry.first); }));
  ASSERT_OK(ForEach(view->Items({}), [&](const auto& entry) { items.push_back(entry.first); }));
  ASSERT_GT(balances.size(), 3u);
  ASSERT_GT(items.size(), 3u);
  const auto check = [](const std::vector<StockKey>& all, const auto& cursor_from) {
    for (StockKey from : all) {
      for (const StockKey start : {from, StockKey{from.tenant, from.item + 1}}) {
        std::vector<StockKey> rest;
        ASSERT_OK(
            ForEach(cursor_from(start), [&](const auto& entry) { rest.push_back(entry.first); }));
        EXPECT_EQ(rest, std::vector<StockKey>(std::lower_bound(all.begin(), all.end(), start),
                                              all.end()));
      }
    }
  };
  check(balances, [&](StockKey from) { return view->Balances(from); });
  check(items, [&](StockKey from) { return view->Items(from); });
}

TEST_F(RocksStoreTest, CloseWithAViewAliveIsBusyAndTheViewStaysWhole) {
  const WindowMaker maker(29);
  std::unique_ptr<Store> store, second;
  Create(Options("store"), &store);
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store->NewView(&view));
  auto cursor = view->Balances({});
  cursor->SeekToFirst();
  EXPECT_CODE(kBusy, store->Close());
  view.reset();
  EXPECT_CODE(kBusy, RocksStore::Open(Options("store"), &second));
  size_t balances = 0;
  for (; cursor->Valid(); cursor->Next()) {
    ++balances;
  }
  EXPECT_OK(cursor->status());
  EXPECT_EQ(maker.Make(0).deltas.size(), balances);
  cursor.reset();
  EXPECT_OK(RocksStore::Open(Options("store"), &second));
}

TEST_F(RocksStoreTest, UnreadableValueIsCorruptionThatNamesItsKey) {
  const auto options = Options("store");
  std::unique_ptr<Store> store;
  Create(options, &store);
  const WindowMaker maker(30);
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  store.reset();
  std::string key;
  rocks::EncodeBalanceKey(rocks::GroupOf({1, 2}), &key);
  Tamper(options, [&](rocks::Database* database) {
    return database->db()->Merge({}, database->handle(rocks::Family::kBalances), key, "garbage");
  });
  ASSERT_OK(RocksStore::Open(options, &store));
  BalanceSum sum;
  const Status status = store->GetBalance({1, 2}, &sum);
  EXPECT_CODE(kCorruption, status);
  EXPECT_NE(std::string::npos, status.message().find("balances 0000000100000000"))
      << status.message();
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store->NewView(&view));
  EXPECT_CODE(kCorruption, ForEach(view->Balances({}), [](const auto&) {}));
  // The rest stays readable and the store writable.
  EXPECT_OK(ForEach(view->Balances({1, rocks::kGroupItems}), [](const auto&) {}));
  EXPECT_OK(store->Apply(maker.Make(1), maker.MarkerOf(1), nullptr));
}

// The later of two entries of a group of items says what counts. In a block that cannot be read it
// must not leave the older one as the answer (law L10).
TEST_F(RocksStoreTest, AnItemWhoseLatestEntryCannotBeReadIsCorruptionNotTheOlderItem) {
  const auto options = Options("store");
  std::unique_ptr<Store> store;
  Create(options, &store);
  store.reset();
  std::mt19937_64 random(11);  // bytes that do not shrink: the file holds them as they are
  StoredItem item;
  item.description.resize(40'000);
  for (char& byte : item.description) {
    byte = static_cast<char>(random());
  }
  Tamper(options, [&](rocks::Database* database) {
    rocksdb::ColumnFamilyHandle* family = database->handle(rocks::Family::kCatalogue);
    rocksdb::Status status;
    for (const Lsn window_last : {Lsn{1}, Lsn{2}}) {
      item.code = window_last == 1 ? "old" : "new";
      std::reverse(item.description.begin(), item.description.end());
      std::string key, part, value;
      rocks::EncodeItemKey(rocks::GroupOf({1, 3}), window_last, &key);
      EncodeStoredItem(item, &part);
      rocks::AddPart(3, part, &value);
      status = status.ok() ? database->db()->Put({}, family, key, value) : status;
    }
    return status.ok() ? database->db()->Flush({}, family) : status;
  });
  size_t spoiled = 0;
  for (const auto& [path, bytes] : BytesOf(options.path)) {
    const size_t at = bytes.find(item.description);
    if (path.ends_with(".sst") && at != std::string::npos) {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(at + item.description.size() / 2));
      file.put(static_cast<char>(bytes[at + item.description.size() / 2] ^ 1));
      ++spoiled;
    }
  }
  ASSERT_EQ(1u, spoiled);
  ASSERT_OK(RocksStore::Open(options, &store));
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store->NewView(&view));
  StoredItem found;
  EXPECT_CODE(kCorruption, FindStoredItem(view.get(), {1, 3}, &found));
}

TEST_F(RocksStoreTest, DirectoriesAreForTheOwnerOnly) {
  std::unique_ptr<Store> store;
  Create(Options("store"), &store);
  for (const char* name : {"store", "store/db", "store/ingest"}) {
    struct stat status {};
    ASSERT_EQ(0, stat(scratch_.File(name).c_str(), &status));
    EXPECT_EQ(0700u, status.st_mode & 0777) << name;
  }
}

TEST_F(RocksStoreTest, FilesAreForTheOwnerOnly) {
  const WindowMaker maker(33);
  const mode_t before = umask(0);  // the mode must not depend on it
  std::unique_ptr<Store> store;
  Create(Options("store"), &store);
  const Status applied = store->Apply(maker.Make(1), maker.MarkerOf(1), nullptr);
  store.reset();
  umask(before);
  ASSERT_OK(applied);
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch_.File("store"))) {
    if (entry.is_regular_file()) {
      struct stat status {};
      ASSERT_EQ(0, stat(entry.path().c_str(), &status));
      EXPECT_EQ(0600u, status.st_mode & 0777) << entry.path();
      ++files;
    }
  }
  EXPECT_GT(files, 3);
}

TEST_F(RocksStoreTest, SmallStoreIsSmallOnDisk) {
  const WindowMaker maker(31);
  std::unique_ptr<Store> store;
  Create(Options("store", SIZE_MAX), &store);
  ASSERT_OK(store->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  uint64_t bytes = 0;
  ASSERT_OK(RocksStore::BytesOnDisk(scratch_.File("store"), &bytes));
  EXPECT_GT(bytes, 1000u);
  EXPECT_LT(bytes, 200'000u);
  ASSERT_OK(RocksStore::BytesOnDisk(scratch_.File("none"), &bytes));
  EXPECT_EQ(0u, bytes);
}

}  // namespace
}  // namespace tallystone
