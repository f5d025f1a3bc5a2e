// What every store must do, whichever it is.
#include "store/store.h"

#include <atomic>
#include <thread>

#include "model/chunk.h"
#include "store_support/store_conformance.h"

namespace tallystone {
namespace {

using testing::Difference;
using testing::ForEach;
using testing::ReadContents;
using testing::StoreTest;
using testing::WindowMaker;
using testing::WindowShape;

TEST_P(StoreTest, EmptyStoreHasItsMarkerAndNothingElse) {
  Marker marker;
  ASSERT_OK(store_->ReadMarker(&marker));
  EXPECT_EQ(WindowMaker::EmptyMarker(), marker);
  BalanceSum balance;
  EXPECT_CODE(kNotFound, store_->GetBalance({1, 1}, &balance));
  BatchSum batch;
  EXPECT_CODE(kNotFound, store_->GetBatch({1, "none"}, &batch));
  EXPECT_CODE(kNotFound, store_->GetBatch({1, std::string("a\0b", 3)}, &batch));
  MemoryState state;
  ASSERT_OK(ReadContents(store_.get(), &state));
  EXPECT_TRUE(state.balances.empty() && state.blocks.empty() && state.batches.empty());
  EXPECT_TRUE(state.tenants.empty() && state.items.empty() && state.aliases.empty());
}

TEST_P(StoreTest, WindowAddsUpToWhatTheOracleHas) {
  const WindowMaker maker(1);
  ASSERT_OK(oracle_.Initialise(WindowMaker::EmptyMarker()));
  for (uint64_t number = 0; number < 12; ++number) {
    ApplyBoth(maker, number);
    ASSERT_EQ("", Difference(store_.get(), &oracle_)) << "after window " << number;
  }
  ExpectLikeOracle();
}

// So many entries that two threads make the sorted files.
TEST_P(StoreTest, LargeWindowIsNoOtherThanSmallOnes) {
  WindowShape shape;
  shape.chunks = 130;
  shape.lines_per_chunk = 500;
  shape.items = 1'000'000;
  shape.letters_every = 40;
  const WindowMaker maker(11, shape);
  ASSERT_GT(maker.Make(0).deltas.size(), 50'000u);
  ASSERT_OK(oracle_.Initialise(WindowMaker::EmptyMarker()));
  ApplyBoth(maker, 0);
  ApplyBoth(maker, 1);
  ExpectLikeOracle();
}

TEST_P(StoreTest, EmptyWindowMovesTheMarkerOnly) {
  SortedWindow window;
  window.first = window.last = 1;
  Chunk chunk;  // the end of a batch without lines
  chunk.header.flags = kChunkLast;
  chunk.header.tenant = 1;
  chunk.header.batch = "b";
  std::string payload;
  EncodeChunk(chunk, &payload);
  window.blocks.push_back({1, std::make_shared<const std::string>(payload)});
  Marker marker = WindowMaker::EmptyMarker();
  marker.applied = 1;
  ASSERT_OK(store_->Apply(window, marker, nullptr));
  Reopen();
  MemoryState state;
  ASSERT_OK(ReadContents(store_.get(), &state));
  EXPECT_EQ(1u, state.marker->applied);
  EXPECT_EQ(1u, state.blocks.size());
  EXPECT_EQ(payload, state.blocks[1].payload);
}

TEST_P(StoreTest, ReopenAfterEveryWindow) {
  const WindowMaker maker(2);
  for (uint64_t number = 0; number < 8; ++number) {
    ApplyBoth(maker, number);
    ExpectLikeOracle();
  }
}

TEST_P(StoreTest, ApplyInfoSaysHowItWasLoaded) {
  const WindowMaker maker(3);
  ApplyInfo info;
  info.ingested = true;
  ASSERT_OK(store_->Apply(maker.Make(0), maker.MarkerOf(0), &info));
  EXPECT_EQ(GetParam().ingests, info.ingested);
}

TEST_P(StoreTest, RejectedKeysHaveNoDeltaAndNoPostings) {
  WindowShape shape;
  shape.rejections = true;
  const WindowMaker maker(4, shape);
  uint64_t rejected = 0;
  for (uint64_t number = 0; number < 4; ++number) {
    ApplyBoth(maker, number);
    rejected += maker.Make(number).rejected_lines.size();
  }
  ASSERT_GT(rejected, 0u);
  ExpectLikeOracle();
  // Not by the oracle's word alone: postings and balances count the same lines.
  MemoryState state;
  ASSERT_OK(ReadContents(store_.get(), &state));
  uint64_t refused_lines = 0;
  for (const auto& [lsn, block] : state.blocks) {
    refused_lines += block.rejected.size();
  }
  uint64_t booked = 0;
  for (const auto& [key, sum] : state.balances) {
    booked += sum.lines;
    EXPECT_EQ(sum.lines, state.postings[key].size());
  }
  EXPECT_EQ(state.blocks.size() * shape.lines_per_chunk, booked + refused_lines);
}

TEST_P(StoreTest, KeyReplayResumesAfterACrashBehindEveryStep) {
  const WindowMaker maker(5);
  ApplyBoth(maker, 0);
  const SortedWindow window = maker.Make(1);
  Marker progress = maker.MarkerOf(0);
  progress.replay = ReplayProgress{window.last, {}, 0, {}};
  ASSERT_OK(store_->ApplyKey(nullptr, progress));
  SortedWindow rest = window;
  std::map<Lsn, std::vector<uint32_t>> rejected;
  for (size_t index = 0; index < window.deltas.size(); ++index) {
    const KeyDelta& delta = window.deltas[index];
    progress.replay->done = delta.key;
    ++progress.replay->keys_done;
    if (index == 3) {
      rest.deltas[index].rejected = true;
      progress.replay->rejected.push_back({delta.key, "no"});
      ASSERT_OK(store_->ApplyKey(nullptr, progress));
    } else {
      ASSERT_OK(store_->ApplyKey(&delta, progress));
    }
    Reopen();
    Marker marker;
    ASSERT_OK(store_->ReadMarker(&marker));
    ASSERT_EQ(progress, marker);
    BalanceSum before, after;
    const Status had = oracle_.GetBalance(delta.key, &before);
    const Status has = store_->GetBalance(delta.key, &after);
    if (index == 3) {
      EXPECT_EQ(had.code(), has.code());
      EXPECT_EQ(before, after);
    } else {
      ASSERT_OK(has);
      before.Add(delta.sum);
      EXPECT_EQ(before.lines, after.lines);
      EXPECT_EQ(before.on_hand, after.on_hand);
    }
  }
  rest.rejected_lines = {{window.first, {0, 2}}};
  rest.lines -= window.deltas[3].sum.lines;
  ASSERT_OK(store_->ApplyRest(rest, maker.MarkerOf(1)));
  ASSERT_OK(oracle_.Apply(rest, maker.MarkerOf(1), nullptr));
  ExpectLikeOracle();
}

TEST_P(StoreTest, DeadLettersAreReplacedAndRemoved) {
  Marker marker = WindowMaker::EmptyMarker();
  StoredDeadLetter letter;
  letter.code = "A";
  const LineRef kept{1, "b", 7}, gone{1, "b", 8}, other{2, "b", 7};
  SortedWindow first;
  first.first = first.last = marker.applied = 1;
  first.dead_letters = {{kept, letter}, {gone, letter}, {other, letter}};
  ASSERT_OK(store_->Apply(first, marker, nullptr));
  letter.attempts = 2;
  SortedWindow second;
  second.first = second.last = marker.applied = 2;
  second.dead_letters = {{kept, letter}, {gone, std::nullopt}, {{3, "never", 1}, std::nullopt}};
  ASSERT_OK(store_->Apply(second, marker, nullptr));
  Reopen();
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store_->NewView(&view));
  StoredDeadLetter found;
  ASSERT_OK(view->GetDeadLetter(kept, &found));
  EXPECT_EQ(letter, found);
  EXPECT_CODE(kNotFound, view->GetDeadLetter(gone, &found));
  ASSERT_OK(view->GetDeadLetter(other, &found));
  EXPECT_EQ(1u, found.attempts);
  std::vector<LineRef> refs;
  EXPECT_OK(
      ForEach(view->DeadLetters({}), [&](const auto& entry) { refs.push_back(entry.first); }));
  EXPECT_EQ((std::vector<LineRef>{kept, other}), refs);
}

TEST_P(StoreTest, BatchesThatBeginAlikeStayApartAndInOrder) {
  Marker marker = WindowMaker::EmptyMarker();
  SortedWindow window;
  window.first = window.last = marker.applied = 1;
  const std::vector<BatchRef> refs = {{1, "a"}, {1, "a\x01"}, {1, "a/b"}, {1, "ab"},
                                      {1, "b"}, {2, "a"},     {256, "a"}};
  for (size_t index = 0; index < refs.size(); ++index) {
    BatchSum sum;
    sum.lines = index + 1;
    window.batches.emplace_back(refs[index], sum);
    window.dead_letters.emplace_back(LineRef{refs[index].tenant, refs[index].batch, 256},
                                     StoredDeadLetter{});
  }
  ASSERT_OK(store_->Apply(window, marker, nullptr));
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store_->NewView(&view));
  std::vector<BatchRef> found;
  ASSERT_OK(ForEach(view->Batches({}), [&](const auto& entry) { found.push_back(entry.first); }));
  EXPECT_EQ(refs, found);
  found.clear();
  ASSERT_OK(
      ForEach(view->Batches({1, "a/b"}), [&](const auto& entry) { found.push_back(entry.first); }));
  EXPECT_EQ(std::vector<BatchRef>(refs.begin() + 2, refs.end()), found);
  size_t letters = 0;
  ASSERT_OK(ForEach(view->DeadLetters({1, "a/b", 257}), [&](const auto&) { ++letters; }));
  EXPECT_EQ(refs.size() - 3, letters);
  BatchSum sum;
  ASSERT_OK(store_->GetBatch(refs[3], &sum));
  EXPECT_EQ(4u, sum.lines);
}

TEST_P(StoreTest, CursorsBeginAtAKey) {
  const WindowMaker maker(6);
  ApplyBoth(maker, 0);
  ApplyBoth(maker, 1);
  std::unique_ptr<StoreView> view, expected;
  ASSERT_OK(store_->NewView(&view));
  ASSERT_OK(oracle_.NewView(&expected));
  for (TenantId tenant = 0; tenant < 4; ++tenant) {
    for (ItemId item = 0; item < 24; ++item) {
      std::vector<StockKey> keys, wanted;
      const StockKey from{tenant, item};
      ASSERT_OK(ForEach(view->Balances(from), [&](const auto& e) { keys.push_back(e.first); }));
      ASSERT_OK(
          ForEach(expected->Balances(from), [&](const auto& e) { wanted.push_back(e.first); }));
      ASSERT_OK(ForEach(view->Items(from), [&](const auto& e) { keys.push_back(e.first); }));
      ASSERT_OK(ForEach(expected->Items(from), [&](const auto& e) { wanted.push_back(e.first); }));
      ASSERT_EQ(wanted, keys);
    }
  }
  for (Lsn from = 0; from < 11; ++from) {
    std::vector<Lsn> lsns;
    ASSERT_OK(
        ForEach(view->Blocks(from), [&](const StoredBlock& block) { lsns.push_back(block.lsn); }));
    EXPECT_EQ(from <= 1 ? 8u : from <= 8 ? 9 - from : 0u, lsns.size());
    EXPECT_TRUE(lsns.empty() || lsns.front() == std::max<Lsn>(from, 1));
  }
  StoredBlock block;
  EXPECT_OK(view->GetBlock(8, &block));
  EXPECT_EQ(8u, block.lsn);
  EXPECT_EQ(*maker.Make(1).blocks[3].payload, block.payload);
  EXPECT_CODE(kNotFound, view->GetBlock(9, &block));
  std::vector<Posting> postings(3);
  EXPECT_OK(view->GetPostings({9, 9}, &postings));
  EXPECT_TRUE(postings.empty());
}

TEST_P(StoreTest, TheCatalogueOfATenantIsReadWithoutThoseBeforeIt) {
  const WindowMaker maker(9);
  ApplyBoth(maker, 0);
  SortedWindow window = maker.Make(1);
  for (TenantId tenant = 1; tenant <= 3; ++tenant) {
    for (const RecordKind kind : {RecordKind::kAlias, RecordKind::kReview}) {
      window.records.push_back({{tenant, kind, "key"}, "value"});
    }
  }
  std::sort(window.records.begin(), window.records.end());
  for (Store* store : {store_.get(), static_cast<Store*>(&oracle_)}) {
    ASSERT_OK(store->Apply(window, maker.MarkerOf(1), nullptr));
  }
  MemoryState all;
  ASSERT_OK(ReadContents(store_.get(), &all));
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store_->NewView(&view));
  for (TenantId from = 0; from <= 5; ++from) {
    auto aliases = all.aliases;
    auto records = all.records;
    EXPECT_EQ(from <= 3, !records.empty() && records.rbegin()->first.tenant >= from);
    const auto before = [&](const auto& entry) { return entry.first.tenant < from; };
    std::erase_if(aliases, before);
    std::erase_if(records, before);
    MemoryState read;
    ASSERT_OK(ForEach(view->Aliases(from), [&](const auto& entry) { read.aliases.insert(entry); }));
    ASSERT_OK(ForEach(view->Records(from), [&](const auto& entry) { read.records.insert(entry); }));
    EXPECT_EQ(aliases, read.aliases) << from;
    EXPECT_EQ(records, read.records) << from;
  }
}

