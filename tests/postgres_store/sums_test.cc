// What a store in PostgreSQL says of itself: sums for a proof, sizes and shares for an overview;
// and one item made anew.
#include <gtest/gtest.h>

#include "postgres_store/shared_server.h"
#include "postgres_store/small_window.h"

namespace tallystone::testing {
namespace {

constexpr int64_t kOne = Decimal::kUnitsPerOne;

class SumsTest : public PostgresStoreTest {
 protected:
  // Tenants 1 to 4, each with a batch "b"; item 1 of tenant 2 has two lines.
  void Fill(PostgresStore* store) {
    ASSERT_OK(store->Initialise(MarkerAt(0)));
    ASSERT_OK(store->Apply(
        SmallWindow(1, {{1, 1, 5}, {2, 1, 7}, {2, 1, -3}, {2, 2, 4}, {3, 1, 1}, {4, 1, 1}}),
        MarkerAt(6), nullptr));
  }
  // What item 1 of tenant 2 has.
  static BalanceSum Sum() {
    BalanceSum sum;
    sum.Add({7 * kOne, Int128{7 * kOne} * (2 * kOne), 1, 2, PlaceHash({2, 1}, 2, 0), ""});
    sum.Add({-3 * kOne, Int128{-3 * kOne} * (2 * kOne), 1, 3, PlaceHash({2, 1}, 3, 0), ""});
    return sum;
  }
  static std::vector<BookedLine> Lines() {
    return {{{2, 0}, 2, 7 * kOne, 2 * kOne, ""}, {{3, 0}, 3, -3 * kOne, 2 * kOne, ""}};
  }
  std::string Rows() {
    return Value(
        "SELECT (SELECT string_agg(b::text, ' ' ORDER BY tenant, item) FROM tallystone.balances AS "
        "b) || (SELECT string_agg(l::text, ' ' ORDER BY tenant, item, lsn, line_index) FROM "
        "tallystone.lines AS l)");
  }
};

TEST_F(SumsTest, TheServerSumsLinesAndBalances) {
  auto store = OpenStore();
  Fill(store.get());
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store->NewView(&view));
  auto cursor = view->LineSums({2, 1});
  cursor->SeekToFirst();
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ((StockKey{2, 1}), cursor->value().first);
  EXPECT_EQ(2u, cursor->value().second.lines);
  EXPECT_EQ(Int128{4 * kOne}, cursor->value().second.quantity);
  EXPECT_EQ(Int128{4 * kOne} * (2 * kOne), cursor->value().second.value);
  TenantTotals totals;
  ASSERT_OK(view->ReadTotals(2, &totals));
  EXPECT_EQ(2u, totals.balances);
  EXPECT_EQ(3u, totals.lines);
  EXPECT_EQ(Int128{8 * kOne}, totals.on_hand.low);
  EXPECT_EQ(4u, totals.last_block);
  EXPECT_EQ(6u, totals.applied);
  EXPECT_TRUE(view->ReadTotals(9, &totals).IsNotFound());
}

TEST_F(SumsTest, SumsOfMoreThan128BitsDoNotBreak) {
  auto store = OpenStore();
  Fill(store.get());
  Execute("UPDATE tallystone.balances SET value = 99999999999999999999999999999999999999");
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store->NewView(&view));
  TenantTotals totals;
  ASSERT_OK(view->ReadTotals(2, &totals));
  EXPECT_EQ(Int128{2} * Int128{9'999'999'999'999'999'999u}, totals.value.high);
  EXPECT_EQ(Int128{2} * Int128{9'999'999'999'999'999'999u}, totals.value.low);
}

TEST_F(SumsTest, SharesAreCounted) {
  auto store = OpenStore();
  Fill(store.get());
  StoreShare share;
  ASSERT_OK(store->ShareBefore(BatchRef{3, "b"}, &share));
  EXPECT_EQ(2, share.before);
  EXPECT_EQ(4, share.all);
  ASSERT_OK(store->ShareBefore(LineRef{3, "b", 1}, &share));
  EXPECT_EQ(0, share.all);
}

TEST_F(SumsTest, SizesAreThoseOfTheTables) {
  auto store = OpenStore();
  Fill(store.get());
  StoreSizes sizes;
  ASSERT_OK(store->Sizes(&sizes));
  EXPECT_TRUE(sizes.known);
  EXPECT_EQ(10u, sizes.families.size());
  EXPECT_EQ(std::to_string(sizes.bytes),
            Value("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND "
                  "relnamespace = 'tallystone'::regnamespace"));
}

TEST_F(SumsTest, AnItemIsMadeAnewAndNothingElseChanges) {
  for (const bool values : {false, true}) {
    ASSERT_OK(NewTestDatabase(&database_));
    PostgresStoreOptions options = OptionsFor(database_);
    options.rows_as_values = values;
    auto store = OpenStore(options);
    Fill(store.get());
    const std::string before = Rows();
    Execute("UPDATE tallystone.balances SET on_hand = 1 WHERE tenant = 2 AND item = 1");
    Execute("DELETE FROM tallystone.lines WHERE tenant = 2 AND item = 1 AND lsn = 3");
    Execute("UPDATE tallystone.lines SET quantity = 1 WHERE tenant = 2 AND item = 1");
    ASSERT_OK(store->ReplaceKey({2, 1}, Sum(), Lines(), true));
    EXPECT_NE(before, Rows()) << "a dry run writes nothing";
    ASSERT_OK(store->ReplaceKey({2, 1}, Sum(), Lines(), false));
    EXPECT_EQ(before, Rows());
    // An item that has nothing.
    ASSERT_OK(store->ReplaceKey({2, 2}, {}, {}, false));
    EXPECT_EQ("0", Value("SELECT count(*) FROM tallystone.lines WHERE tenant = 2 AND item = 2"));
    EXPECT_EQ("0", Value("SELECT count(*) FROM tallystone.balances WHERE tenant = 2 AND item = 2"));
    // The store goes on.
    ASSERT_OK(store->Apply(SmallWindow(7, {{2, 2, 1}}), MarkerAt(7), nullptr));
  }
}

TEST_F(SumsTest, AFencedWriterMakesNothingAnew) {
  auto first = OpenStore();
  Fill(first.get());
  const std::string before = Rows();
  auto second = OpenStore();
  EXPECT_TRUE(first->ReplaceKey({2, 1}, {}, {}, false).Is(StatusCode::kFenced));
  EXPECT_EQ(before, Rows());
}

// Whatever the other has written: its marker is no proof that our window is there.
TEST_F(SumsTest, AFencedWriterIsToldSoByItsMarker) {
  auto first = OpenStore();
  Fill(first.get());
  auto second = OpenStore();
  ASSERT_OK(second->Apply(SmallWindow(7, {{1, 1, 1}, {1, 1, 1}}), MarkerAt(8), nullptr));
  Marker marker;
  EXPECT_TRUE(first->ReadMarker(&marker).Is(StatusCode::kFenced));
  ASSERT_OK(second->ReadMarker(&marker));
  EXPECT_EQ(8u, marker.applied);
}

// A schema that was made by `tallystone schema` is used as it is.
TEST_F(SumsTest, ASchemaThatWasMadeBeforeIsTaken) {
  Execute(PostgresSchema(Dialect::kPostgresql));
  Execute("REVOKE CREATE ON DATABASE " + database_ + " FROM PUBLIC");
  auto store = OpenStore();
  Fill(store.get());
  EXPECT_EQ("6", Value("SELECT count(*) FROM tallystone.lines"));
}

}  // namespace
}  // namespace tallystone::testing
