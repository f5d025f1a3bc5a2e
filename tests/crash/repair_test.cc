// Repair and quick verification: what is broken on purpose is found, named and made whole; a repair
// that is interrupted anywhere has changed nothing, or is done.
#include "inspect/repair.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "api/engine_impl.h"
#include "crash/scenario.h"
#include "ingest/database_directory.h"
#include "inspect/open_inspector.h"
#include "model/stored_codec.h"
#include "store/live_view.h"
#include "store/rocks/database.h"
#include "store/rocks/keys.h"
#include "store/rocks/rocks_view.h"
#include "store/rocks/write_batch_builder.h"
#include "support/rocks_files.h"

namespace tallystone::testing {
namespace {

using Keep = FaultFileSystem::Keep;

constexpr char kPath[] = "stock.db";

class RepairTest : public ::testing::Test {
 protected:
  // Dead letters, lines that the store refused, a retry, a drop, two kinds of drain, and a tail.
  void SetUp() override {
    scenario_ = CrashScenarios().front();
    scenario_.options.ingest_lines_min = 300;
    scenario_.poison_items = {4};
    const auto send = [](const std::string& batch, uint64_t lines, const std::string& tenant) {
      return Step{.kind = StepKind::kSend, .tenant = tenant, .batch = batch, .lines = lines};
    };
    scenario_.steps = {send("b1", 400, "acme"),
                       {.kind = StepKind::kFlush},
                       send("b2", 100, "other"),
                       {.kind = StepKind::kFlush},
                       {.kind = StepKind::kRetry, .tenant = "acme", .batch = "b1", .line = 7},
                       {.kind = StepKind::kDrop, .tenant = "acme", .batch = "b1", .line = 14},
                       send("b3", 700, "acme"),
                       {.kind = StepKind::kFlush},
                       send("b4", 30, "acme")};
    RunScenario();
  }
  void RunScenario() {
    SimulatedDatabase database(std::make_unique<FaultFileSystem>());
    ScenarioRun run(&scenario_, &database);
    ASSERT_TRUE(run.Open().ok());
    for (const Step& step : scenario_.steps) {
      ASSERT_TRUE(run.Run(step).ok());
    }
    disk_ = database.disk()->Copy();
    digest_ = SimulatedDatabase(disk_->Copy()).SoundDigest();
    ASSERT_EQ(digest_.rfind("unsound", 0), std::string::npos) << digest_;
    run.Abandon();
  }

  // Changes the store under everybody's feet.
  void Break(FaultFileSystem* disk,
             const std::function<void(rocks::Database*, rocksdb::WriteBatch*)>& how) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk);
    RocksStoreOptions options;
    options.path = StorePath(kPath);
    options.file_system = disk;
    options.env = env.get();
    std::shared_ptr<rocks::Database> database;
    ASSERT_TRUE(rocks::Database::Open(options, &database).ok());
    rocksdb::WriteBatch batch;
    how(database.get(), &batch);
    rocksdb::WriteOptions durable;
    durable.sync = true;
    ASSERT_TRUE(database->db()->Write(durable, &batch).ok());
    ASSERT_TRUE(database->Close().ok());
  }
  void DeleteFamily(FaultFileSystem* disk, rocks::Family family) {
    Break(disk, [&](rocks::Database* database, rocksdb::WriteBatch* batch) {
      const std::unique_ptr<rocksdb::Iterator> all(
          database->db()->NewIterator({}, database->handle(family)));
      for (all->SeekToFirst(); all->Valid(); all->Next()) {
        ASSERT_TRUE(batch->Delete(database->handle(family), all->key()).ok());
      }
    });
  }