TEST_P(StoreTest, ViewSeesItsMomentWhileWindowsArrive) {
  const WindowMaker maker(7);
  for (uint64_t number = 0; number < 3; ++number) {
    ApplyBoth(maker, number);
  }
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store_->NewView(&view));
  MemoryState wanted;
  ASSERT_OK(ReadContents(&oracle_, &wanted));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (uint64_t number = 3; number < 10; ++number) {
      EXPECT_OK(store_->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
    }
    done = true;
  });
  int reads = 0;
  for (; reads < 3 || !done; ++reads) {
    MemoryState state;
    EXPECT_OK(ReadContents(view.get(), &state));
    EXPECT_EQ("", Difference(wanted, state));
  }
  writer.join();
  MemoryState now;
  ASSERT_OK(ReadContents(store_.get(), &now));
  EXPECT_EQ(maker.MarkerOf(9), *now.marker);
}

// All or nothing, tenant by tenant: a reader never sees the marker of a window without its lines,
// or the other way round. Tenants may be ahead of the marker, as the view says.
TEST_P(StoreTest, ReaderNeverSeesHalfAWindow) {
  WindowShape shape;
  shape.letters_every = 0;
  const WindowMaker maker(8, shape);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (uint64_t number = 0; number < 20; ++number) {
      EXPECT_OK(store_->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
    }
    done = true;
  });
  while (!done) {
    std::unique_ptr<StoreView> view;
    ASSERT_OK(store_->NewView(&view));
    MemoryState state;
    std::map<TenantId, Lsn> ahead;
    EXPECT_OK(ReadContents(view.get(), &state));
    EXPECT_OK(view->ReadAhead(&ahead));
    std::map<TenantId, uint64_t> lines, batch_lines, block_lines;
    for (const auto& [key, sum] : state.balances) {
      lines[key.tenant] += sum.lines;
    }
    for (const auto& [ref, sum] : state.batches) {
      batch_lines[ref.tenant] += sum.lines;
    }
    uint64_t applied = 0;
    for (const auto& [lsn, block] : state.blocks) {
      ChunkHeader header;
      EXPECT_OK(DecodeChunkHeader(block.payload, &header));
      block_lines[header.tenant] += header.accepted;
      applied += lsn <= state.marker->applied ? 1 : 0;
      EXPECT_LE(lsn, std::max(state.marker->applied, ahead[header.tenant]));
    }
    EXPECT_EQ(state.marker->applied, applied);
    EXPECT_EQ(block_lines, lines);
    EXPECT_EQ(block_lines, batch_lines);
  }
  writer.join();
}

