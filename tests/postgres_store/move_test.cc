// A tenant that moves from one server to another: whole there, nothing left here, and a repeat
// changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres_store/shared_server.h"
#include "store_support/store_contents.h"
#include "store_support/window_maker.h"

namespace tallystone::testing {
namespace {

// What of a store is one tenant's.
MemoryState Share(Store* store, TenantId tenant) {
  MemoryState state;
  EXPECT_OK(ReadContents(store, &state));
  const auto foreign = [&](const auto& entry) { return entry.first.tenant != tenant; };
  state.marker.reset();
  std::erase_if(state.balances, foreign);
  std::erase_if(state.postings, foreign);
  std::erase_if(state.batches, foreign);
  std::erase_if(state.dead_letters, foreign);
  std::erase_if(state.items, foreign);
  std::erase_if(state.aliases, foreign);
  std::erase_if(state.records, foreign);
  std::erase_if(state.tenants, [&](const auto& entry) { return entry.first != tenant; });
  std::erase_if(state.blocks, [&](const auto& entry) {
    ChunkHeader header;
    return !DecodeChunkHeader(entry.second.payload, &header).ok() || header.tenant != tenant;
  });
  return state;
}

class MoveTest : public PostgresStoreTest {
 protected:
  void SetUp() override {
    PostgresStoreTest::SetUp();
    if (server_ == nullptr) {
      return;  // skipped
    }
    WindowShape shape;
    shape.chunks = 40;
    shape.lines_per_chunk = 50;
    shape.rejections = true;
    const WindowMaker maker(5, shape);
    from_ = OpenStore();
    to_ = OpenOtherStore();
    for (PostgresStore* store : {from_.get(), to_.get()}) {
      ASSERT_OK(store->Initialise(WindowMaker::EmptyMarker()));
    }
    for (uint64_t number = 0; number < 3; ++number) {
      ASSERT_OK(from_->Apply(maker.Make(number), maker.MarkerOf(number), nullptr));
    }
    arrival_ = {1, "tenant 1", maker.MarkerOf(2).applied, 1};
    whole_ = Share(from_.get(), 1);
    other_ = Share(from_.get(), 2);
    ASSERT_GT(whole_.blocks.size(), 10u);
  }
  // A writer of the store in the other database.
  std::unique_ptr<PostgresStore> OpenOtherStore() {
    if (other_database_.empty()) {
      EXPECT_OK(NewTestDatabase(&other_database_));
    }
    return OpenStore(OptionsFor(other_database_));
  }
  std::unique_ptr<PostgresStore> OpenReader() {
    PostgresStoreOptions options = OptionsFor(database_);
    options.read_only = true;
    return OpenStore(options);
  }
  Status MoveIn(Store* to, Store* from, const TenantArrival& arrival) {
    std::unique_ptr<StoreView> view;
    const Status status = from->NewView(&view);
    return status.ok() ? to->MoveIn(arrival, view.get(), &unknown_) : status;
  }
  static Status Leave(Store* store, uint64_t generation) {
    const Status status = store->MoveOut(1, generation);
    return status.ok() ? store->RemoveLeft(1, generation, [] { return false; }) : status;
  }
  static std::map<TenantId, TenantHome> Homes(Store* store) {
    std::unique_ptr<StoreView> view;
    std::map<TenantId, TenantHome> homes;
    EXPECT_OK(store->NewView(&view));
    EXPECT_OK(view->ReadHomes(&homes));
    return homes;
  }

  std::string other_database_;
  std::unique_ptr<PostgresStore> from_, to_;
  TenantArrival arrival_;
  MemoryState whole_, other_;
  bool unknown_ = false;  // of the last MoveIn
};

TEST_F(MoveTest, EverythingComesAndNothingStays) {
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  EXPECT_EQ("", Difference(whole_, Share(to_.get(), 1)));
  EXPECT_EQ("", Difference(MemoryState{}, Share(to_.get(), 2)));
  EXPECT_EQ((TenantHome{true, 1, ""}), Homes(to_.get())[1]);
  BatchSum sum;
  EXPECT_OK(to_->GetBatch(whole_.batches.begin()->first, &sum));  // the filter knows it
  ASSERT_OK(Leave(from_.get(), 0));
  EXPECT_EQ("", Difference(MemoryState{}, Share(from_.get(), 1)));
  EXPECT_EQ("", Difference(other_, Share(from_.get(), 2)));
  EXPECT_FALSE(Homes(from_.get())[1].here);
}

TEST_F(MoveTest, ARepeatChangesNothingAlsoByAWriterThatDoesNotKnowOfTheFirst) {
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  to_ = OpenOtherStore();
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  EXPECT_EQ("", Difference(whole_, Share(to_.get(), 1)));
  ASSERT_OK(Leave(from_.get(), 0));
  ASSERT_OK(Leave(from_.get(), 0));
  from_ = OpenStore();
  ASSERT_OK(Leave(from_.get(), 0));
  EXPECT_EQ("", Difference(other_, Share(from_.get(), 2)));
}

TEST_F(MoveTest, ACopyCanBeEndedInItsMiddle) {
  int pieces = 0;
  arrival_.stop = [&] { return ++pieces == 3; };
  EXPECT_CODE(kInterrupted, MoveIn(to_.get(), from_.get(), arrival_));
  EXPECT_FALSE(unknown_);
  EXPECT_EQ("", Difference(MemoryState{}, Share(to_.get(), 1)));
  arrival_.stop = nullptr;
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  EXPECT_EQ("", Difference(whole_, Share(to_.get(), 1)));
}

TEST_F(MoveTest, WhatCameIsKnownAlsoToARepeatThatComesLater) {
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  arrival_.applied += 5;  // others were logged since
  unknown_ = true;
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  EXPECT_FALSE(unknown_);
  EXPECT_EQ("", Difference(whole_, Share(to_.get(), 1)));
}

TEST_F(MoveTest, ThereAndBackWithAWindowBetween) {
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  ASSERT_OK(Leave(from_.get(), 0));
  TenantArrival back = arrival_;
  back.generation = 2;
  back.applied += 7;
  ASSERT_OK(MoveIn(from_.get(), to_.get(), back));
  ASSERT_OK(Leave(to_.get(), 1));
  EXPECT_EQ("", Difference(whole_, Share(from_.get(), 1)));
  EXPECT_EQ("", Difference(MemoryState{}, Share(to_.get(), 1)));
  EXPECT_EQ((TenantHome{true, 2, ""}), Homes(from_.get())[1]);
}

TEST_F(MoveTest, ASourceThatFailsEndsTheMoveAndNothingCame) {
  std::unique_ptr<StoreView> view;
  ASSERT_OK(from_->NewView(&view));
  Execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
      "AND state = 'idle in transaction'");
  unknown_ = true;  // an earlier attempt may have come; this one finds out
  EXPECT_FALSE(to_->MoveIn(arrival_, view.get(), &unknown_).ok());
  EXPECT_FALSE(unknown_);
  EXPECT_EQ("", Difference(MemoryState{}, Share(to_.get(), 1)));
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  EXPECT_EQ("", Difference(whole_, Share(to_.get(), 1)));
  // What is there is not read again.
  ASSERT_OK(from_->NewView(&view));
  Execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
      "AND state = 'idle in transaction'");
  unknown_ = true;
  EXPECT_OK(to_->MoveIn(arrival_, view.get(), &unknown_));
  EXPECT_FALSE(unknown_);
}

