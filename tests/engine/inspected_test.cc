// What only an Inspector shows: chunks, lines as received, names, positions by time.
#include <map>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"
#include "tallystone/limits.h"

namespace tallystone::testing {
namespace {

class InspectedTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(directory_.Open(QuietOptions(), &engine_, &faults_)); }
  void Inspect() { ASSERT_OK(Inspector::Open({}, directory_.database(), &inspector_)); }
  std::vector<ChunkInfo> Chunks(const Filter& filter) {
    std::unique_ptr<Cursor<ChunkInfo>> cursor;
    EXPECT_OK(inspector_->NewChunkCursor(filter, &cursor));
    return All(cursor.get());
  }
  std::vector<BatchLine> Lines(std::string_view tenant, std::string_view batch) {
    std::unique_ptr<Cursor<BatchLine>> cursor;
    EXPECT_OK(inspector_->NewLineCursor(tenant, batch, &cursor));
    return All(cursor.get());
  }
  static Filter Of(const std::string& tenant, const std::string& batch = "") {
    Filter filter;
    filter.tenant = tenant;
    filter.batch = batch;
    return filter;
  }
  template <typename Record>
  static std::vector<Record> All(Cursor<Record>* cursor) {
    std::vector<Record> records;
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      records.push_back(cursor->value());
    }
    EXPECT_OK(cursor->status());
    return records;
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
  FaultStore* faults_ = nullptr;
  std::unique_ptr<Inspector> inspector_;
  BatchResult result_;
};

TEST_F(InspectedTest, ChunksOfALiveDatabaseAreInTheLogOrInTheStore) {
  Batch batch("acme", "b");
  for (size_t line = 0; line < limits::kChunkLinesMax + 1; ++line) {
    batch.Add({.code = "A", .quantity = Decimal::FromUnits(1)});
  }
  Batch other("other", "b");
  other.Add({.code = "A", .quantity = Decimal::FromUnits(1)});
  ASSERT_OK(engine_->Ingest({}, batch, &result_));
  ASSERT_OK(engine_->Flush());
  ASSERT_OK(engine_->Ingest({}, other, &result_));
  Inspect();
  const std::vector<ChunkInfo> chunks = Chunks(Of("acme", "b"));
  ASSERT_EQ(chunks.size(), 2u);
  EXPECT_EQ(chunks[0].lines, limits::kChunkLinesMax);
  EXPECT_EQ(std::tuple(chunks[1].first_line, chunks[1].lines, chunks[1].in_store),
            std::tuple(limits::kChunkLinesMax + 1, 1u, true));
  const std::vector<ChunkInfo> late = Chunks(Of("other"));
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(std::tuple(late[0].in_log, late[0].in_store), std::tuple(true, false));
  EXPECT_EQ(Chunks({}).size(), 3u);
  Filter from;
  from.first_lsn = late[0].lsn;
  EXPECT_EQ(Chunks(from).size(), 1u);
  std::unique_ptr<Cursor<ChunkInfo>> none;
  EXPECT_CODE(kNotFound, inspector_->NewChunkCursor(Of("acme", "c"), &none));
}