TEST_P(StoreTest, ClosedStoreAnswersUnavailable) {
  ASSERT_OK(store_->Close());
  EXPECT_OK(store_->Close());
  const WindowMaker maker(9);
  const SortedWindow window = maker.Make(0);
  Marker marker;
  BalanceSum balance;
  BatchSum batch;
  std::unique_ptr<StoreView> view;
  EXPECT_CODE(kUnavailable, store_->ReadMarker(&marker));
  EXPECT_CODE(kUnavailable, store_->GetBalance({1, 1}, &balance));
  EXPECT_CODE(kUnavailable, store_->GetBatch({1, "a"}, &batch));
  EXPECT_CODE(kUnavailable, store_->NewView(&view));
  EXPECT_CODE(kUnavailable, store_->Apply(window, maker.MarkerOf(0), nullptr));
  EXPECT_CODE(kUnavailable, store_->ApplyKey(&window.deltas[0], maker.MarkerOf(0)));
  EXPECT_CODE(kUnavailable, store_->ApplyRest(window, maker.MarkerOf(0)));
  EXPECT_CODE(kUnavailable, store_->Initialise(maker.MarkerOf(0)));
  EXPECT_CODE(kUnavailable, store_->Recover());
}

TEST_P(StoreTest, RecoverOfAHealthyStoreChangesNothing) {
  const WindowMaker maker(10);
  ApplyBoth(maker, 0);
  ASSERT_OK(store_->Recover());
  ApplyBoth(maker, 1);
  ExpectLikeOracle();
}

}  // namespace
}  // namespace tallystone