  // What counts of a store of format 1 is as it is today; of the rest, nothing may be looked at.
  void MakeFormat1(FaultFileSystem* disk) {
    DeleteFamily(disk, rocks::Family::kBalances);
    DeleteFamily(disk, rocks::Family::kPostings);
    DeleteFamily(disk, rocks::Family::kCatalogue);
    Break(disk, [&](rocks::Database* database, rocksdb::WriteBatch* batch) {
      std::string format("TLYS");
      PutBigEndian32(&format, 1);
      PutBigEndian32(&format, 1);
      ASSERT_TRUE(
          batch->Put(database->handle(rocks::Family::kDefault), rocks::kFormatKey, format).ok());
    });
  }
  Status OpenAndClose(FaultFileSystem* disk) const {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk);
    std::unique_ptr<Engine> engine;
    const Status opened =
        EngineImpl::OpenWith(scenario_.options, kPath,
                             {.file_system = disk, .env = env.get(), .store = nullptr}, &engine);
    return opened.ok() ? engine->Close() : opened;
  }
  static std::vector<std::string> Names(FaultFileSystem* disk) {
    std::vector<std::string> names;
    EXPECT_TRUE(disk->List(kPath, &names).ok());
    return names;
  }

  using VerifyMethod = Status (Inspector::*)(const ProgressFunction&, VerifyReport*);
  VerifyReport Quick(FaultFileSystem* disk) { return Examine(disk, &Inspector::VerifyQuick); }
  VerifyReport Examine(FaultFileSystem* disk, VerifyMethod verify) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk);
    std::unique_ptr<Inspector> inspector;
    VerifyReport report;
    Status status = OpenInspector({}, kPath, disk, env.get(), &inspector);
    if (status.ok()) {
      status = (inspector.get()->*verify)(nullptr, &report);
    }
    EXPECT_TRUE(status.ok()) << status.ToString();
    return report;
  }

  Status Repair(FaultFileSystem* disk, bool dry_run, RepairReport* report) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk);
    return RepairStore({}, {kPath, disk, env.get()}, dry_run, nullptr, report);
  }
  static std::string Digest(const FaultFileSystem& disk) {
    return SimulatedDatabase(disk.Copy()).SoundDigest();
  }

  // Flips a bit in a sorted file of the balances: one of a window that was not booked key by key.
  void DamageBalances() {
    SimulatedDatabase database(disk_->Copy());
    ScenarioRun run(&scenario_, &database);
    ASSERT_TRUE(run.Open().ok());
    ASSERT_TRUE(
        run.Run({.kind = StepKind::kSend, .tenant = "other", .batch = "b5", .lines = 400}).ok());
    ASSERT_TRUE(run.Close().ok());
    disk_ = database.disk()->Copy();
    digest_ = Digest(*disk_);
    for (const std::string& path : disk_->Paths()) {
      if (path.find("/db/") == std::string::npos || path.find(".sst") == std::string::npos) {
        continue;
      }
      std::string bytes = *disk_->Contents(path);
      bytes[0] = static_cast<char>(bytes[0] ^ 1);
      std::unique_ptr<FaultFileSystem> damaged = disk_->Copy();
      damaged->SetContents(path, bytes);
      if (Digest(*damaged).find("/db, balances: ") != std::string::npos) {
        disk_ = std::move(damaged);
        return;
      }
    }
    FAIL() << "no sorted file of the balances";
  }

  // The disk before every n-th change that a repair makes, and at its end.
  std::vector<std::unique_ptr<FaultFileSystem>> RecordRepair(const FaultFileSystem& before,
                                                             uint64_t stride, uint64_t first) {
    std::vector<std::unique_ptr<FaultFileSystem>> boundaries;
    std::mutex mutex;
    uint64_t changes = first;
    const std::unique_ptr<FaultFileSystem> disk = before.Copy();
    disk->SetHook([&](FileOperation operation, const std::string&) {
      const std::lock_guard lock(mutex);
      if (operation != FileOperation::kRead && operation != FileOperation::kOpen &&
          changes++ % stride == 0) {
        boundaries.push_back(disk->Copy());
      }
      return Status::Ok();
    });
    RepairReport report;
    EXPECT_TRUE(Repair(disk.get(), false, &report).ok());
    disk->SetHook(nullptr);
    boundaries.push_back(disk->Copy());
    return boundaries;
  }

  // Crashes a repair of `disk` at its boundaries, each in three ways; each repair after a crash,
  // too, `depth` times. What was not seen before is looked at: it is `broken` as before or whole,
  // and the next repair makes it whole.
  void CrashRepairs(const FaultFileSystem& disk, const std::string& broken, int depth) {
    const uint64_t stride = (Long() ? 1u : 6u) * (depth == 0 ? 1u : 29u);
    uint64_t seed = 0;
    for (const auto& boundary : RecordRepair(disk, stride, states_.size())) {
      for (const Keep keep : {Keep::kNothing, Keep::kEverything, Keep::kSome}) {
        std::unique_ptr<FaultFileSystem> crashed = boundary->Copy();
        crashed->Crash(keep, ++seed);
        if (!states_.insert(crashed->Fingerprint()).second) {
          continue;
        }
        const std::string digest = Digest(*crashed);
        ASSERT_TRUE(digest == broken || digest == digest_) << digest;
        (digest == broken ? old_states_ : repaired_states_) += 1;
        if (depth == 0) {
          CrashRepairs(*crashed, broken, depth + 1);
        }
        RepairReport report;
        const Status status = Repair(crashed.get(), false, &report);
        ASSERT_TRUE(status.ok()) << status.ToString();
        ASSERT_EQ(Digest(*crashed), digest_);
      }
    }
  }

  static bool Long() {
    const char* how = std::getenv("TALLYSTONE_CRASHES");
    return how != nullptr && std::string_view(how) == "long";
  }

  Scenario scenario_;
  std::unique_ptr<FaultFileSystem> disk_;
  std::string digest_;
  std::set<uint64_t> states_;  // of disks after a crash of a repair
  uint64_t old_states_ = 0, repaired_states_ = 0;
};

