// What a lane passes and does not hold takes no memory, however long its store is away (law L9).
#include <malloc.h>

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "ingest/window_set.h"
#include "store/memory/memory_store.h"
#include "support/status_matchers.h"
#include "window/sort_window.h"

namespace tallystone::testing {
namespace {

constexpr StockKey kKey{1, 1};
constexpr Lsn kPlaces = 10'000'000;
constexpr size_t kBytesMax = 64u << 10;

// What is allocated and not freed; 0 where the allocator does not tell.
size_t HeapBytes() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

// One line of kKey.
LoggedChunk OwnChunk(Lsn lsn) {
  Chunk chunk;
  chunk.header.tenant = kKey.tenant;
  chunk.header.batch = "b";
  chunk.header.first_line = lsn;
  ChunkLine& line = chunk.lines.emplace_back();
  line.number = lsn;
  line.item = kKey.item;
  line.decided_by = DecidedBy::kCode;
  line.quantity = 1;
  line.time = "2026-01-" + std::to_string(10 + lsn % 10);
  auto payload = std::make_shared<std::string>();
  EncodeChunk(chunk, payload.get());
  return {lsn, std::move(payload)};
}

class WindowPlacesTest : public ::testing::Test {
 protected:
  void Pass(Lsn count) {
    for (const Lsn end = last_ + count; last_ < end;) {
      ASSERT_OK(windows_.Add({++last_, nullptr}));
    }
  }
  void AddOwn() { ASSERT_OK(windows_.Add(OwnChunk(++last_))); }

  Options options_ = QuietOptions();
  MemoryStore store_;
  IngestMetrics metrics_;
  Lsn last_ = 0;
  WindowSet windows_{options_, &store_, 0, &metrics_};
};

TEST_F(WindowPlacesTest, AStoreThatIsAwayCostsNothingForTheChunksOfOthers) {
  AddOwn();
  windows_.Want(1);
  const std::shared_ptr<const Window> stuck = windows_.Take();
  ASSERT_NE(stuck, nullptr);
  BalanceSum sum;
  ASSERT_OK(windows_.GetBalance(kKey, &sum));  // from now on deltas are kept up to date, too
  EXPECT_EQ(sum.lines, 1u);
  const size_t before = HeapBytes();
  ASSERT_NO_FATAL_FAILURE(Pass(kPlaces));
  AddOwn();
  const LogStretch pending = windows_.Pending();
  EXPECT_LT(HeapBytes(), before + kBytesMax);
  EXPECT_EQ(pending.chunks.size(), 2u);
  EXPECT_EQ(pending.first, 1u);
  EXPECT_EQ(pending.last, kPlaces + 2);
  EXPECT_EQ(windows_.lines(), 2u);
  // The lane's own callers have all the room that they would have alone.
  EXPECT_FALSE(windows_.full());
  EXPECT_OK(windows_.WaitForRoom());
  ASSERT_OK(windows_.GetBalance(kKey, &sum));
  EXPECT_EQ(sum.lines, 2u);
  EXPECT_LT(HeapBytes(), before + kBytesMax);
}

TEST_F(WindowPlacesTest, TheWindowBehindIsWholeAndItsMarkerPassesAll) {
  AddOwn();
  ASSERT_NO_FATAL_FAILURE(Pass(kPlaces));
  AddOwn();
  ASSERT_NO_FATAL_FAILURE(Pass(3));
  const std::shared_ptr<const Window> window = windows_.Take();  // nobody asked, no age: it is due
  ASSERT_NE(window, nullptr);
  const size_t before = HeapBytes();
  SortedWindow sorted;
  const ItemLookup lookup = [](StockKey, StoredItem*) { return Status::NotFound("no store"); };
  ASSERT_OK(SortWindow(window->stretch(), lookup, &sorted));
  EXPECT_LT(HeapBytes(), before + kBytesMax);
  EXPECT_EQ(sorted.first, 1u);
  EXPECT_EQ(sorted.last, last_);
  ASSERT_EQ(sorted.blocks.size(), 2u);
  ASSERT_EQ(sorted.deltas.size(), 1u);
  EXPECT_EQ(sorted.deltas[0].sum.lines, 2u);
  EXPECT_EQ(sorted.deltas[0].sum.last_lsn, kPlaces + 2);
  EXPECT_EQ(sorted.deltas[0].sum.last_time, "2026-01-12");
}

TEST_F(WindowPlacesTest, ALaneWhoseTenantsAreSilentLetsGoOfTheLog) {
  ASSERT_NO_FATAL_FAILURE(Pass(options_.window_lines_max + 1));
  const std::shared_ptr<const Window> window = windows_.Take();
  ASSERT_NE(window, nullptr);
  EXPECT_TRUE(window->chunks().empty());
  EXPECT_EQ(window->last(), last_);
  windows_.Drained(last_);
  const LogStretch pending = windows_.Pending();
  EXPECT_TRUE(pending.empty());
  EXPECT_EQ(pending.last, last_);
}

}  // namespace
}  // namespace tallystone::testing
