// Backup and restore on a simulated disk: what is restored is what was there, whatever the store
// had refused; crashes leave the earlier backup and no half database; damage is named.
#include "inspect/backup.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "api/engine_impl.h"
#include "base/coding.h"
#include "crash/scenario.h"
#include "ingest/database_directory.h"
#include "inspect/archive_format.h"
#include "inspect/open_inspector.h"
#include "inspect/opened_database.h"
#include "support/rocks_files.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

using Keep = FaultFileSystem::Keep;

constexpr char kPath[] = "stock.db";
constexpr char kBackup[] = "backup";
constexpr char kNew[] = "new.db";

Step Send(const std::string& batch, uint64_t lines, const std::string& tenant = "acme") {
  return {.kind = StepKind::kSend, .tenant = tenant, .batch = batch, .lines = lines};
}

class BackupTest : public ::testing::Test {
 protected:
  // Lines that the store refused, a retry, a drop, two kinds of drain, and a tail.
  void SetUp() override {
    scenario_ = CrashScenarios().front();
    scenario_.options.ingest_lines_min = 300;
    scenario_.poison_items = {4};
    disk_ = Run(FaultFileSystem().Copy().get(),
                {Send("b1", 400),
                 {.kind = StepKind::kFlush},
                 {.kind = StepKind::kRetry, .tenant = "acme", .batch = "b1", .line = 7},
                 {.kind = StepKind::kDrop, .tenant = "acme", .batch = "b1", .line = 14},
                 Send("b2", 700),
                 {.kind = StepKind::kFlush},
                 Send("b3", 100, "other"),
                 Send("b4", 30)});
    digest_ = Digest(*disk_, kPath);
    // And what comes later: the tail becomes final, with refused lines.
    later_ = Run(disk_.get(), {{.kind = StepKind::kFlush}, Send("b5", 600), Send("b6", 20)});
    later_digest_ = Digest(*later_, kPath);
    ASSERT_NE(digest_, later_digest_);
  }

  // The disk after more steps, as a crash would find it.
  std::unique_ptr<FaultFileSystem> Run(FaultFileSystem* before, const std::vector<Step>& steps) {
    SimulatedDatabase database(before->Copy());
    ScenarioRun run(&scenario_, &database);
    EXPECT_OK(run.Open());
    for (const Step& step : steps) {
      EXPECT_OK(run.Run(step));
    }
    std::unique_ptr<FaultFileSystem> after = database.disk()->Copy();
    run.Abandon();
    return after;
  }

  static std::string Digest(const FaultFileSystem& disk, const std::string& path) {
    const std::unique_ptr<FaultFileSystem> copy = disk.Copy();
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(copy.get());
    std::unique_ptr<Inspector> inspector;
    VerifyReport report;
    DatabaseStatus state;
    Status status = OpenInspector({}, path, copy.get(), env.get(), &inspector);
    if (status.ok()) {
      status = inspector->Verify(nullptr, &report);
    }
    if (status.ok()) {
      status = inspector->GetStatus(nullptr, &state);
    }
    if (!status.ok()) {
      return "cannot be read: " + status.ToString();
    }
    return report.sound ? state.state_digest : "unsound: " + report.findings.front().what;
  }

