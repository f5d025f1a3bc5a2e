// Looking at a log that is sound, damaged, torn, or written and released meanwhile.
#include "tallystone/log_inspector.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>

#include "batchlog/format.h"
#include "engine_support/engine_fixture.h"
#include "ingest/database_directory.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Batches of 400 lines that fill several segments.
constexpr int kMany = 100;

class LogInspectorTest : public ::testing::Test {
 protected:
  LogInspectorTest() {
    options_ = QuietOptions();
    options_.log_segment_bytes = 64u << 10;
  }

  void Open() { ASSERT_OK(Engine::Open(options_, directory_.database(), &engine_)); }
  // As after a crash of the program: nothing is drained, the files stay as they are.
  void Crash() {
    const std::string kept = directory_.database() + ".kept";
    std::filesystem::copy(directory_.database(), kept, std::filesystem::copy_options::recursive);
    engine_.reset();
    std::filesystem::remove_all(directory_.database());
    std::filesystem::rename(kept, directory_.database());
  }
  void Book(const std::string& id, int lines, const std::string& tenant = "acme") {
    Batch batch(tenant, id);
    for (int line = 1; line <= lines; ++line) {
      const std::string code = "C" + std::to_string(line % 7);
      const std::string description = "Thing " + std::to_string(line % 7);
      batch.AddText({.code = code,
                     .description = description,
                     .quantity = line % 5 == 0 ? "none" : "2.5",
                     .unit_cost = "4"});
    }
    BatchResult result;
    ASSERT_OK(engine_->Ingest({}, batch, &result));
  }
  void Look() { ASSERT_OK(LogInspector::Open(options_, directory_.database(), &log_)); }

  std::vector<LogEntry> Entries(const Filter& filter = {}, bool content = false) {
    std::unique_ptr<Cursor<LogEntry>> cursor;
    EXPECT_OK(log_->NewCursor(filter, content, &cursor));
    std::vector<LogEntry> entries;
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      entries.push_back(cursor->value());
    }
    EXPECT_OK(cursor->status());
    return entries;
  }
  LogReport Verify() {
    LogReport report;
    EXPECT_OK(log_->Verify(nullptr, &report));
    return report;
  }
  // "1 2 D3-4 5": records and damage.
  static std::string Shape(const std::vector<LogEntry>& entries) {
    std::string shape;
    for (const LogEntry& entry : entries) {
      shape += shape.empty() ? "" : " ";
      switch (entry.kind) {
        case LogEntryKind::kRecord:
          shape += std::to_string(entry.record.lsn);
          break;
        case LogEntryKind::kDamage:
          shape += "D" + std::to_string(entry.damage.first_lsn) + "-" +
                   std::to_string(entry.damage.last_lsn);
          break;
        case LogEntryKind::kTornTail:
          shape += "torn";
          break;
        case LogEntryKind::kReleased:
          shape += "released";
          break;
      }
    }
    return shape;
  }
  [[nodiscard]] std::string SegmentPath(uint64_t sequence) const {
    return LogPath(directory_.database()) + "/" + batchlog::SegmentName(sequence);
  }
  static void FlipByte(const std::string& path, uint64_t offset) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    ASSERT_GE(byte, 0);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 0x40));
  }

  EngineDirectory directory_;
  Options options_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<LogInspector> log_;
};

TEST_F(LogInspectorTest, RecordsOfALiveDatabaseSayWhatWasDecided) {
  Open();
  Book("b1", 12);
  Book("b2", 1, "other");
  Look();
  EXPECT_EQ(log_->as_of_lsn(), 2u);
  EXPECT_EQ(log_->applied_lsn(), 0u);
  EXPECT_EQ(log_->store_problem(), "");
  const std::vector<LogEntry> entries = Entries({}, true);
  ASSERT_EQ(Shape(entries), "1 2");
  const LogRecord& record = entries.front().record;
  EXPECT_EQ(record.tenant, "acme");  // named by the log alone
  EXPECT_EQ(record.batch, "b1");
  EXPECT_TRUE(record.first && record.last && record.new_tenant);
  EXPECT_FALSE(record.retry || record.drop);
  EXPECT_EQ(record.lines, 12u);
  EXPECT_EQ(record.accepted, 10u);
  EXPECT_EQ(record.failed, 2u);
  EXPECT_EQ(record.new_items, 7u);
  EXPECT_EQ(entries.front().offset, batchlog::kSegmentHeaderBytes);
  EXPECT_EQ(entries.back().offset, entries.front().end_offset);
  ASSERT_THAT(record.content, SizeIs(12));
  EXPECT_EQ(record.content[0].code, "C1");
  EXPECT_EQ(record.content[0].description, "Thing 1");
  EXPECT_EQ(record.content[0].quantity, "2.5");
  EXPECT_EQ(record.content[0].decided_by, DecidedBy::kCreated);
  EXPECT_EQ(record.content[7].line, 8u);
  EXPECT_EQ(record.content[7].code, "C1");  // the item's: its own record does not have it
  EXPECT_EQ(record.content[7].decided_by, DecidedBy::kCode);
  EXPECT_EQ(record.content[4].outcome, Outcome::kBadQuantity);
  EXPECT_EQ(record.content[4].quantity, "none");
}