TEST_F(MoveTest, AnOlderGenerationTakesNothingAndForgetsNothing) {
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  EXPECT_FALSE(to_->MoveOut(1, 0).Is(StatusCode::kFenced));
  EXPECT_EQ("", Difference(whole_, Share(to_.get(), 1)));
}

TEST_F(MoveTest, WhatIsLeftIsRemovedLaterAndUntilThenNothingComesOverIt) {
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  ASSERT_OK(from_->RemoveLeft(1, 0, [] { return false; }));  // not yet
  EXPECT_EQ("", Difference(whole_, Share(from_.get(), 1)));
  ASSERT_OK(from_->MoveOut(1, 0));
  EXPECT_EQ((TenantHome{false, 0, "", true}), Homes(from_.get())[1]);
  EXPECT_TRUE(Share(from_.get(), 1).tenants.empty());
  int steps = 0;
  EXPECT_CODE(kInterrupted, from_->RemoveLeft(1, 0, [&] { return ++steps == 3; }));
  EXPECT_TRUE(Homes(from_.get())[1].leaving);
  const MemoryState half = Share(from_.get(), 1);
  EXPECT_TRUE(half.postings.empty());
  EXPECT_FALSE(half.blocks.empty());
  TenantArrival back = arrival_;
  back.generation = 2;
  EXPECT_CODE(kRejected, MoveIn(from_.get(), to_.get(), back));
  EXPECT_FALSE(unknown_);
  from_ = OpenStore();
  ASSERT_OK(Leave(from_.get(), 1));  // that or a lower generation
  EXPECT_EQ((TenantHome{false, 0, ""}), Homes(from_.get())[1]);
  EXPECT_EQ("", Difference(MemoryState{}, Share(from_.get(), 1)));
  EXPECT_EQ("", Difference(other_, Share(from_.get(), 2)));
  ASSERT_OK(MoveIn(from_.get(), to_.get(), back));
  EXPECT_EQ("", Difference(whole_, Share(from_.get(), 1)));
}

TEST_F(MoveTest, AWriterThatWasFencedMovesNothing) {
  const auto fenced = OpenOtherStore();
  to_ = OpenOtherStore();
  EXPECT_CODE(kFenced, MoveIn(fenced.get(), from_.get(), arrival_));
  EXPECT_EQ("", Difference(MemoryState{}, Share(to_.get(), 1)));
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  const auto again = OpenOtherStore();
  EXPECT_CODE(kFenced, to_->MoveOut(1, 1));
  ASSERT_OK(again->MoveOut(1, 1));
  EXPECT_CODE(kFenced, to_->RemoveLeft(1, 1, [] { return false; }));
  EXPECT_TRUE(Homes(again.get())[1].leaving);
  whole_.tenants.clear();
  EXPECT_EQ("", Difference(whole_, Share(again.get(), 1)));
}

TEST_F(MoveTest, AWishIsWrittenDownBesideAWriterAndGoesWithTheMove) {
  ASSERT_OK(OpenReader()->RequestMove(1, to_->server_id()));
  EXPECT_EQ((TenantHome{true, 0, to_->server_id()}), Homes(from_.get())[1]);
  ASSERT_OK(MoveIn(to_.get(), from_.get(), arrival_));
  ASSERT_OK(Leave(from_.get(), 0));
  EXPECT_EQ("", Homes(from_.get())[1].move_to);
  EXPECT_EQ("", Homes(to_.get())[1].move_to);
  EXPECT_CODE(kNotFound, OpenReader()->RequestMove(1, to_->server_id()));
}

}  // namespace
}  // namespace tallystone::testing
