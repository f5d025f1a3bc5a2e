// A damaged log: the engine, `log verify` and the salvage agree on it, and no record that can be
// booked is thrown away. The oracle knows where each record stood and which bytes were changed.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "batchlog/format.h"
#include "crash/scenario.h"
#include "ingest/database_directory.h"
#include "inspect/open_inspector.h"
#include "inspect/repair.h"
#include "support/rocks_files.h"

namespace tallystone::testing {
namespace {

constexpr char kPath[] = "stock.db";

struct Place {
  std::string file;
  uint64_t begin = 0, end = 0;
  std::string batch;
};

class SalvageTest : public ::testing::Test {
 protected:
  // Two segments and more; the store has the first four batches.
  void SetUp() override {
    scenario_ = CrashScenarios().front();
    scenario_.options.window_lines_max = 100'000;  // nothing is drained but by the flush
    SimulatedDatabase database(std::make_unique<FaultFileSystem>());
    ScenarioRun run(&scenario_, &database);
    ASSERT_TRUE(run.Open().ok());
    for (int number = 1; number <= 160; ++number) {
      ASSERT_TRUE(run.Run({.kind = StepKind::kSend,
                           .tenant = "acme",
                           .batch = BatchName(number),
                           .lines = number % 3 == 0 ? 400u : 150u})
                      .ok());
      if (number == 4) {
        ASSERT_TRUE(run.Run({.kind = StepKind::kFlush}).ok());
      }
    }
    disk_ = database.disk()->Copy();
    run.Abandon();
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk_.get());
    std::unique_ptr<LogInspector> log;
    ASSERT_TRUE(OpenLogInspector({}, kPath, disk_.get(), env.get(), &log).ok());
    applied_ = log->applied_lsn();
    std::unique_ptr<Cursor<LogEntry>> cursor;
    ASSERT_TRUE(log->NewCursor({}, false, &cursor).ok());
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      const LogEntry& entry = cursor->value();
      ASSERT_EQ(entry.kind, LogEntryKind::kRecord);
      records_[entry.record.lsn] = {entry.file, entry.offset, entry.end_offset, entry.record.batch};
    }
    for (const LogSegment& segment : log->segments()) {
      if (segment.live) {
        segments_.push_back(LogPath(kPath) + "/" + segment.file);
      }
    }
    ASSERT_EQ(applied_, 4u);
    ASSERT_EQ(records_.begin()->first, 1u);
    ASSERT_GT(segments_.size(), 2u);
  }
  static std::string BatchName(int number) { return "batch-" + std::to_string(number); }

  LogReport Judge(FaultFileSystem* disk) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk);
    std::unique_ptr<LogInspector> log;
    LogReport report;
    Status status = OpenLogInspector({}, kPath, disk, env.get(), &log);
    status = status.ok() ? log->Verify(nullptr, &report) : status;
    EXPECT_TRUE(status.ok()) << status.ToString();
    return report;
  }
  SalvageReport Salvage(FaultFileSystem* disk, bool dry_run) {
    const std::unique_ptr<rocksdb::Env> env = NewRocksEnv(disk);
    SalvageReport report;
    const Status status = SalvageLog(scenario_.options, {kPath, disk, env.get()}, dry_run, &report);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return report;
  }
  Status Open(const FaultFileSystem& disk) {
    SimulatedDatabase database(disk.Copy());
    std::unique_ptr<Engine> engine;
    return database.Open(scenario_.options, &engine);
  }
  // The last record that follows the marker with none before it, or itself, in [begin, end) of
  // `file`.
  [[nodiscard]] uint64_t LastWhole(const std::string& file, uint64_t begin, uint64_t end) const {
    uint64_t last = applied_;
    for (const auto& [lsn, place] : records_) {
      const bool hit = place.file == file && place.begin < end && begin < place.end;
      if (lsn > applied_) {
        if (hit) {
          break;
        }
        last = lsn;
      }
    }
    return last;
  }

  // Damages `file` in [begin, end), and looks at what everybody says.
  void Check(const std::string& file, uint64_t begin, uint64_t end,
             const std::function<void(FaultFileSystem*)>& damage) {
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    damage(disk.get());
    const LogReport report = Judge(disk.get());
    const Status opened = Open(*disk);
    ASSERT_EQ(opened.ok(), report.sound) << opened.ToString() << "; " << report.meaning;
    ASSERT_TRUE(opened.ok() || opened.Is(StatusCode::kCorruption)) << opened.ToString();
    ASSERT_EQ(report.sound, report.meaning.empty());
    refused_ += report.sound ? 0 : 1;
    const uint64_t whole = LastWhole(file, begin, end);
    ASSERT_GE(std::max(report.usable_last_lsn, applied_), whole) << report.meaning;
    const uint64_t before = disk->Fingerprint();
    ASSERT_EQ(Salvage(disk.get(), true).log.meaning, report.meaning);
    ASSERT_EQ(disk->Fingerprint(), before) << "a dry run changed something";

    const SalvageReport salvaged = Salvage(disk.get(), false);
    ASSERT_EQ(salvaged.changed, !report.sound);
    SimulatedDatabase database(disk->Copy());
    std::unique_ptr<Engine> engine;
    const Status again = database.Open(scenario_.options, &engine);
    ASSERT_TRUE(again.ok()) << again.ToString();
    for (const auto& [lsn, place] : records_) {
      BatchInfo info;
      if (lsn <= whole) {
        ASSERT_TRUE(engine->GetBatch("acme", place.batch, &info).ok())
            << "record " << lsn << " of " << place.batch << " was whole and is gone";
      }
    }
    // What can still be read is booked, or named.
    if (!report.sound) {
      uint64_t named = 0;
      for (const StrandedBatch& batch : salvaged.log.stranded) {
        named += batch.records;
      }
      ASSERT_EQ(named, salvaged.log.stranded_records);
      for (const auto& [lsn, place] : records_) {
        const bool hit = place.file == file && place.begin < end && begin < place.end;
        if (!hit && lsn > std::max(salvaged.log.usable_last_lsn, applied_)) {
          ASSERT_TRUE(std::any_of(
              salvaged.log.stranded.begin(), salvaged.log.stranded.end(),
              [&, batch = place.batch](const StrandedBatch& one) { return one.batch == batch; }))
              << "record " << lsn << " can be read, and nobody names it";
        }
      }
    }
  }

  Scenario scenario_;
  std::unique_ptr<FaultFileSystem> disk_;
  std::map<uint64_t, Place> records_;
  std::vector<std::string> segments_;
  uint64_t applied_ = 0;
  int refused_ = 0;
};