TEST_F(LogInspectorTest, FiltersByTenantBatchAndLsn) {
  Open();
  Book("b1", 1);
  Book("b1", 1, "other");
  Book("b2", 1);
  Look();
  Filter filter;
  filter.tenant = "acme";
  EXPECT_EQ(Shape(Entries(filter)), "1 3");
  filter.batch = "b2";
  EXPECT_EQ(Shape(Entries(filter)), "3");
  filter = {};
  filter.first_lsn = filter.last_lsn = 2;
  EXPECT_EQ(Shape(Entries(filter)), "2");
  filter.first_lsn = 4;
  filter.last_lsn = 0;
  EXPECT_EQ(Shape(Entries(filter)), "");
}

TEST_F(LogInspectorTest, SegmentsSayWhatTheStoreHas) {
  Open();
  for (int number = 1; number <= kMany; ++number) {
    Book("b" + std::to_string(number), 400);
  }
  Look();
  ASSERT_GT(log_->segments().size(), 2u);
  uint64_t next = 1;
  for (const LogSegment& segment : log_->segments()) {
    EXPECT_TRUE(segment.live);
    EXPECT_EQ(segment.first_lsn, next);
    EXPECT_EQ(segment.records, segment.last_lsn - segment.first_lsn + 1);
    EXPECT_LE(segment.bytes_used, segment.bytes);
    EXPECT_FALSE(segment.in_store);
    next = segment.last_lsn + 1;
  }
  EXPECT_EQ(next, kMany + 1u);
  ASSERT_OK(engine_->Flush());
  Look();
  EXPECT_EQ(log_->applied_lsn(), uint64_t{kMany});
  EXPECT_TRUE(log_->segments().front().live);
  EXPECT_TRUE(log_->segments().front().in_store);
  EXPECT_FALSE(log_->segments().back().live);
  EXPECT_TRUE(Verify().sound);
  // The newest one may have no record at all.
  ASSERT_OK(engine_->Close());
  Open();
  Look();
  EXPECT_EQ(log_->as_of_lsn(), uint64_t{kMany});
  EXPECT_TRUE(Verify().sound);
}

TEST_F(LogInspectorTest, DamageInTheMiddleIsShownAndTheRecordsBehindItFollow) {
  Open();
  for (int number = 1; number <= 5; ++number) {
    Book("b" + std::to_string(number), 10);
  }
  Crash();
  Look();
  const std::vector<LogEntry> before = Entries();
  ASSERT_EQ(Shape(before), "1 2 3 4 5");
  FlipByte(SegmentPath(1), before[2].offset + 60);
  Look();
  EXPECT_EQ(log_->segments().front().damage, 1u);
  EXPECT_EQ(log_->segments().front().records, 4u);
  const std::vector<LogEntry> entries = Entries();
  ASSERT_EQ(Shape(entries), "1 2 D3-3 4 5");
  const LogEntry& hole = entries[2];
  EXPECT_EQ(hole.offset, before[2].offset);
  EXPECT_EQ(hole.end_offset, before[3].offset);
  EXPECT_EQ(hole.file, SegmentPath(1));
  EXPECT_FALSE(hole.damage.in_store);
  EXPECT_EQ(hole.damage.before.batch, "b2");
  EXPECT_EQ(hole.damage.before.line, 10u);
  EXPECT_EQ(hole.damage.behind.batch, "b4");
  EXPECT_EQ(hole.damage.behind.line, 1u);
  EXPECT_THAT(hole.damage.meaning, HasSubstr("lines are lost"));
  const LogReport report = Verify();
  EXPECT_FALSE(report.sound);
  EXPECT_EQ(report.damage_count, 1u);
  EXPECT_EQ(report.records, 4u);
  Filter filter;
  filter.first_lsn = 4;
  EXPECT_EQ(Shape(Entries(filter)), "4 5");
  filter.first_lsn = filter.last_lsn = 3;
  EXPECT_EQ(Shape(Entries(filter)), "D3-3");
}

