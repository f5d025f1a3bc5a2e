// Backups of a database that is being written: each is one moment of it (laws L1, L4, L10).
#include "tallystone/backup.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

Options TinyWindows() {
  Options options;
  options.window_lines_max = 2000;
  options.ingest_lines_min = 1500;
  options.window_age_ms_max = 1;
  options.log_segment_bytes = 64u << 10;
  return options;
}

Batch MakeBatch(uint64_t number) {
  Batch batch("tenant" + std::to_string(number % 3), "b" + std::to_string(number));
  for (uint64_t line = 0; line < 100 + number % 50; ++line) {
    const std::string code = "S" + std::to_string(line * number % 101);
    batch.Add({.code = code,
               .quantity = Decimal::FromUnits(line % 17 == 5 ? 0 : 1'000'000),
               .unit_cost = Decimal::FromUnits(3'000'000)});
  }
  return batch;
}

std::string DigestOf(const std::string& path) {
  std::unique_ptr<Inspector> inspector;
  DatabaseStatus state;
  EXPECT_OK(Inspector::Open({}, path, &inspector));
  EXPECT_OK(inspector->GetStatus(nullptr, &state));
  return state.state_digest;
}

TEST(LiveBackupTest, WhileAWriterIsAtWorkEachBackupIsAPrefixOfWhatItWrites) {
  EngineDirectory directory;
  const std::string backup = directory.database() + ".backup";
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open(TinyWindows(), directory.database(), &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({}, MakeBatch(0), &result));
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> acknowledged = result.lsn;
  std::thread writer([&] {
    BatchResult each;
    for (uint64_t number = 1; !stop; ++number) {
      ASSERT_OK(engine->Ingest({}, MakeBatch(number), &each));
      acknowledged = each.lsn;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  uint64_t last = 0;
  std::vector<BackupReport> reports;
  for (int number = 0; number < 4; ++number) {
    const uint64_t before = acknowledged;
    BackupReport report;
    EXPECT_OK(BackUp({}, directory.database(), backup, {}, nullptr, &report));
    EXPECT_GE(report.backup.lsn, before) << "an acknowledged batch is missing (L1)";
    EXPECT_GE(report.backup.final_lsn, last);
    EXPECT_EQ(report.blocks_written, report.backup.lsn - last);
    last = report.backup.final_lsn;
    RestoreReport restored;
    RestoreOptions options;
    options.verify = true;
    const std::string path = directory.database() + ".restored" + std::to_string(number);
    EXPECT_OK(Restore({}, backup, path, options, nullptr, &restored));
    EXPECT_TRUE(restored.digest_compared);
    EXPECT_EQ(DigestOf(path), report.backup.state_digest);
    reports.push_back(report);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  stop = true;
  writer.join();
  ASSERT_OK(engine->Close());
  BackupReport report;
  ASSERT_OK(BackUp({}, directory.database(), backup, {}, nullptr, &report));
  EXPECT_EQ(report.backup.state_digest, directory.SoundDigest());
  EXPECT_GT(report.backup.lsn, reports.front().backup.lsn) << "the writer did not write";
  // Any LSN of it: the state of the first backup again, if its lines were final.
  RestoreOptions options;
  options.as_of_lsn = reports.front().backup.lsn;
  RestoreReport restored;
  const std::string path = directory.database() + ".first";
  ASSERT_OK(Restore({}, backup, path, options, nullptr, &restored));
  EXPECT_EQ(restored.state_digest, reports.front().backup.state_digest);
  // It is written to as any database is.
  ASSERT_OK(Engine::Open(TinyWindows(), path, &engine));
  ASSERT_OK(engine->Ingest({}, MakeBatch(1), &result));
  ASSERT_OK(engine->Close());
}

TEST(LiveBackupTest, OnlyItsOwnerCanReadIt) {
  EngineDirectory directory;
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open({}, directory.database(), &engine));
  BatchResult result;
  ASSERT_OK(engine->Ingest({}, MakeBatch(1), &result));
  const std::string backup = directory.database() + ".backup";
  BackupReport report;
  ASSERT_OK(BackUp({}, directory.database(), backup, {}, nullptr, &report));
  struct stat info = {};
  ASSERT_EQ(::stat(backup.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  for (const char* name : {"/MANIFEST", "/LOCK", "/0000000001.tail"}) {
    ASSERT_EQ(::stat((backup + name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST(LiveBackupTest, StoppedItLeavesTheEarlierBackupAndNoDatabase) {
  EngineDirectory directory;
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open(TinyWindows(), directory.database(), &engine));
  const std::string backup = directory.database() + ".backup";
  BatchResult result;
  ASSERT_OK(engine->Ingest({}, MakeBatch(1), &result));
  BackupReport report;
  ASSERT_OK(BackUp({}, directory.database(), backup, {}, nullptr, &report));
  const std::string digest = report.backup.state_digest;
  for (uint64_t number = 2; number < 400; ++number) {
    ASSERT_OK(engine->Ingest({}, MakeBatch(number), &result));
  }
  BackupOptions options;
  options.stop = [] { return true; };
  EXPECT_CODE(kInterrupted, BackUp({}, directory.database(), backup, options, nullptr, &report));
  BackupInfo info;
  ASSERT_OK(ReadBackup(backup, &info));
  EXPECT_EQ(info.state_digest, digest);
  ASSERT_OK(BackUp({}, directory.database(), backup, {}, nullptr, &report));
  RestoreOptions restore;
  restore.stop = options.stop;
  RestoreReport restored;
  const std::string path = directory.database() + ".restored";
  EXPECT_CODE(kInterrupted, Restore({}, backup, path, restore, nullptr, &restored));
  EXPECT_FALSE(FileSystem::Posix()->Exists(path));
  EXPECT_OK(Restore({}, backup, path, {}, nullptr, &restored));
}

// The digest reads everything: whoever waits for the end of a backup does not wait for it.
TEST(LiveBackupTest, ItStopsInTheMiddleOfItsDigest) {
  EngineDirectory directory;
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open(TinyWindows(), directory.database(), &engine));
  BatchResult result;
  for (uint64_t number = 1; number < 400; ++number) {
    ASSERT_OK(engine->Ingest({}, MakeBatch(number), &result));
  }
  const std::string backup = directory.database() + ".backup";
  const auto asked = [&](bool digest) {
    uint64_t count = 0;
    BackupOptions options;
    options.digest = digest;
    options.stop = [&count] { return ++count == 0; };
    BackupReport report;
    const std::string name = backup + (digest ? ".with" : ".without");
    EXPECT_OK(BackUp({}, directory.database(), name, options, nullptr, &report));
    return count;
  };
  const uint64_t without = asked(false);
  const uint64_t with = asked(true);
  ASSERT_GT(with, without + 1);
  for (uint64_t last = without; last <= with; ++last) {
    uint64_t count = 0;
    BackupOptions options;
    options.stop = [&] { return ++count == last; };
    BackupReport report;
    EXPECT_CODE(kInterrupted, BackUp({}, directory.database(), backup, options, nullptr, &report));
    BackupInfo info;
    EXPECT_CODE(kNotFound, ReadBackup(backup, &info));
  }
}

// No digest: nothing to compare with, and said so.
TEST(LiveBackupTest, AnEmptyDatabaseAndOneWithoutADigest) {
  EngineDirectory directory;
  std::unique_ptr<Engine> engine;
  ASSERT_OK(Engine::Open({}, directory.database(), &engine));
  const std::string backup = directory.database() + ".backup";
  BackupOptions options;
  options.digest = false;
  BackupReport report;
  ASSERT_OK(BackUp({}, directory.database(), backup, options, nullptr, &report));
  EXPECT_EQ(report.backup.lsn, 0u);
  EXPECT_EQ(report.backup.state_digest, "");
  RestoreReport restored;
  const std::string path = directory.database() + ".restored";
  ASSERT_OK(Restore({}, backup, path, {}, nullptr, &restored));
  EXPECT_FALSE(restored.digest_compared);
  EXPECT_EQ(DigestOf(path), DigestOf(directory.database()));
}

}  // namespace
}  // namespace tallystone::testing