  static Status TakeBackup(FaultFileSystem* disk, BackupReport* report = nullptr,
                           const std::string& path = kPath) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk);
    BackupReport ignored;
    BackupOptions options;
    options.file_bytes_max = 4096;  // several files
    return BackUp({}, {path, disk, env.get()}, kBackup, options, nullptr,
                  report != nullptr ? report : &ignored);
  }
  static Status RestoreTo(FaultFileSystem* disk, const std::string& path, Lsn as_of = 0,
                          RestoreReport* report = nullptr) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk);
    RestoreReport ignored;
    RestoreOptions options;
    options.verify = true;
    options.as_of_lsn = as_of;
    return Restore({}, kBackup, {path, disk, env.get()}, options, nullptr,
                   report != nullptr ? report : &ignored);
  }
  static BackupCheck Check(FaultFileSystem* disk) {
    BackupCheck check;
    EXPECT_OK(CheckBackup(disk, kBackup, nullptr, nullptr, &check));
    return check;
  }
  // What a restore of the backup on this disk gives.
  static std::string RestoredDigest(const FaultFileSystem& disk) {
    const std::unique_ptr<FaultFileSystem> copy = disk.Copy();
    const Status restored = RestoreTo(copy.get(), kNew);
    return restored.ok() ? Digest(*copy, kNew) : restored.ToString();
  }
  // The files of the later database, beside the backup of the earlier one.
  std::unique_ptr<FaultFileSystem> LaterWithBackup() {
    std::unique_ptr<FaultFileSystem> disk = later_->Copy();
    EXPECT_OK(MakeDatabaseDirectory(disk.get(), kBackup));
    EXPECT_OK(TakeBackup(disk_.get()));
    for (const auto& [path, bytes] : BackupFiles(*disk_)) {
      disk->SetContents(path, bytes);
    }
    return disk;
  }
  static std::map<std::string, std::string> BackupFiles(const FaultFileSystem& disk) {
    std::map<std::string, std::string> files;
    for (const std::string& path : disk.Paths()) {
      if (path.rfind(std::string(kBackup) + "/", 0) == 0) {
        files[path] = *disk.Contents(path);
      }
    }
    return files;
  }
  // Of the operations of `work`, every `stride`-th in turn is where the power goes.
  template <typename Work, typename Look>
  static void CrashEverywhere(const FaultFileSystem& before, uint64_t stride, const Work& work,
                              const Look& look) {
    constexpr Keep kKeeps[] = {Keep::kNothing, Keep::kEverything, Keep::kSome};
    for (uint64_t operation = 0;; operation += stride) {
      const std::unique_ptr<FaultFileSystem> disk = before.Copy();
      disk->CrashAt(operation);
      const bool finished = work(disk.get()).ok();
      disk->Crash(kKeeps[operation % 3], operation);
      SCOPED_TRACE("operation " + std::to_string(operation));
      look(disk.get(), finished);
      if (finished || ::testing::Test::HasFatalFailure()) {
        ASSERT_GT(operation, 10u);
        return;
      }
    }
  }

  Scenario scenario_;
  std::unique_ptr<FaultFileSystem> disk_, later_;
  std::string digest_, later_digest_;
};

TEST_F(BackupTest, TheRestoredDatabaseHasTheSameStateAndGoesOn) {
  BackupReport backup;
  const uint64_t before = disk_->Fingerprint();
  std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
  ASSERT_OK(TakeBackup(disk.get(), &backup));
  EXPECT_EQ(disk_->Fingerprint(), before);
  EXPECT_EQ(backup.backup.state_digest, digest_);
  EXPECT_GT(backup.backup.lsn, backup.backup.final_lsn) << "there is no tail";
  EXPECT_GT(backup.backup.files.size(), 2u);
  EXPECT_TRUE(Check(disk.get()).sound);

  ASSERT_OK(RemoveTree(disk.get(), kPath));
  RestoreReport restored;
  ASSERT_OK(RestoreTo(disk.get(), kPath, 0, &restored));
  EXPECT_TRUE(restored.digest_compared);
  EXPECT_EQ(restored.lsn, backup.backup.lsn);
  EXPECT_NE(restored.database_id, backup.backup.database_id);
  EXPECT_FALSE(disk->Exists("stock.db.restoring"));
  EXPECT_EQ(Digest(*disk, kPath), digest_);
  // Sent again it changes nothing; sent more it is what the other one becomes.
  scenario_.poison_items.clear();
  const std::vector<Step> more = {{.kind = StepKind::kFlush}, Send("b5", 600), Send("b6", 20)};
  const std::string expected = Digest(*Run(disk_.get(), more), kPath);
  const std::unique_ptr<FaultFileSystem> again =
      Run(disk.get(), {Send("b1", 400), Send("b2", 700), Send("b3", 100, "other"), Send("b4", 30)});
  EXPECT_EQ(Digest(*again, kPath), digest_);
  EXPECT_EQ(Digest(*Run(again.get(), more), kPath), expected);
}