TEST_F(RepairTest, QuickVerificationOfASoundDatabaseFindsNothing) {
  const VerifyReport report = Quick(disk_.get());
  EXPECT_TRUE(report.sound) << report.findings.front().what;
  EXPECT_GT(report.lines_checked, 800u);
  EXPECT_GT(report.balances_checked, 10u);
}

TEST_F(RepairTest, QuickVerificationNamesTheItemAndItsFirstBatchThatDiffers) {
  // The balance forgets what came after the first window.
  Break(disk_.get(), [](rocks::Database* database, rocksdb::WriteBatch* batch) {
    const std::unique_ptr<rocksdb::Iterator> posting(
        database->db()->NewIterator({}, database->handle(rocks::Family::kPostings)));
    std::string key, value;
    rocks::EncodePostingPrefix(rocks::GroupOf({1, 3}), &key);
    posting->Seek(key);
    std::vector<Posting> first;
    ASSERT_TRUE(rocks::ForEachPart(rocks::ToView(posting->value()), [&](uint8_t place,
                                                                        std::string_view part) {
                  return place == 3 ? DecodePostings(part, &first) : Status::Ok();
                }).ok());
    rocks::EncodeBalanceKey(rocks::GroupOf({1, 3}), &key);
    BalanceSum sum;
    for (const Posting& place : first) {
      sum.Add({1, 1, 1, place.lsn, PlaceHash({1, 3}, place.lsn, place.index), ""});
    }
    std::string part, group;
    EncodeBalanceSum(sum, &part);
    rocksdb::ColumnFamilyHandle* balances = database->handle(rocks::Family::kBalances);
    ASSERT_TRUE(database->db()->Get({}, balances, key, &group).ok());
    ASSERT_TRUE(rocks::ReplacePart(group, 3, part, &value).ok());
    ASSERT_TRUE(batch->Put(balances, key, value).ok());
  });
  const VerifyReport report = Quick(disk_.get());
  ASSERT_FALSE(report.sound);
  EXPECT_NE(report.findings.front().what.find("item 3"), std::string::npos);
  EXPECT_EQ(report.findings.front().tenant, "acme");
  EXPECT_EQ(report.findings.front().batch, "b3");
}