TEST_F(SalvageTest, ASoundLogIsLeftAlone) {
  EXPECT_TRUE(Judge(disk_.get()).sound);
  const uint64_t before = disk_->Fingerprint();
  EXPECT_FALSE(Salvage(disk_.get(), false).changed);
  EXPECT_EQ(disk_->Fingerprint(), before);
}

// What the store has is not needed, and what stands behind it is whole.
TEST_F(SalvageTest, ADamagedRecordThatTheStoreHasCostsNoOther) {
  for (uint64_t lsn = 1; lsn <= applied_; ++lsn) {
    const Place& place = records_[lsn];
    const auto flip = [&](FaultFileSystem* disk) {
      std::string bytes = *disk->Contents(place.file);
      bytes[place.begin + 50] = static_cast<char>(bytes[place.begin + 50] ^ 1);
      disk->SetContents(place.file, bytes);
    };
    ASSERT_NO_FATAL_FAILURE(Check(place.file, place.begin, place.end, flip)) << lsn;
    const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
    flip(disk.get());
    const SalvageReport report = Salvage(disk.get(), false);
    EXPECT_EQ(report.log.state, LogState::kNotNeeded);
    EXPECT_EQ(report.log.usable_last_lsn, records_.rbegin()->first);
    EXPECT_TRUE(report.log.stranded.empty());
  }
}

TEST_F(SalvageTest, ADamagedHeaderCostsNoRecord) {
  for (const std::string& file : segments_) {
    for (const uint64_t byte : {10, 25, 33, 4090}) {
      ASSERT_NO_FATAL_FAILURE(Check(file, byte, byte + 1,
                                    [&](FaultFileSystem* disk) {
                                      std::string bytes = *disk->Contents(file);
                                      bytes[byte] = static_cast<char>(bytes[byte] ^ 1);
                                      disk->SetContents(file, bytes);
                                    }))
          << file << " at byte " << byte;
    }
  }
  EXPECT_EQ(refused_, static_cast<int>(4 * segments_.size()));
}

TEST_F(SalvageTest, WhateverIsDamagedAllAgreeAndNoWholeRecordIsThrownAway) {
  std::mt19937_64 random(7);
  const char* how = std::getenv("TALLYSTONE_DAMAGE");
  const int rounds = how != nullptr && std::string_view(how) == "long" ? 1000 : 40;
  for (int round = 0; round < rounds; ++round) {
    const std::string& file = segments_[random() % segments_.size()];
    const std::string bytes = *disk_->Contents(file);
    // Where records are, most often.
    const uint64_t used = std::min<uint64_t>(bytes.size(), 70'000);
    const uint64_t begin = random() % used;
    const int kind = static_cast<int>(random() % 5);
    const uint64_t size = kind == 0 ? 1 : kind == 1 ? 1 + random() % 64 : 1 + random() % 9000;
    const uint64_t end = kind == 3 ? bytes.size() : std::min<uint64_t>(begin + size, bytes.size());
    SCOPED_TRACE(file + " " + std::to_string(begin) + ".." + std::to_string(end) + " kind " +
                 std::to_string(kind));
    ASSERT_NO_FATAL_FAILURE(Check(file, begin, end, [&](FaultFileSystem* disk) {
      std::string changed = bytes;
      if (kind == 0) {
        changed[begin] = static_cast<char>(changed[begin] ^ (1 << random() % 8));
      } else if (kind == 3) {
        changed.resize(begin);
      } else {
        std::fill(changed.begin() + static_cast<std::ptrdiff_t>(begin),
                  changed.begin() + static_cast<std::ptrdiff_t>(end), kind == 4 ? '\x55' : '\0');
      }
      disk->SetContents(file, changed);
    }));
  }
  EXPECT_GT(refused_, rounds / 4);
}

TEST_F(SalvageTest, ASegmentOrTheWholeLogIsGone) {
  for (const std::string& file : segments_) {
    ASSERT_NO_FATAL_FAILURE(Check(file, 0, UINT64_MAX, [&](FaultFileSystem* disk) {
      ASSERT_TRUE(disk->Remove(file).ok());
    })) << file;
  }
  const std::unique_ptr<FaultFileSystem> disk = disk_->Copy();
  ASSERT_TRUE(RemoveTree(disk.get(), LogPath(kPath)).ok());
  EXPECT_EQ(Judge(disk.get()).state, LogState::kAbsent);
  EXPECT_TRUE(Open(*disk).Is(StatusCode::kCorruption));
  const SalvageReport report = Salvage(disk.get(), false);
  EXPECT_TRUE(report.changed);
  EXPECT_EQ(report.kept, "");
  EXPECT_TRUE(Open(*disk).ok());
}

}  // namespace
}  // namespace tallystone::testing