TEST_F(BackupTest, TheStoresWordsAboutRefusedLinesComeThrough) {
  ASSERT_OK(TakeBackup(disk_.get()));
  ASSERT_OK(RestoreTo(disk_.get(), kNew));
  const auto letters = [&](const std::string& path) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk_.get());
    std::unique_ptr<Inspector> inspector;
    std::unique_ptr<Cursor<DeadLetter>> cursor;
    EXPECT_OK(OpenInspector({}, path, disk_.get(), env.get(), &inspector));
    EXPECT_OK(inspector->NewDeadLetterCursor({}, &cursor));
    std::vector<std::string> texts;
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      const DeadLetter& letter = cursor->value();
      texts.push_back(letter.key.batch + " " + std::to_string(letter.key.line) + " " +
                      std::string(OutcomeName(letter.cause)) + " " + letter.detail + " " +
                      std::to_string(letter.attempts));
    }
    return texts;
  };
  const std::vector<std::string> before = letters(kPath);
  EXPECT_NE(std::count_if(before.begin(), before.end(),
                          [](const std::string& text) {
                            return text.find("store_rejected") != std::string::npos;
                          }),
            0);
  EXPECT_EQ(letters(kNew), before);
}

TEST_F(BackupTest, TheNextBackupAddsWhatIsNewAndReplacesTheTail) {
  const std::unique_ptr<FaultFileSystem> disk = LaterWithBackup();
  const auto before = BackupFiles(*disk);
  BackupReport report;
  ASSERT_OK(TakeBackup(disk.get(), &report));
  EXPECT_EQ(report.backup.backups, 2u);
  EXPECT_LT(report.blocks_written, report.backup.lsn);
  const auto after = BackupFiles(*disk);
  for (const auto& [path, bytes] : before) {
    if (path.ends_with(".blocks")) {
      ASSERT_TRUE(after.contains(path)) << path;
      EXPECT_EQ(after.at(path), bytes) << path;
    } else if (path.ends_with(".tail")) {
      EXPECT_FALSE(after.contains(path)) << path;
    }
  }
  EXPECT_EQ(RestoredDigest(*disk), later_digest_);
}

TEST_F(BackupTest, InTheMiddleOfAKeyReplayItIsTheStateOfThatMoment) {
  std::vector<std::unique_ptr<FaultFileSystem>> moments;
  {
    SimulatedDatabase database(disk_->Copy());
    ScenarioRun run(&scenario_, &database);
    ASSERT_OK(run.Open());
    ASSERT_OK(run.Run(Send("b7", 200)));
    std::mutex mutex;
    database.disk()->SetHook([&](FileOperation operation, const std::string&) {
      const std::lock_guard lock(mutex);
      if (operation == FileOperation::kSync) {
        moments.push_back(database.disk()->Copy());
      }
      return Status::Ok();
    });
    ASSERT_OK(run.Run({.kind = StepKind::kFlush}));
    database.disk()->SetHook(nullptr);
    moments.push_back(database.disk()->Copy());
    run.Abandon();
  }
  uint64_t replays = 0;
  std::map<std::string, std::string> earlier;
  for (const auto& disk : moments) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk.get());
    {
      OpenedDatabase opened;
      ASSERT_OK(OpenToRead({}, kPath, disk.get(), env.get(), &opened));
      replays += opened.view->store_marker().replay.has_value() ? 1 : 0;
    }
    // Each goes on with the backup of the moment before.
    ASSERT_OK(MakeDatabaseDirectory(disk.get(), kBackup));
    for (const auto& [path, bytes] : earlier) {
      disk->SetContents(path, bytes);
    }
    ASSERT_OK(TakeBackup(disk.get()));
    earlier = BackupFiles(*disk);
    ASSERT_EQ(RestoredDigest(*disk), Digest(*disk, kPath));
  }
  EXPECT_GT(replays, 3u);
}

TEST_F(BackupTest, ACrashAnywhereInABackupLeavesTheEarlierOneOrTheNewOne) {
  uint64_t earlier = 0, newer = 0;
  CrashEverywhere(
      *LaterWithBackup(), 1, [](FaultFileSystem* disk) { return TakeBackup(disk); },
      [&](FaultFileSystem* disk, bool finished) {
        const std::string restored = RestoredDigest(*disk);
        ASSERT_TRUE(restored == later_digest_ || (!finished && restored == digest_)) << restored;
        (restored == digest_ ? earlier : newer) += 1;
        ASSERT_OK(TakeBackup(disk));
        ASSERT_EQ(RestoredDigest(*disk), later_digest_);
      });
  EXPECT_GT(earlier, 5u);
  EXPECT_GT(newer, 0u);
}