// A review, a setting or a vendor's code that got lost would book later lines on another item.
TEST_F(RepairTest, VerificationFindsARecordThatIsMissingOrChangedOrThatNobodyWrote) {
  const std::vector<Scenario> all = CrashScenarios();
  const auto reviewed = std::find_if(all.begin(), all.end(), [](const Scenario& scenario) {
    return scenario.name == "split of a name";
  });
  ASSERT_NE(reviewed, all.end());
  scenario_ = *reviewed;
  scenario_.steps.push_back({.kind = StepKind::kFlush});
  RunScenario();
  struct Harm {
    std::string finding;
    std::function<Status(rocksdb::WriteBatch*, rocksdb::ColumnFamilyHandle*, rocksdb::Iterator*)>
        apply;
  };
  const auto harmed = [](const rocksdb::Status& status) {
    return status.ok() ? Status::Ok() : Status(StatusCode::kIoError, status.ToString());
  };
  const std::vector<Harm> harms = {
      {"is missing", [&](auto* batch, auto* family,
                         auto* record) { return harmed(batch->Delete(family, record->key())); }},
      {"is not what the chunk",
       [&](auto* batch, auto* family, auto* record) {
         return harmed(batch->Put(family, record->key(), record->value().ToString() + "x"));
       }},
      {"that no chunk wrote",
       [&](auto* batch, auto* family, auto* record) {
         return harmed(batch->Put(family, record->key().ToString() + "x", record->value()));
       }},
  };
  for (const Harm& harm : harms) {
    SCOPED_TRACE(harm.finding);
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    uint64_t count = 0;
    Break(disk.get(), [&](rocks::Database* database, rocksdb::WriteBatch* batch) {
      rocksdb::ColumnFamilyHandle* family = database->handle(rocks::Family::kCatalogue);
      const std::unique_ptr<rocksdb::Iterator> entry(database->db()->NewIterator({}, family));
      RecordRef ref;
      for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
        if (rocks::ParseRecordKey(rocks::ToView(entry->key()), &ref)) {
          ASSERT_TRUE(harm.apply(batch, family, entry.get()).ok());
          ++count;
        }
      }
    });
    ASSERT_GT(count, 0u) << "the scenario wrote no record";
    const VerifyReport report = Examine(disk.get(), &Inspector::Verify);
    EXPECT_EQ(report.findings_count, count);
    ASSERT_FALSE(report.sound);
    EXPECT_NE(report.findings.front().what.find(harm.finding), std::string::npos)
        << report.findings.front().what;
    EXPECT_EQ(report.findings.front().tenant, "acme");
    RepairReport repair;
    ASSERT_TRUE(Repair(disk.get(), false, &repair).ok());
    EXPECT_EQ(Digest(*disk), digest_);
    EXPECT_TRUE(Examine(disk.get(), &Inspector::Verify).sound) << "repair did not bring it back";
  }
}

TEST_F(RepairTest, AnyFamilyThatWasEmptiedComesBack) {
  for (const rocks::Family family : {rocks::Family::kBalances, rocks::Family::kPostings,
                                     rocks::Family::kCatalogue, rocks::Family::kBatches}) {
    SCOPED_TRACE(rocks::FamilyName(family));
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    DeleteFamily(disk.get(), family);
    EXPECT_NE(Digest(*disk), digest_);

    RepairReport report;
    const uint64_t before = disk->Fingerprint();
    ASSERT_TRUE(Repair(disk.get(), true, &report).ok());
    EXPECT_FALSE(report.before.sound && report.not_examined.empty());
    EXPECT_EQ(disk->Fingerprint(), before) << "a dry run changed something";

    const Status repaired = Repair(disk.get(), false, &report);
    ASSERT_TRUE(repaired.ok()) << repaired.ToString();
    EXPECT_EQ(report.kept, "stock.db/store.damaged-1");
    EXPECT_TRUE(disk->Exists(report.kept));
    EXPECT_EQ(Digest(*disk), digest_);
    EXPECT_TRUE(Quick(disk.get()).sound);
    // It goes on from there.
    SimulatedDatabase database(disk->Copy());
    ScenarioRun run(&scenario_, &database);
    ASSERT_TRUE(run.Open().ok());
    for (const Step& step : scenario_.steps) {
      ASSERT_TRUE(run.Run(step).ok());
    }
    EXPECT_EQ(CheckAgainstModel(scenario_, scenario_.steps.size(), run.engine()), "");
  }
}