TEST_F(LogInspectorTest, DamageOfWhatTheStoreHasLosesNothing) {
  Open();
  Book("b1", 10);
  Book("b2", 10);
  ASSERT_OK(engine_->Flush());
  Book("b3", 10);
  Crash();
  FlipByte(SegmentPath(1), batchlog::kSegmentHeaderBytes + 50);
  Look();
  const std::vector<LogEntry> entries = Entries();
  ASSERT_EQ(Shape(entries), "D1-1 2 3");
  EXPECT_TRUE(entries[0].damage.in_store);
  EXPECT_THAT(entries[0].damage.meaning, HasSubstr("no line is lost"));
  EXPECT_FALSE(Verify().sound);
}

TEST_F(LogInspectorTest, DamagedHeaderHidesNoRecordBehindIt) {
  Open();
  for (int number = 1; number <= kMany; ++number) {
    Book("b" + std::to_string(number), 400);
  }
  Crash();
  Look();
  ASSERT_GT(log_->segments().size(), 3u);
  const std::vector<LogSegment> segments = log_->segments();
  for (const LogSegment& segment : {segments[0], segments[1], segments.back()}) {
    SCOPED_TRACE(segment.file);
    FlipByte(SegmentPath(segment.sequence), 100);
    Look();
    const std::vector<LogEntry> entries = Entries();
    ASSERT_EQ(entries.size(), kMany + 1u);
    const LogEntry& hole = entries[segment.first_lsn - 1];
    EXPECT_EQ(hole.kind, LogEntryKind::kDamage);
    EXPECT_TRUE(hole.damage.nothing_lost);
    EXPECT_EQ(entries.back().record.lsn, uint64_t{kMany});
    const LogReport report = Verify();
    EXPECT_EQ(report.damage_count, 1u);
    EXPECT_EQ(report.state, LogState::kNotNeeded);
    EXPECT_EQ(report.usable_last_lsn, uint64_t{kMany});
    EXPECT_EQ(report.stranded_records, 0u);
    FlipByte(SegmentPath(segment.sequence), 100);
  }
}

TEST_F(LogInspectorTest, SegmentThatIsAllZerosOrEmptyHidesItsRecordsOnly) {
  Open();
  for (int number = 1; number <= kMany; ++number) {
    Book("b" + std::to_string(number), 400);
  }
  Crash();
  Look();
  const std::vector<LogSegment> segments = log_->segments();
  ASSERT_GT(segments.size(), 3u);
  for (const LogSegment& segment : {segments[1], segments.back()}) {
    for (const uint64_t size : {uint64_t{0}, segment.bytes}) {
      SCOPED_TRACE(segment.file + " " + std::to_string(size));
      const std::string path = SegmentPath(segment.sequence);
      std::filesystem::rename(path, path + ".whole");
      std::ofstream(path, std::ios::binary) << std::string(size, '\0');
      Look();
      const LogReport report = Verify();
      EXPECT_FALSE(report.sound);
      ASSERT_EQ(report.damage_count, 1u);
      EXPECT_EQ(report.state, LogState::kLost);
      EXPECT_EQ(report.usable_last_lsn, segment.first_lsn - 1);
      EXPECT_EQ(report.stranded_records, kMany - segment.last_lsn);
      EXPECT_EQ(report.damage[0].damage.first_lsn, segment.first_lsn);
      std::filesystem::rename(path + ".whole", path);
    }
  }
}

// An operator must be able to send again what is behind a gap.
TEST_F(LogInspectorTest, EveryBatchBehindAGapIsNamedWithItsLines) {
  Open();
  Book("b1", 10);
  Book("b2", 1200);
  Book("b3", 700, "other");
  Crash();
  Look();
  FlipByte(SegmentPath(1), Entries()[1].offset + 60);
  Look();
  const LogReport report = Verify();
  EXPECT_EQ(report.state, LogState::kLost);
  EXPECT_EQ(report.usable_last_lsn, 1u);
  EXPECT_EQ(report.stranded_records, 4u);
  EXPECT_EQ(report.stranded_lines, 1400u);
  EXPECT_EQ(report.stranded_last_lsn, 6u);
  ASSERT_THAT(report.stranded, SizeIs(2));
  EXPECT_EQ(report.stranded[0].batch, "b2");
  EXPECT_EQ(report.stranded[0].first_line, 501u);
  EXPECT_EQ(report.stranded[0].last_line, 1200u);
  EXPECT_EQ(report.stranded[1].tenant, "other");
  EXPECT_EQ(report.stranded[1].first_lsn, 5u);
  EXPECT_EQ(report.stranded[1].records, 2u);
  EXPECT_THAT(report.meaning, HasSubstr("2 batches"));
}