TEST_F(InspectedTest, LinesAreAsReceivedAndTheirOutcomeIsTodays) {
  Batch batch("acme", "b");
  batch.AddText({.code = " A ",
                 .description = "Apple",
                 .quantity = "6.50",
                 .unit_cost = "1",
                 .vendor = "V",
                 .time = "2026"});
  batch.AddText({.description = "apple", .quantity = "six", .unit_cost = "2"});
  batch.AddUnreadable(Outcome::kBadColumns, "x;y");
  batch.AddText({.description = "APPLE", .quantity = "1", .unit_cost = "2", .line_id = "7"});
  faults_->RefuseKey({1, 1});
  ASSERT_OK(engine_->Ingest({.level = Durability::kApplied}, batch, &result_));
  const TextLine mended{.code = "B", .quantity = "6", .unit_cost = "2"};
  LineResult line;
  ASSERT_OK(engine_->RetryDeadLetter({}, {"acme", "b", 2}, &mended, &line));
  Inspect();
  const std::vector<BatchLine> lines = Lines("acme", "b");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(std::tuple(lines[0].code, lines[0].quantity, lines[0].vendor, lines[0].time),
            std::tuple("A", "6.5", "V", "2026"));
  EXPECT_EQ(lines[0].result.outcome, Outcome::kStoreRejected);
  EXPECT_EQ(lines[0].first_outcome, Outcome::kAccepted);
  EXPECT_EQ(std::tuple(lines[1].first_outcome, lines[1].result.outcome, lines[1].quantity),
            std::tuple(Outcome::kBadQuantity, Outcome::kAccepted, "six"));
  EXPECT_EQ(std::tuple(lines[2].raw, lines[2].result.line), std::tuple("x;y", 3u));
  EXPECT_EQ(std::tuple(lines[3].description, lines[3].line_id), std::tuple("APPLE", "7"));
  std::unique_ptr<Cursor<BatchLine>> none;
  EXPECT_CODE(kNotFound, inspector_->NewLineCursor("acme", "c", &none));
  EXPECT_CODE(kNotFound, inspector_->NewLineCursor("nobody", "b", &none));
}

TEST_F(InspectedTest, NamesOfAnItemComeFromItsOwnTenant) {
  for (const std::string tenant : {"acme", "other"}) {
    Batch batch(tenant, "b");
    batch.AddText({.code = "A",
                   .description = "Red  Apple",
                   .quantity = "1",
                   .unit_cost = "1",
                   .vendor = "V",
                   .vendor_code = tenant});
    batch.AddText({.code = "B", .description = "Pear", .quantity = "1", .unit_cost = "1"});
    ASSERT_OK(engine_->Ingest({}, batch, &result_));
  }
  for (const bool flushed : {false, true}) {
    Inspect();
    std::unique_ptr<Cursor<ItemName>> cursor;
    Filter apple = Of("other");
    apple.code = "A";
    ASSERT_OK(inspector_->NewNameCursor(apple, &cursor));
    std::set<std::tuple<NameKind, std::string, std::string>> names;
    for (const ItemName& name : All(cursor.get())) {
      EXPECT_EQ(std::tuple(name.tenant, name.item), std::tuple("other", 1u)) << flushed;
      names.emplace(name.kind, name.vendor, name.name);
    }
    EXPECT_EQ(names,
              (std::set<std::tuple<NameKind, std::string, std::string>>{
                  {NameKind::kSeen, "", "red apple"}, {NameKind::kVendorCode, "V", "other"}}));
    ASSERT_OK(engine_->Flush());
  }
}

TEST_F(InspectedTest, APositionIsFoundByTheTimeOfAcceptance) {
  for (const char* id : {"a", "b", "c", "d"}) {
    Batch batch("acme", id);
    batch.Add({.code = "A", .quantity = Decimal::FromUnits(1)});
    ASSERT_OK(engine_->Ingest({}, batch, &result_));
    if (*id == 'b') {
      ASSERT_OK(engine_->Flush());
    }
  }
  Inspect();
  const std::vector<ChunkInfo> chunks = Chunks({});
  ASSERT_EQ(chunks.size(), 4u);
  std::map<uint64_t, uint64_t> first_at;  // the first LSN of each moment
  for (const ChunkInfo& chunk : chunks) {
    first_at.emplace(chunk.accepted_at_us, chunk.lsn);
  }
  uint64_t lsn = 0;
  for (const auto& [moment, first] : first_at) {
    ASSERT_OK(inspector_->FindLsn(moment, &lsn));
    EXPECT_EQ(lsn, first);
  }
  ASSERT_OK(inspector_->FindLsn(0, &lsn));
  EXPECT_EQ(lsn, 1u);
  ASSERT_OK(inspector_->FindLsn(chunks.back().accepted_at_us + 1, &lsn));
  EXPECT_EQ(lsn, inspector_->as_of_lsn() + 1);
  ASSERT_OK(Inspector::OpenEmpty({})->FindLsn(5, &lsn));
  EXPECT_EQ(lsn, 1u);
}

}  // namespace
}  // namespace tallystone::testing
