// What the chunks say of themselves: when, whose, how many lines.
#include <vector>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

class ChunkCursorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    FaultStore* faults = nullptr;
    ASSERT_OK(directory_.Open(QuietOptions(), &engine_, &faults));
  }

  void Ingest(const char* tenant, const char* id, int good, int bad, Durability level) {
    Batch batch(tenant, id);
    for (int line = 0; line < good; ++line) {
      batch.AddText({.code = "A", .quantity = "1", .unit_cost = "2"});
    }
    for (int line = 0; line < bad; ++line) {
      batch.AddText({.code = "A", .quantity = "x", .unit_cost = "2"});
    }
    BatchResult result;
    ASSERT_OK(engine_->Ingest({.level = level}, batch, &result));
  }

  std::vector<ChunkInfo> Chunks(const char* tenant = "", const char* batch = "",
                                uint64_t first_lsn = 0, uint64_t last_lsn = 0) {
    Filter filter;
    filter.tenant = tenant;
    filter.batch = batch;
    filter.first_lsn = first_lsn;
    filter.last_lsn = last_lsn;
    std::vector<ChunkInfo> chunks;
    std::unique_ptr<Inspector> inspector;
    std::unique_ptr<Cursor<ChunkInfo>> cursor;
    EXPECT_OK(Inspector::Open({}, directory_.database(), &inspector));
    EXPECT_OK(inspector->NewChunkCursor(filter, &cursor));
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      chunks.push_back(cursor->value());
    }
    EXPECT_OK(cursor->status());
    return chunks;
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(ChunkCursorTest, ChunksOfStoreAndLogComeInOrderWithTheirLines) {
  Ingest("acme", "long", 700, 3, Durability::kApplied);
  Ingest("bolt", "logged", 1, 1, Durability::kLogged);
  const std::vector<ChunkInfo> chunks = Chunks();
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].lsn, 1u);
  EXPECT_EQ(chunks[0].tenant, "acme");
  EXPECT_EQ(chunks[0].batch, "long");
  EXPECT_EQ(chunks[0].lines, 500u);
  EXPECT_EQ(chunks[0].lines - chunks[0].accepted, 0u);
  EXPECT_TRUE(chunks[0].first);
  EXPECT_FALSE(chunks[0].last);
  EXPECT_GT(chunks[0].accepted_at_us, 0u);
  EXPECT_EQ(chunks[1].first_line, 501u);
  EXPECT_EQ(chunks[1].lines, 203u);
  EXPECT_EQ(chunks[1].lines - chunks[1].accepted, 3u);
  EXPECT_FALSE(chunks[1].first);
  EXPECT_TRUE(chunks[1].last);
  EXPECT_EQ(chunks[2].lsn, 3u);
  EXPECT_EQ(chunks[2].tenant, "bolt");
  EXPECT_EQ(chunks[2].lines - chunks[2].accepted, 1u);
}

TEST_F(ChunkCursorTest, AFilterChoosesTenantBatchAndPlaces) {
  Ingest("acme", "b", 1, 0, Durability::kApplied);
  Ingest("bolt", "b", 1, 0, Durability::kLogged);
  Ingest("acme", "c", 1, 0, Durability::kLogged);
  EXPECT_EQ(Chunks("acme").size(), 2u);
  EXPECT_EQ(Chunks("", "b").size(), 2u);
  EXPECT_EQ(Chunks("acme", "b").size(), 1u);
  EXPECT_EQ(Chunks("", "", 2).size(), 2u);
  EXPECT_EQ(Chunks("", "", 4).size(), 0u);
  EXPECT_EQ(Chunks("", "", 2, 2).size(), 1u);
}

TEST_F(ChunkCursorTest, RetriesAndDropsAreNotTakenForNewLines) {
  Ingest("acme", "b", 1, 2, Durability::kApplied);
  const TextLine corrected{.code = "A", .quantity = "5", .unit_cost = "2"};
  LineResult result;
  ASSERT_OK(engine_->RetryDeadLetter({}, {"acme", "b", 2}, &corrected, &result));
  ASSERT_OK(engine_->DropDeadLetter({"acme", "b", 3}));
  const std::vector<ChunkInfo> chunks = Chunks();
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].kind, ChunkKind::kLines);
  EXPECT_EQ(chunks[1].kind, ChunkKind::kRetry);
  EXPECT_EQ(chunks[1].lines - chunks[1].accepted, 0u);
  EXPECT_EQ(chunks[1].first_line, 2u) << "which line it was";
  EXPECT_EQ(chunks[2].kind, ChunkKind::kDrop);
}

}  // namespace
}  // namespace tallystone::testing