TEST_F(LogInspectorTest, SegmentThatWasRemovedIsAGap) {
  Open();
  for (int number = 1; number <= kMany; ++number) {
    Book("b" + std::to_string(number), 400);
  }
  Crash();
  Look();
  const LogSegment second = log_->segments()[1];
  std::filesystem::remove(SegmentPath(2));
  Look();
  const LogReport report = Verify();
  EXPECT_FALSE(report.sound);
  ASSERT_EQ(report.damage_count, 1u);
  EXPECT_EQ(report.damage[0].damage.first_lsn, second.first_lsn);
  EXPECT_EQ(report.damage[0].damage.last_lsn, second.last_lsn);
  EXPECT_EQ(report.records, kMany - second.records);
}

TEST_F(LogInspectorTest, LogThatEndsBeforeTheStoreDoesOrBeginsBehindItIsDamage) {
  Open();
  Book("b1", 10);
  ASSERT_OK(engine_->Flush());
  engine_->Close().PermitUnchecked();
  const std::string log = LogPath(directory_.database());
  std::filesystem::remove_all(log);
  Look();
  LogReport report = Verify();
  EXPECT_FALSE(report.sound);
  ASSERT_EQ(report.damage_count, 1u);
  EXPECT_THAT(report.damage[0].damage.what, HasSubstr("there is no log"));
  EXPECT_TRUE(report.damage[0].damage.in_store);
  EXPECT_EQ(report.state, LogState::kAbsent);
  EXPECT_THAT(report.meaning, HasSubstr("send the latest batches again"));
  EXPECT_THAT(report.meaning, ::testing::Not(HasSubstr("no line is lost")));
}

TEST_F(LogInspectorTest, TornTailIsANoteOnly) {
  Open();
  Book("b1", 10);
  Book("b2", 10);
  Crash();
  Look();
  const std::vector<LogEntry> before = Entries();
  FlipByte(SegmentPath(1), before[1].offset + 60);
  Look();
  EXPECT_EQ(Shape(Entries()), "1 torn");
  EXPECT_TRUE(log_->segments().front().torn_tail);
  const LogReport report = Verify();
  EXPECT_TRUE(report.sound);
  EXPECT_TRUE(report.torn_tail);
  EXPECT_EQ(report.torn_at, SegmentPath(1) + " at byte " + std::to_string(before[1].offset));
  // The engine agrees: it opens, and what was torn is dead behind the next segment.
  Open();
  Book("b3", 10);
  Look();
  EXPECT_EQ(Shape(Entries()), "1 2");
  EXPECT_EQ(Entries().back().record.batch, "b3");
  EXPECT_TRUE(Verify().sound);
}

TEST_F(LogInspectorTest, StoreThatCannotBeReadLeavesTheLogReadable) {
  Open();
  Book("b1", 10);
  ASSERT_OK(engine_->Flush());
  Book("b2", 10);
  Crash();
  std::filesystem::remove(StorePath(directory_.database()) + "/db/CURRENT");
  Look();
  EXPECT_NE(log_->store_problem(), "");
  const std::vector<LogEntry> entries = Entries({}, true);
  ASSERT_EQ(Shape(entries), "1 2");
  EXPECT_EQ(entries[1].record.batch, "b2");
}

TEST_F(LogInspectorTest, NothingIsCreatedOrChanged) {
  std::unique_ptr<LogInspector> none;
  EXPECT_CODE(kNotFound, LogInspector::Open({}, directory_.database(), &none));
  EXPECT_FALSE(std::filesystem::exists(directory_.database()));
}

// Segments are recycled all the time while they are read: never damage, never a wrong record.
TEST_F(LogInspectorTest, BesideAWriterThatRecyclesSegments) {
  options_.window_lines_max = 1000;
  Open();
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int number = 1; number <= 600; ++number) {
      Book("b" + std::to_string(number), 300);
    }
    done = true;
  });
  int looks = 0;
  while (!done || looks == 0) {
    Look();
    const LogReport report = Verify();
    EXPECT_TRUE(report.sound) << report.damage[0].damage.what;
    uint64_t last = 0;
    for (const LogEntry& entry : Entries()) {
      ASSERT_NE(entry.kind, LogEntryKind::kDamage) << entry.damage.what;
      if (entry.kind == LogEntryKind::kRecord) {
        ASSERT_EQ(entry.record.batch, "b" + std::to_string(entry.record.lsn));
        ASSERT_GT(entry.record.lsn, last);
        last = entry.record.lsn;
      }
    }
    ++looks;
  }
  writer.join();
  EXPECT_GT(looks, 0);
}

}  // namespace
}  // namespace tallystone::testing