TEST_F(BackupTest, ACrashAnywhereInARestoreLeavesNoHalfDatabase) {
  ASSERT_OK(TakeBackup(disk_.get()));
  CrashEverywhere(
      *disk_, 2, [](FaultFileSystem* disk) { return RestoreTo(disk, kNew); },
      [&](FaultFileSystem* disk, bool finished) {
        if (finished || disk->Exists(kNew)) {
          ASSERT_EQ(Digest(*disk, kNew), digest_);
        } else {
          ASSERT_OK(RestoreTo(disk, kNew));
          ASSERT_EQ(Digest(*disk, kNew), digest_);
        }
      });
}

// Any byte: it is found, named, and what stands before it can still be restored.
TEST_F(BackupTest, DamageIsNamedAndNeverRestored) {
  ASSERT_OK(TakeBackup(disk_.get()));
  const auto files = BackupFiles(*disk_);
  uint64_t trials = 0;
  for (const auto& [path, bytes] : files) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name == "LOCK" || name == "MANIFEST") {
      continue;
    }
    for (size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 23) {
      SCOPED_TRACE(path + " at byte " + std::to_string(at));
      const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      disk->SetContents(path, damaged);
      const BackupCheck check = Check(disk.get());
      ASSERT_EQ(check.damages_count, 1u);
      const BackupDamage& damage = check.damages.front();
      EXPECT_EQ(damage.file, name);
      EXPECT_LE(damage.offset, at);
      EXPECT_EQ(check.whole_up_to_lsn, damage.first_lsn - 1);
      EXPECT_EQ(check.blocks + damage.last_lsn - damage.first_lsn + 1, Check(disk_.get()).blocks);
      const Status restored = RestoreTo(disk.get(), kNew);
      EXPECT_TRUE(restored.Is(StatusCode::kCorruption) || restored.Is(StatusCode::kFormatMismatch))
          << restored.ToString();
      EXPECT_NE(restored.message().find(path), std::string::npos) << restored.message();
      EXPECT_FALSE(disk->Exists(kNew));
      if (++trials % 10 == 0 && check.whole_up_to_lsn > 0) {
        RestoreReport report;
        ASSERT_OK(RestoreTo(disk.get(), kNew, check.whole_up_to_lsn, &report));
        EXPECT_TRUE(report.verified.sound);
        EXPECT_EQ(report.lsn, check.whole_up_to_lsn);
      }
    }
  }
  EXPECT_GT(trials, 50u);
}

TEST_F(BackupTest, FilesCutMissingOrInEachOthersPlaceAreNamed) {
  ASSERT_OK(TakeBackup(disk_.get()));
  const std::string first = "backup/0000000001.blocks", second = "backup/0000000002.blocks";
  const std::string bytes = *disk_->Contents(first), others = *disk_->Contents(second);
  const std::vector<std::function<void(FaultFileSystem*)>> harms = {
      [&](FaultFileSystem* disk) { disk->SetContents(first, bytes.substr(0, bytes.size() - 1)); },
      [&](FaultFileSystem* disk) { disk->SetContents(first, bytes.substr(0, 20)); },
      [&](FaultFileSystem* disk) { disk->SetContents(first, ""); },
      [&](FaultFileSystem* disk) { disk->SetContents(first, bytes + "more"); },
      [&](FaultFileSystem* disk) { EXPECT_OK(disk->Remove(first)); },
      [&](FaultFileSystem* disk) { disk->SetContents(first, others); },
  };
  for (const auto& harm : harms) {
    SCOPED_TRACE(&harm - harms.data());
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    harm(disk.get());
    const BackupCheck check = Check(disk.get());
    EXPECT_FALSE(check.sound);
    ASSERT_FALSE(check.damages.empty());
    EXPECT_EQ(check.damages.front().file, "0000000001.blocks");
    EXPECT_CODE(kCorruption, RestoreTo(disk.get(), kNew));
    // The next backup does not add to it as if it were whole.
    EXPECT_CODE(kCorruption, TakeBackup(disk.get()));
  }
}

