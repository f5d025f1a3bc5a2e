// Chunks to a window: sorting and folding against one plain map, whatever the sorter did before.
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "base/check.h"
#include "model/random_source.h"
#include "window/join_windows.h"
#include "window/leave_out_chunks.h"
#include "window/reject_keys.h"
#include "window/sort_window.h"
#include "window/window_deltas.h"

namespace tallystone {
namespace {

using test::RandomSource;

struct Booked {
  BalanceSum sum;
  std::vector<Posting> postings;
};

// Random chunks of several tenants, and what they add up to.
struct History {
  LogStretch stretch;
  std::map<StockKey, Booked> keys;
  std::map<StockKey, std::string> descriptions;  // of items, made or described here
};

History MakeHistory(RandomSource* random, Lsn first, size_t chunks, ItemId items) {
  History history;
  std::map<TenantId, ItemId> made;
  for (Lsn lsn = first; lsn < first + chunks; ++lsn) {
    Chunk chunk;
    chunk.header.tenant = static_cast<TenantId>(1 + random->Below(3));
    chunk.header.batch = "b";
    chunk.header.first_line = 1;
    const TenantId tenant = chunk.header.tenant;
    const std::string time = random->OneIn(2) ? "2026-01-0" + std::to_string(random->Below(9)) : "";
    for (uint64_t count = random->Below(60); count > 0; --count) {
      ChunkLine& line = chunk.lines.emplace_back();
      line.number = chunk.lines.size();
      line.item = static_cast<ItemId>(1 + random->Below(items));
      line.decided_by = DecidedBy::kCode;
      line.quantity = static_cast<int64_t>(random->Below(2000)) - 1000;
      line.unit_cost = static_cast<int64_t>(random->Below(1'000'000'000));
      line.time = time;
      Booked& booked = history.keys[{tenant, line.item}];
      booked.sum.on_hand += line.quantity;
      booked.sum.value += Int128{line.quantity} * line.unit_cost;
      ++booked.sum.lines;
      booked.sum.last_lsn = lsn;
      booked.sum.last_time = time.empty() ? booked.sum.last_time : time;
      booked.postings.push_back({lsn, static_cast<uint32_t>(chunk.lines.size() - 1)});
    }
    std::string text = "made " + std::to_string(lsn);
    if (random->OneIn(2)) {
      const ItemId item = made.try_emplace(tenant, items).first->second += 1;
      chunk.catalogue.items.push_back({item, "c", "", text, ""});
      history.descriptions[{tenant, item}] = text;
    }
    std::string described = "described " + std::to_string(lsn);
    if (random->OneIn(2)) {
      const auto item = static_cast<ItemId>(1 + random->Below(items + 3));
      if (item <= items || (made.contains(tenant) && item <= made[tenant])) {
        chunk.catalogue.descriptions.push_back({item, described});
        history.descriptions[{tenant, item}] = described;
      }
    }
    auto payload = std::make_shared<std::string>();
    EncodeChunk(chunk, payload.get());
    history.stretch.Append({lsn, std::move(payload)});
  }
  return history;
}

void ExpectSorted(const History& history, const SortedWindow& sorted) {
  ASSERT_EQ(sorted.deltas.size(), history.keys.size());
  size_t index = 0;
  uint64_t lines = 0;
  for (const auto& [key, booked] : history.keys) {
    const KeyDelta& delta = sorted.deltas[index++];
    BalanceSum sum = booked.sum;
    for (const Posting& posting : booked.postings) {
      sum.places += PlaceHash(key, posting.lsn, posting.index);
    }
    ASSERT_TRUE(delta.key == key && delta.sum == sum) << "item " << key.item;
    ASSERT_TRUE(std::vector<Posting>(sorted.postings.begin() + delta.posting_begin,
                                     sorted.postings.begin() + delta.posting_end) ==
                booked.postings);
    lines += sum.lines;
  }
  EXPECT_EQ(sorted.lines, lines);
  ASSERT_EQ(sorted.items.size(), history.descriptions.size());
  index = 0;
  for (const auto& [key, description] : history.descriptions) {
    ASSERT_TRUE(sorted.items[index].first == key);
    ASSERT_EQ(sorted.items[index++].second.description, description);
  }
}

TEST(WindowTest, AWindowHasNothingOfTheOneSortedBefore) {
  RandomSource random(test::TestSeed());
  const ItemLookup lookup = [](StockKey, StoredItem* item) {
    *item = {"c", "", "older", ""};
    return Status::Ok();
  };
  WindowSorter sorter;
  SortedWindow sorted;
  Lsn first = 1;
  for (int window = 0; window < 60; ++window) {
    const size_t chunks = 1 + random.Below(window % 7 == 0 ? 200 : 10);
    const History history =
        MakeHistory(&random, first, chunks, static_cast<ItemId>(1 + random.Below(300)));
    first += chunks;
    ASSERT_TRUE(sorter.Sort(history.stretch, lookup, &sorted).ok());
    EXPECT_EQ(sorted.first, history.stretch.first);
    EXPECT_EQ(sorted.last, history.stretch.last);
    ASSERT_NO_FATAL_FAILURE(ExpectSorted(history, sorted));
  }
}

TEST(WindowTest, AChunkThatCannotBeReadIsNamedAndTheNextWindowIsWhole) {
  RandomSource random(test::TestSeed());
  const History history = MakeHistory(&random, 5, 9, 20);
  const ItemLookup lookup = [](StockKey, StoredItem*) { return Status::Ok(); };
  LogStretch damaged = history.stretch;
  damaged.chunks[4].payload = std::make_shared<const std::string>("\x01");
  WindowSorter sorter;
  SortedWindow sorted;
  const Status status = sorter.Sort(damaged, lookup, &sorted);
  EXPECT_TRUE(status.Is(StatusCode::kCorruption));
  EXPECT_NE(status.message().find("LSN 9"), std::string::npos) << status.message();
  ASSERT_TRUE(sorter.Sort(history.stretch, lookup, &sorted).ok());
  ASSERT_NO_FATAL_FAILURE(ExpectSorted(history, sorted));
}

// Of a history of three tenants, what a store of some of them holds.
LogStretch Without(const History& history, TenantId other) {
  LogStretch stretch;
  for (const LoggedChunk& chunk : history.stretch.chunks) {
    ChunkHeader header;
    TS_CHECK(DecodeChunkHeader(*chunk.payload, &header).ok());
    stretch.Append(header.tenant == other ? LoggedChunk{chunk.lsn, nullptr} : chunk);
  }
  return stretch;
}

TEST(WindowTest, ChunksOfOthersAreMissedByNobody) {
  RandomSource random(test::TestSeed());
  const ItemLookup lookup = [](StockKey, StoredItem* item) {
    *item = {"c", "", "older", ""};
    return Status::Ok();
  };
  for (int round = 0; round < 40; ++round) {
    History history = MakeHistory(&random, 1 + random.Below(100), 1 + random.Below(60), 50);
    const auto other = static_cast<TenantId>(1 + random.Below(4));  // 4: nobody
    const LogStretch stretch = Without(history, other);
    LogStretch same = history.stretch;
    ASSERT_TRUE(LeaveOutTenants([&](TenantId t) { return t == other; }, &same.chunks).ok());
    ASSERT_EQ(same.chunks.size(), stretch.chunks.size());
    std::erase_if(history.keys, [&](const auto& entry) { return entry.first.tenant == other; });
    std::erase_if(history.descriptions,
                  [&](const auto& entry) { return entry.first.tenant == other; });
    SortedWindow sorted;
    ASSERT_TRUE(SortWindow(stretch, lookup, &sorted).ok());
    EXPECT_EQ(sorted.first, history.stretch.first);
    EXPECT_EQ(sorted.last, history.stretch.last);
    ASSERT_NO_FATAL_FAILURE(ExpectSorted(history, sorted));
    size_t held = 0;
    for (Lsn lsn = stretch.first - 1; lsn <= stretch.last + 1; ++lsn) {
      const size_t index = IndexOfChunk(stretch.chunks, lsn);
      const bool is_held = held < stretch.chunks.size() && stretch.chunks[held].lsn == lsn;
      EXPECT_EQ(index, is_held ? held : stretch.chunks.size());
      held += is_held ? 1 : 0;
    }
    EXPECT_EQ(held, stretch.chunks.size());
  }
}

TEST(WindowTest, PartsOfOneStretchJoinToTheWhole) {
  RandomSource random(test::TestSeed());
  const ItemLookup lookup = [](StockKey, StoredItem* item) {
    *item = {"c", "", "older", ""};
    return Status::Ok();
  };
  for (int round = 0; round < 20; ++round) {
    const History history = MakeHistory(&random, 7, 1 + random.Below(60), 50);
    std::vector<SortedWindow> parts(4);  // the last one is nobody's
    for (size_t part = 0; part < parts.size(); ++part) {
      LogStretch own = history.stretch;
      ASSERT_TRUE(LeaveOutTenants([&](TenantId t) { return t != part + 1; }, &own.chunks).ok());
      ASSERT_TRUE(SortWindow(own, lookup, &parts[part]).ok());
    }
    const SortedWindow joined = JoinWindows(std::move(parts));
    ASSERT_NO_FATAL_FAILURE(ExpectSorted(history, joined));
    ASSERT_EQ(joined.blocks.size(), history.stretch.chunks.size());
    for (size_t index = 0; index < joined.blocks.size(); ++index) {
      EXPECT_EQ(joined.blocks[index].lsn, history.stretch.chunks[index].lsn);
      EXPECT_EQ(joined.blocks[index].payload, history.stretch.chunks[index].payload);
    }
  }
}

TEST(WindowTest, ALineIsRejectedInItsOwnChunkWhereOthersAreMissing) {
  RandomSource random(test::TestSeed());
  const ItemLookup lookup = [](StockKey, StoredItem* item) {
    *item = {"c", "", "older", ""};
    return Status::Ok();
  };
  for (int round = 0; round < 20; ++round) {
    const History history = MakeHistory(&random, 7, 30, 5);
    const LogStretch stretch = Without(history, 2);
    SortedWindow sorted;
    ASSERT_TRUE(SortWindow(stretch, lookup, &sorted).ok());
    const StockKey key{1, 3};
    const auto booked = history.keys.find(key);
    const std::vector<KeyRejection> rejections = {{key, "refused"}};
    ASSERT_TRUE(RejectKeys(rejections, lookup, &sorted).ok());
    std::vector<Posting> rejected;
    for (const auto& [lsn, lines] : sorted.rejected_lines) {
      for (const uint32_t line : lines) {
        rejected.push_back({lsn, line});
      }
    }
    ASSERT_TRUE(rejected ==
                (booked == history.keys.end() ? std::vector<Posting>{} : booked->second.postings));
  }
}

TEST(WindowTest, DeltasAreTheSameInHoweverManyStepsTheyCatchUp) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 20; ++round) {
    const History history = MakeHistory(&random, 1, 100, 200);
    WindowDeltas deltas;
    for (size_t known = 0; known <= history.stretch.chunks.size(); known += 1 + random.Below(40)) {
      ASSERT_TRUE(deltas.CatchUp(std::span(history.stretch.chunks).first(known)).ok());
    }
    ASSERT_TRUE(deltas.CatchUp(history.stretch.chunks).ok());
    for (const auto& [key, booked] : history.keys) {
      const WindowDeltas::Delta* delta = deltas.Find(key);
      ASSERT_NE(delta, nullptr);
      EXPECT_TRUE(delta->on_hand == booked.sum.on_hand && delta->value == booked.sum.value);
      EXPECT_EQ(delta->lines, booked.sum.lines);
      EXPECT_EQ(delta->last_lsn, booked.sum.last_lsn);
      EXPECT_EQ(delta->last_time, booked.sum.last_time);
    }
    EXPECT_EQ(deltas.Find({9, 1}), nullptr);
  }
}

}  // namespace
}  // namespace tallystone