TEST_F(RepairTest, AFamilyThatWasDroppedIsNamedAndComesBack) {
  for (const rocks::Family family : {rocks::Family::kBalances, rocks::Family::kPostings}) {
    const std::string name = rocks::FamilyName(family);
    SCOPED_TRACE(name);
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    Break(disk.get(), [&](rocks::Database* database, rocksdb::WriteBatch*) {
      ASSERT_TRUE(database->db()->DropColumnFamily(database->handle(family)).ok());
    });
    // Neither a writer nor a reader takes it for an empty one.
    const uint64_t before = disk->Fingerprint();
    EXPECT_NE(Digest(*disk).find("family " + name + " is missing"), std::string::npos)
        << Digest(*disk);
    SimulatedDatabase refused(disk->Copy());
    ScenarioRun run(&scenario_, &refused);
    const Status opened = run.Open();
    EXPECT_TRUE(opened.Is(StatusCode::kCorruption)) << opened.ToString();
    EXPECT_NE(opened.message().find("tallystone repair"), std::string::npos) << opened.ToString();
    EXPECT_EQ(disk->Fingerprint(), before);

    RepairReport report;
    const Status repaired = Repair(disk.get(), false, &report);
    ASSERT_TRUE(repaired.ok()) << repaired.ToString();
    EXPECT_FALSE(report.not_examined.empty());
    EXPECT_EQ(Digest(*disk), digest_);
    EXPECT_TRUE(Quick(disk.get()).sound);
  }
}

TEST_F(RepairTest, FilesOfBalancesThatAreGoneComeBack) {
  std::vector<std::string> gone;
  Break(disk_.get(), [&](rocks::Database* database, rocksdb::WriteBatch*) {
    ASSERT_TRUE(database->db()->Flush({}, database->handle(rocks::Family::kBalances)).ok());
    std::vector<rocksdb::LiveFileMetaData> files;
    database->db()->GetLiveFilesMetaData(&files);
    for (const rocksdb::LiveFileMetaData& file : files) {
      if (file.column_family_name == rocks::FamilyName(rocks::Family::kBalances)) {
        gone.push_back(StorePath(kPath) + "/db/" + file.relative_filename);
      }
    }
  });
  ASSERT_FALSE(gone.empty());
  for (const std::string& path : gone) {
    ASSERT_TRUE(disk_->Remove(path).ok()) << path;
  }
  RepairReport report;
  const Status repaired = Repair(disk_.get(), false, &report);
  ASSERT_TRUE(repaired.ok()) << repaired.ToString();
  EXPECT_FALSE(report.not_examined.empty());
  EXPECT_EQ(Digest(*disk_), digest_);
}

TEST_F(RepairTest, OneItemAlone) {
  DeleteFamily(disk_.get(), rocks::Family::kBalances);
  const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk_.get());
  const RepairPlace place{kPath, disk_.get(), env.get()};
  const size_t broken = Quick(disk_.get()).findings_count;
  RepairReport report;
  ASSERT_TRUE(RepairItem({}, place, {"acme", "", 2}, true, &report).ok());
  EXPECT_FALSE(report.before.sound);
  EXPECT_EQ(Quick(disk_.get()).findings_count, broken);
  ASSERT_TRUE(RepairItem({}, place, {"acme", "", 2}, false, &report).ok());
  EXPECT_EQ(Quick(disk_.get()).findings_count, broken - 1);
  ASSERT_TRUE(RepairItem({}, place, {"acme", "", 2}, false, &report).ok());
  EXPECT_TRUE(report.before.sound);
}

// Sixteen items share an entry: where it cannot be read at all, one of them cannot be written
// alone.
TEST_F(RepairTest, ADryRunOfOneItemPromisesNothingThatTheRepairRefuses) {
  Break(disk_.get(), [](rocks::Database* database, rocksdb::WriteBatch* batch) {
    std::string key;
    rocks::EncodeBalanceKey(rocks::GroupOf({1, 2}), &key);
    ASSERT_TRUE(
        batch->Put(database->handle(rocks::Family::kBalances), key, "\x01\x02\x7f short").ok());
  });
  const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk_.get());
  const RepairPlace place{kPath, disk_.get(), env.get()};
  for (const bool dry_run : {true, false}) {
    RepairReport report;
    const Status refused = RepairItem({}, place, {"acme", "", 2}, dry_run, &report);
    EXPECT_TRUE(refused.Is(StatusCode::kCorruption)) << refused.ToString();
    EXPECT_NE(refused.message().find("tallystone repair"), std::string::npos) << refused.ToString();
  }
  RepairReport report;
  ASSERT_TRUE(Repair(disk_.get(), false, &report).ok());
  EXPECT_EQ(Digest(*disk_), digest_);
}