TEST_F(BackupTest, AManifestThatIsDamagedIsRefused) {
  ASSERT_OK(TakeBackup(disk_.get()));
  const std::string bytes = *disk_->Contents("backup/MANIFEST");
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    disk_->SetContents("backup/MANIFEST", at % 2 == 0 ? damaged : bytes.substr(0, at));
    BackupInfo info;
    const Status status = ReadBackup(disk_.get(), kBackup, &info);
    EXPECT_TRUE(status.Is(StatusCode::kCorruption) || status.Is(StatusCode::kFormatMismatch))
        << at << " " << status.ToString();
    EXPECT_FALSE(TakeBackup(disk_.get()).ok());
  }
}

TEST_F(BackupTest, AnotherDatabaseOrALostHistoryIsRefused) {
  // What the database lost, only the backup has.
  const std::unique_ptr<FaultFileSystem> disk = later_->Copy();
  ASSERT_OK(TakeBackup(disk.get()));
  const auto newer = BackupFiles(*disk);
  const std::unique_ptr<FaultFileSystem> older = disk_->Copy();
  ASSERT_OK(MakeDatabaseDirectory(older.get(), kBackup));
  for (const auto& [path, bytes] : newer) {
    older->SetContents(path, bytes);
  }
  EXPECT_CODE(kConflict, TakeBackup(older.get()));
  EXPECT_EQ(BackupFiles(*older), newer);
  // A copy that went on by itself: other batches at the same LSNs.
  const std::unique_ptr<FaultFileSystem> other =
      Run(older.get(), {{.kind = StepKind::kFlush}, Send("c5", 900), Send("c6", 900)});
  EXPECT_CODE(kConflict, TakeBackup(other.get()));
  EXPECT_EQ(BackupFiles(*other), newer);
  // A restored database has an identity of its own.
  ASSERT_OK(RestoreTo(disk.get(), kNew));
  EXPECT_CODE(kConflict, TakeBackup(disk.get(), nullptr, kNew));
  EXPECT_EQ(BackupFiles(*disk), newer);
}

// Its blocks may be the last copy there is: they are not taken for what an interruption left.
TEST_F(BackupTest, ABackupThatLostItsManifestIsLeftAsItIs) {
  const auto without_manifest = [](const FaultFileSystem& disk) {
    auto files = BackupFiles(disk);
    files.erase("backup/MANIFEST");
    return files;
  };
  const auto expect_left = [&](FaultFileSystem* disk, const std::string& database) {
    const auto before = without_manifest(*disk);
    if (disk->Exists("backup/MANIFEST")) {
      ASSERT_OK(disk->Remove("backup/MANIFEST"));
    }
    const Status refused = TakeBackup(disk, nullptr, database);
    EXPECT_TRUE(refused.Is(StatusCode::kConflict)) << refused.ToString();
    EXPECT_NE(refused.message().find("MANIFEST"), std::string::npos) << refused.message();
    EXPECT_EQ(BackupFiles(*disk), before);
  };
  {
    SCOPED_TRACE("of another database");
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    ASSERT_OK(TakeBackup(disk.get()));
    ASSERT_OK(RestoreTo(disk.get(), kNew));
    expect_left(disk.get(), kNew);
  }
  {
    SCOPED_TRACE("of more than one backup");
    const std::unique_ptr<FaultFileSystem> disk = LaterWithBackup();
    ASSERT_OK(TakeBackup(disk.get()));
    expect_left(disk.get(), kPath);
  }
  {
    SCOPED_TRACE("of a database that lost its end");
    const std::unique_ptr<FaultFileSystem> newer = later_->Copy();
    ASSERT_OK(TakeBackup(newer.get()));
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    ASSERT_OK(MakeDatabaseDirectory(disk.get(), kBackup));
    for (const auto& [path, bytes] : without_manifest(*newer)) {
      disk->SetContents(path, bytes);
    }
    expect_left(disk.get(), kPath);
  }
  {
    SCOPED_TRACE("damaged");
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    ASSERT_OK(TakeBackup(disk.get()));
    std::string bytes = *disk->Contents("backup/0000000001.blocks");
    bytes[12] = static_cast<char>(bytes[12] ^ 1);
    disk->SetContents("backup/0000000001.blocks", bytes);
    expect_left(disk.get(), kPath);
  }
}

