// Lines that come by COPY, which has no guard of its own: it must never be sent where the guard of
// the transaction did not hold, and a server that refuses it refuses that tenant's share alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres_store/shared_server.h"
#include "postgres_store/small_window.h"
#include "store_support/store_contents.h"

namespace tallystone::testing {
namespace {

using ::testing::HasSubstr;

class CopyTest : public PostgresStoreTest {
 protected:
  void SetUp() override {
    PostgresStoreTest::SetUp();
    if (server_ != nullptr) {
      store_ = OpenCopying(2);
      ASSERT_NE(nullptr, store_);
      ASSERT_OK(store_->Initialise(WindowMaker::EmptyMarker()));
    }
  }
  std::unique_ptr<PostgresStore> OpenCopying(size_t lines_min) {
    PostgresStoreOptions options = OptionsFor(database_);
    options.copy_lines_min = lines_min;
    return OpenStore(options);
  }
  static Status Apply(Store* store, const SortedWindow& window) {
    return store->Apply(window, MarkerAt(window.last), nullptr);
  }
  std::string Counts() {
    return Value(
        "SELECT concat_ws(' ', (SELECT count(*) FROM tallystone.lines), (SELECT count(*) FROM "
        "tallystone.blocks), (SELECT sum(lines) FROM tallystone.balances), (SELECT sum(lines) FROM "
        "tallystone.batches))");
  }

  std::unique_ptr<PostgresStore> store_;
};

TEST_F(CopyTest, LinesAreTheSameAsFromArrays) {
  const SortedWindow window = SmallWindow(1, {{1, 1, 4}, {1, 2, -3}, {1, 1, 5}, {2, 7, 1}});
  ASSERT_OK(Apply(store_.get(), window));
  ASSERT_OK(NewTestDatabase(&database_));
  const auto other = OpenCopying(SIZE_MAX);
  ASSERT_OK(other->Initialise(WindowMaker::EmptyMarker()));
  ASSERT_OK(Apply(other.get(), window));
  EXPECT_EQ("", Difference(store_.get(), other.get()));
}

TEST_F(CopyTest, RefusedLineNamesTheConstraintAndOtherTenantsAreWritten) {
  Execute("ALTER TABLE tallystone.lines ADD CONSTRAINT no_returns CHECK (quantity >= 0)");
  const SortedWindow window =
      SmallWindow(1, {{1, 1, 4}, {1, 2, 4}, {2, 1, 3}, {2, 2, -1}, {3, 1, 5}, {3, 2, 5}});
  const Status status = Apply(store_.get(), window);
  EXPECT_CODE(kRejected, status);
  EXPECT_THAT(status.message(), HasSubstr("no_returns"));
  EXPECT_THAT(status.message(), HasSubstr("tenant 2"));
  EXPECT_EQ("4 4 4 4", Counts());
  // The same connection goes on, and repeats only what is missing.
  Execute("ALTER TABLE tallystone.lines DROP CONSTRAINT no_returns");
  ASSERT_OK(Apply(store_.get(), window));
  EXPECT_EQ("6 6 6 6", Counts());
}

TEST_F(CopyTest, FencedWriterCopiesNothing) {
  ASSERT_OK(Apply(store_.get(), SmallWindow(1, {{1, 1, 1}, {1, 2, 1}})));
  const std::string before = Counts();
  const auto second = OpenCopying(2);
  EXPECT_CODE(kFenced, Apply(store_.get(), SmallWindow(3, {{1, 1, 1}, {1, 2, 1}})));
  EXPECT_EQ(before, Counts());
  ASSERT_OK(Apply(second.get(), SmallWindow(3, {{1, 1, 1}, {1, 2, 1}})));
  EXPECT_EQ("4 4 4 4", Counts());
}

// The tenant's row says that it has the window, which this writer never learnt.
TEST_F(CopyTest, RepeatThatTheWriterDoesNotSeeCopiesNothing) {
  ASSERT_OK(Apply(store_.get(), SmallWindow(1, {{1, 1, 1}, {1, 2, 1}})));
  const std::string before = Counts();
  Execute("UPDATE tallystone.tenants SET applied = 4 WHERE tenant = 1");
  ASSERT_OK(Apply(store_.get(), SmallWindow(3, {{1, 1, 1}, {1, 2, 1}})));
  EXPECT_EQ(before, Counts());
}

TEST_F(CopyTest, PostingThatNoChunkHasIsCorruptionAndNothingIsWritten) {
  SortedWindow window = SmallWindow(1, {{1, 1, 4}, {1, 2, 4}});
  window.postings.back().index = 9;
  EXPECT_CODE(kCorruption, Apply(store_.get(), window));
  EXPECT_EQ("0 0", Counts());
  ASSERT_OK(Apply(store_.get(), SmallWindow(1, {{1, 1, 4}, {1, 2, 4}})));
  EXPECT_EQ("2 2 2 2", Counts());
}

// More than the buffers of both sides hold.
TEST_F(CopyTest, LargeShareArrivesWhole) {
  std::vector<SmallLine> lines;
  constexpr ItemId kItems = 40'000;
  for (ItemId item = 1; item <= kItems; ++item) {
    lines.push_back({1, item, 1});
  }
  ASSERT_OK(Apply(store_.get(), SmallWindow(1, lines)));
  EXPECT_EQ("40000 40000 40000 40000", Counts());
  EXPECT_EQ("1 40000", Value("SELECT min(item) || ' ' || max(item) FROM tallystone.lines WHERE "
                             "lsn = item AND line = item AND quantity = 1000000"));
}

}  // namespace
}  // namespace tallystone::testing