TEST_F(RepairTest, InterruptedAtEveryOperationItHasChangedNothingOrIsDone) {
  DeleteFamily(disk_.get(), rocks::Family::kPostings);
  const std::string broken = Digest(*disk_);
  uint64_t done = 0, points = 0;
  for (uint64_t operation = 0;; operation += 2) {
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    disk->CrashAt(operation);
    RepairReport report;
    const bool finished = Repair(disk.get(), false, &report).ok();
    disk->Crash(operation % 3 == 0   ? Keep::kNothing
                : operation % 3 == 1 ? Keep::kEverything
                                     : Keep::kSome,
                operation);
    const std::string digest = Digest(*disk);
    ASSERT_TRUE(digest == broken || digest == digest_)
        << "operation " << operation << ": " << digest;
    done += digest == digest_;
    ++points;
    if (!finished) {
      const Status repaired = Repair(disk.get(), false, &report);
      ASSERT_TRUE(repaired.ok()) << "operation " << operation << ": " << repaired.ToString();
      ASSERT_EQ(Digest(*disk), digest_) << "operation " << operation;
    } else {
      break;
    }
  }
  EXPECT_GT(points, 30u);
  EXPECT_GT(done, 0u);
}

// The first writer makes the store anew. Rejected lines, a retry, a drop and a tail of the log come
// through it.
TEST_F(RepairTest, AStoreOfAnOlderFormatIsMadeAnewWhereverTheFirstTryEnds) {
  MakeFormat1(disk_.get());
  const uint64_t stride = Long() ? 1 : 9;
  uint64_t points = 0;
  for (uint64_t operation = 0;; operation += stride) {
    SCOPED_TRACE("operation " + std::to_string(operation));
    SimulatedDatabase database(disk_->Copy());
    database.disk()->CrashAt(operation);
    const bool finished = OpenAndClose(database.disk()).ok();
    const Keep keep = operation % 3 == 0   ? Keep::kNothing
                      : operation % 3 == 1 ? Keep::kEverything
                                           : Keep::kSome;
    database.disk()->Crash(keep, operation);
    const Status opened = OpenAndClose(database.disk());
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    ASSERT_EQ(database.SoundDigest(), digest_);
    ASSERT_FALSE(database.disk()->Exists(StorePath(kPath) + ".new.probe"));
    ++points;
    if (finished) {
      break;
    }
  }
  EXPECT_GT(points, 20u);
}

TEST_F(RepairTest, AnUpgradeThatFailsLeavesNothingBehindAndSaysWhatItWasDoing) {
  MakeFormat1(disk_.get());
  const std::vector<std::string> before = Names(disk_.get());
  for (const char* where : {"store.new/db/0", "store.new"}) {
    SimulatedDatabase database(disk_->Copy());
    uint64_t calls = 0;
    database.disk()->SetHook([&](FileOperation operation, const std::string& path) {
      const bool changes =
          operation == FileOperation::kWrite || operation == FileOperation::kRename;
      return changes && path.find(where) != std::string::npos && ++calls > 3
                 ? Status::NoSpace("no space left")
                 : Status::Ok();
    });
    const Status opened = OpenAndClose(database.disk());
    EXPECT_FALSE(opened.ok());
    EXPECT_NE(opened.message().find("making the store anew"), std::string::npos)
        << opened.ToString();
    database.disk()->SetHook(nullptr);
    EXPECT_EQ(Names(database.disk()), before) << opened.ToString();
    ASSERT_TRUE(OpenAndClose(database.disk()).ok());
    EXPECT_EQ(database.SoundDigest(), digest_);
    EXPECT_EQ(Names(database.disk()), (std::vector<std::string>{"log", "store", "store.older-1"}));
  }
}

TEST_F(RepairTest, EveryCrashOfARepairLeavesTheOldStoreOrTheRepairedOne) {
  ASSERT_NO_FATAL_FAILURE(DamageBalances());
  const std::string broken = Digest(*disk_);
  ASSERT_NE(broken, digest_);
  CrashRepairs(*disk_, broken, 0);
  std::cout << "distinct crash states of repairs: " << states_.size() << ", of which repaired "
            << repaired_states_ << "\n";
  EXPECT_GT(old_states_, 30u);
  EXPECT_GT(repaired_states_, 0u);
}