TEST_F(BackupTest, ACrashAnywhereInTheFirstBackupDoesNotHinderTheNext) {
  CrashEverywhere(
      *disk_, 1, [](FaultFileSystem* disk) { return TakeBackup(disk); },
      [&](FaultFileSystem* disk, bool finished) {
        if (finished || disk->Exists("backup/MANIFEST")) {
          ASSERT_EQ(RestoredDigest(*disk), digest_);
        }
        ASSERT_OK(TakeBackup(disk));
        ASSERT_EQ(RestoredDigest(*disk), digest_);
      });
}

// The first one made the directory and died before its name was durable.
TEST_F(BackupTest, AfterAKilledFirstBackupTheNextOneIsDurable) {
  for (uint64_t operation = 0; operation < 8; ++operation) {
    SCOPED_TRACE("operation " + std::to_string(operation));
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    disk->CrashAt(operation);
    EXPECT_FALSE(TakeBackup(disk.get()).ok());
    disk->Kill();
    ASSERT_OK(TakeBackup(disk.get()));
    disk->Crash(Keep::kNothing);
    ASSERT_EQ(RestoredDigest(*disk), digest_);
  }
}

// Headers that promise much, one behind the other: each would be believed and read to its end.
TEST_F(BackupTest, AHostileFileIsNotReadOverAndOver) {
  FaultFileSystem disk;
  archive::Manifest manifest;
  manifest.database_id = std::string(16, 'i');
  manifest.backups = 1;
  archive::FileEntry entry{.kind = archive::FileKind::kBlocks, .number = 1, .first = 1};
  entry.last = manifest.lsn = manifest.final_lsn = 1'000'000;
  uint64_t seed = 0;
  std::string file = archive::EncodeFileHeader(entry, manifest.database_id, &seed);
  constexpr size_t kBytes = 4u << 20;
  while (file.size() < kBytes) {
    PutFixed64(&file, 7);
    PutFixed64(&file, 5);
    PutFixed32(&file, static_cast<uint32_t>(
                          std::min<size_t>(kBytes - std::min(kBytes, file.size() + 4), 2u << 20)));
  }
  entry.bytes = file.size();
  manifest.files = {entry};
  ASSERT_OK(MakeDatabaseDirectory(&disk, kBackup));
  disk.SetContents("backup/0000000001.blocks", file);
  disk.SetContents("backup/MANIFEST", archive::EncodeManifest(manifest));
  uint64_t reads = 0;
  disk.SetHook([&](FileOperation operation, const std::string&) {
    reads += operation == FileOperation::kRead ? 1 : 0;
    return reads > 500 ? Status::IoError("enough") : Status::Ok();
  });
  BackupCheck check;
  ASSERT_OK(CheckBackup(&disk, kBackup, nullptr, nullptr, &check));
  EXPECT_FALSE(check.sound);
  EXPECT_EQ(check.damages.front().first_lsn, 1u);
  EXPECT_EQ(check.damages.front().last_lsn, 1'000'000u);
}

TEST_F(BackupTest, WhatIsThereIsNeitherOverwrittenNorTakenForABackup) {
  ASSERT_OK(TakeBackup(disk_.get()));
  EXPECT_CODE(kInvalidArgument, RestoreTo(disk_.get(), kPath));
  EXPECT_CODE(kInvalidArgument, RestoreTo(disk_.get(), kNew, 1'000'000));
  EXPECT_EQ(Digest(*disk_, kPath), digest_);
  const std::unique_ptr<FaultFileSystem> disk = later_->Copy();
  ASSERT_OK(MakeDatabaseDirectory(disk.get(), kBackup));
  disk->SetContents("backup/letters.txt", "dear");
  EXPECT_CODE(kInvalidArgument, TakeBackup(disk.get()));
  EXPECT_CODE(kNotFound, RestoreTo(disk.get(), kNew));
  EXPECT_CODE(kNotFound, TakeBackup(disk.get(), nullptr, "nothing.db"));
}

}  // namespace
}  // namespace tallystone::testing