// A salvage may have had to leave the records that the replay needs.
TEST_F(RepairTest, AKeyReplayWhoseRecordsAreGoneIsGivenUp) {
  Break(disk_.get(), [](rocks::Database* database, rocksdb::WriteBatch* batch) {
    Marker marker;
    ASSERT_TRUE(rocks::ReadMarker(*database, nullptr, &marker).ok());
    marker.replay.emplace();
    marker.replay->last = marker.applied + 100;
    ASSERT_TRUE(rocks::BuildMarkerBatch(database->handles(), marker, batch).ok());
  });
  EXPECT_TRUE(OpenAndClose(disk_->Copy().get()).Is(StatusCode::kCorruption));
  RepairReport report;
  ASSERT_TRUE(Repair(disk_.get(), true, &report).ok());
  EXPECT_NE(report.not_examined.find("key replay"), std::string::npos);
  ASSERT_TRUE(Repair(disk_.get(), false, &report).ok());
  EXPECT_EQ(Digest(*disk_), digest_);
  const Status opened = OpenAndClose(disk_.get());
  EXPECT_TRUE(opened.ok()) << opened.ToString();
}

TEST_F(RepairTest, ADamagedLogIsSalvagedUpToTheDamageAndWhatIsLostIsNamed) {
  // Three groups in the tail, so that damage in the second is attested by the third.
  {
    SimulatedDatabase database(disk_->Copy());
    ScenarioRun run(&scenario_, &database);
    ASSERT_TRUE(run.Open().ok());
    for (const char* batch : {"t1", "t2", "t3"}) {
      ASSERT_TRUE(
          run.Run({.kind = StepKind::kSend, .tenant = "acme", .batch = batch, .lines = 20}).ok());
    }
    disk_ = database.disk()->Copy();
    run.Abandon();
  }
  std::string segment;
  for (const std::string& path : disk_->Paths()) {
    if (path.find("/log/0") != std::string::npos) {
      segment = path;
    }
  }
  std::string bytes = *disk_->Contents(segment);
  const size_t place = bytes.find("t2");
  ASSERT_NE(place, std::string::npos);
  bytes[place] = 'X';
  disk_->SetContents(segment, bytes);

  SimulatedDatabase damaged(disk_->Copy());
  std::unique_ptr<Engine> engine;
  ASSERT_TRUE(damaged.Open(scenario_.options, &engine).Is(StatusCode::kCorruption));

  const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk_.get());
  const RepairPlace where{kPath, disk_.get(), env.get()};
  SalvageReport report;
  ASSERT_TRUE(SalvageLog({}, where, true, &report).ok());
  ASSERT_EQ(report.log.damage_count, 1u);
  EXPECT_NE(report.log.damage[0].damage.what.find(segment), std::string::npos);
  EXPECT_EQ(report.log.state, LogState::kLost);
  EXPECT_TRUE(report.kept.empty() && !report.changed);
  const Status salvaged = SalvageLog({}, where, false, &report);
  ASSERT_TRUE(salvaged.ok()) << salvaged.ToString();
  ASSERT_EQ(report.log.stranded.size(), 1u);
  EXPECT_EQ(report.log.stranded.front().batch, "t3");
  EXPECT_EQ(report.log.stranded.front().lines, 20u);
  EXPECT_EQ(report.log.stranded_records, 1u);
  EXPECT_TRUE(disk_->Contents(report.kept + segment.substr(segment.rfind('/'))) == bytes);

  SimulatedDatabase mended(disk_->Copy());
  ScenarioRun run(&scenario_, &mended);
  const Status opened = run.Open();
  ASSERT_TRUE(opened.ok()) << opened.ToString();
  BatchInfo info;
  EXPECT_TRUE(run.engine()->GetBatch("acme", "t1", &info).ok());
  EXPECT_TRUE(run.engine()->GetBatch("acme", "t2", &info).IsNotFound());
  for (const char* batch : {"t1", "t2", "t3"}) {
    ASSERT_TRUE(
        run.Run({.kind = StepKind::kSend, .tenant = "acme", .batch = batch, .lines = 20}).ok());
  }
  ASSERT_TRUE(run.Close().ok());
  EXPECT_EQ(mended.SoundDigest().rfind("unsound", 0), std::string::npos);
  // A sound log is left alone.
  SalvageReport again;
  ASSERT_TRUE(SalvageLog({}, where, false, &again).ok());
  EXPECT_TRUE(again.log.sound && !again.changed);
}

}  // namespace
}  // namespace tallystone::testing
