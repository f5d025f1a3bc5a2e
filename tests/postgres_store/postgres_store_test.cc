// What is special to PostgresStore: constraints of the server, repeats, texts, numbers, identity.
#include "store/postgres/postgres_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres_store/shared_server.h"
#include "postgres_store/small_window.h"
#include "store_support/store_contents.h"

namespace tallystone::testing {
namespace {

using ::testing::HasSubstr;

constexpr Int128 kOne = Decimal::kUnitsPerOne;

class PostgresStoreWriteTest : public PostgresStoreTest {
 protected:
  void SetUp() override {
    PostgresStoreTest::SetUp();
    if (server_ != nullptr) {
      store_ = OpenStore();
      ASSERT_NE(nullptr, store_);
      ASSERT_OK(store_->Initialise(WindowMaker::EmptyMarker()));
    }
  }
  Status Apply(const SortedWindow& window) {
    return store_->Apply(window, MarkerAt(window.last), nullptr);
  }
  Int128 OnHand(StockKey key) {
    BalanceSum sum;
    const Status status = store_->GetBalance(key, &sum);
    EXPECT_TRUE(status.ok() || status.IsNotFound()) << status.ToString();
    return sum.on_hand;
  }
  std::map<TenantId, Lsn> Ahead() {
    std::unique_ptr<StoreView> view;
    std::map<TenantId, Lsn> ahead;
    EXPECT_OK(store_->NewView(&view));
    if (view != nullptr) {
      EXPECT_OK(view->ReadAhead(&ahead));
    }
    return ahead;
  }
  Lsn Applied() {
    Marker marker;
    EXPECT_OK(store_->ReadMarker(&marker));
    return marker.applied;
  }
  MemoryState Contents() {
    MemoryState state;
    EXPECT_OK(ReadContents(store_.get(), &state));
    return state;
  }

  std::unique_ptr<PostgresStore> store_;
};

// A constraint is checked on the row that INSERT proposes, even where ON CONFLICT then updates: a
// delta of -3 alone would break it.
TEST_F(PostgresStoreWriteTest, ConstraintIsAskedOfTheSumNotOfTheDelta) {
  ASSERT_OK(Apply(SmallWindow(1, {{1, 5, 10}})));
  Execute("ALTER TABLE tallystone.balances ADD CONSTRAINT never_short CHECK (on_hand >= 0)");
  ASSERT_OK(Apply(SmallWindow(2, {{1, 5, -3}})));
  EXPECT_EQ(7 * kOne, OnHand({1, 5}));
  // The same on PostgreSQL's own terms: this is what must not be sent.
  EXPECT_FALSE(
      server_
          ->Execute("INSERT INTO tallystone.balances AS b (tenant, item, on_hand, value, "
                    "lines, last_lsn, places, last_time) VALUES (1, 5, -3, 0, 1, 9, 0, '') "
                    "ON CONFLICT (tenant, item) DO UPDATE SET on_hand = b.on_hand + "
                    "EXCLUDED.on_hand",
                    nullptr, database_)
          .ok());
}

TEST_F(PostgresStoreWriteTest, RefusedTenantNamesTheConstraintAndTheOthersAreWritten) {
  Execute("ALTER TABLE tallystone.balances ADD CONSTRAINT never_short CHECK (on_hand >= 0)");
  const SortedWindow window = SmallWindow(1, {{1, 1, 4}, {2, 1, 3}, {2, 2, -1}, {3, 1, 5}});
  const Status status = Apply(window);
  EXPECT_CODE(kRejected, status);
  EXPECT_THAT(status.message(), HasSubstr("never_short"));
  EXPECT_THAT(status.message(), HasSubstr("tenant 2"));
  EXPECT_EQ(4 * kOne, OnHand({1, 1}));
  EXPECT_EQ(0, OnHand({2, 1}));
  EXPECT_EQ(5 * kOne, OnHand({3, 1}));
  EXPECT_EQ(0u, Applied());
  EXPECT_EQ((std::map<TenantId, Lsn>{{1, 4}, {3, 4}}), Ahead());
  // Key replay: what the tenants ahead have stays; the refused key does not.
  ReplayProgress replay{4, {2, 1}, 1, {}};
  Marker progress = MarkerAt(0);
  progress.replay = replay;
  ASSERT_OK(store_->ApplyKey(&window.deltas[1], progress));
  progress.replay->done = {2, 2};
  progress.replay->keys_done = 2;
  const Status key = store_->ApplyKey(&window.deltas[2], progress);
  EXPECT_CODE(kRejected, key);
  EXPECT_THAT(key.message(), HasSubstr("never_short"));
  progress.replay->rejected.push_back({{2, 2}, "short"});
  ASSERT_OK(store_->ApplyKey(nullptr, progress));
  Marker marker;
  ASSERT_OK(store_->ReadMarker(&marker));
  EXPECT_EQ(progress, marker);
  SortedWindow rest = window;
  rest.deltas[2].rejected = true;
  rest.rejected_lines = {{3, {0}}};
  ASSERT_OK(store_->ApplyRest(rest, MarkerAt(4)));
  EXPECT_EQ(4 * kOne, OnHand({1, 1}));
  EXPECT_EQ(3 * kOne, OnHand({2, 1}));
  EXPECT_EQ(0, OnHand({2, 2}));
  EXPECT_EQ(4u, Applied());
  EXPECT_TRUE(Ahead().empty());
  const MemoryState state = Contents();
  EXPECT_EQ((std::vector<uint32_t>{0}), state.blocks.at(3).rejected);
  EXPECT_EQ(3u, state.postings.size());
  EXPECT_EQ(4u, state.blocks.size());
}

TEST_F(PostgresStoreWriteTest, RepeatChangesNothing) {
  const WindowMaker maker(21);
  ASSERT_OK(store_->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  const MemoryState before = Contents();
  ASSERT_OK(store_->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  EXPECT_EQ("", Difference(before, Contents()));
  // By a writer that does not know it: the guards on the server hold.
  Execute("UPDATE tallystone.tenants SET applied = 0 WHERE tenant = 0");
  store_ = OpenStore();
  Execute("UPDATE tallystone.tenants SET name = 'told again'");
  ASSERT_OK(store_->Apply(maker.Make(0), maker.MarkerOf(0), nullptr));
  EXPECT_EQ("told again", Value("SELECT name FROM tallystone.tenants WHERE tenant = 1"));
  Execute("UPDATE tallystone.tenants SET name = 'tenant ' || tenant WHERE tenant > 0");
  EXPECT_EQ("", Difference(before, Contents()));
}

// A writer whose knowledge of the tenants is too old: the guards alone must hold.
TEST_F(PostgresStoreWriteTest, GuardsOfTheServerStopARepeatThatTheWriterDoesNotSee) {
  ASSERT_OK(Apply(SmallWindow(1, {{1, 1, 1}, {2, 1, 1}})));
  Execute("UPDATE tallystone.tenants SET applied = 4 WHERE tenant = 1");
  ASSERT_OK(Apply(SmallWindow(3, {{1, 1, 1}, {2, 1, 1}})));
  EXPECT_EQ(1 * kOne, OnHand({1, 1}));
  EXPECT_EQ(2 * kOne, OnHand({2, 1}));
  EXPECT_EQ("1", Value("SELECT count(*) FROM tallystone.lines WHERE tenant = 1"));
  // A key's step that was done, likewise.
  const SortedWindow next = SmallWindow(5, {{2, 1, 1}});
  Marker progress = MarkerAt(4);
  progress.replay = ReplayProgress{5, {2, 1}, 1, {}};
  ASSERT_OK(store_->ApplyKey(&next.deltas[0], progress));
  ASSERT_OK(store_->ApplyKey(&next.deltas[0], progress));
  EXPECT_EQ(3 * kOne, OnHand({2, 1}));
}

TEST_F(PostgresStoreWriteTest, WindowThatBeginsInsideWhatATenantHasIsRefused) {
  ASSERT_OK(Apply(SmallWindow(1, {{1, 1, 1}, {1, 1, 1}})));
  EXPECT_CODE(kInvalidArgument, Apply(SmallWindow(2, {{1, 1, 1}, {1, 1, 1}})));
  EXPECT_EQ(2 * kOne, OnHand({1, 1}));
}

TEST_F(PostgresStoreWriteTest, TextsThatSqlCannotHoldComeBackByteForByte) {
  const std::string nul("a\0b", 3), broken("x\xFF\xC3y"), longest(4096, 'q');
  SortedWindow window = SmallWindow(1, {{1, 1, 1}, {1, 2, 1}});
  window.deltas[0].sum.last_time = nul;
  window.deltas[1].sum.last_time = "2026-11-26";
  window.items = {{{1, 1}, {nul, broken, nul + broken, ""}}, {{1, 2}, {"plain", "", "ä", "pc"}}};
  window.aliases = {{{1, 1}, longest + "1"},
                    {{1, 1}, longest + "2"},
                    {{1, 1}, nul},
                    {{1, 2}, broken},
                    {{1, 2}, ""}};
  window.records = {{{1, RecordKind::kAlias, longest + nul}, broken},
                    {{1, RecordKind::kVendorCode, broken}, nul}};
  StoredDeadLetter letter;
  letter.cause = Outcome::kInvalidUtf8;
  letter.code = broken;
  letter.detail = nul;
  letter.raw = std::string(16 * 1024, '\0');
  window.dead_letters = {{{1, "b", 1}, letter}, {{1, "b", 2}, letter}};
  ASSERT_OK(Apply(window));
  const MemoryState state = Contents();
  EXPECT_EQ(nul, state.balances.at({1, 1}).last_time);
  EXPECT_EQ("2026-11-26", state.balances.at({1, 2}).last_time);
  EXPECT_EQ(window.items[0].second, state.items.at({1, 1}));
  EXPECT_EQ(window.items[1].second, state.items.at({1, 2}));
  EXPECT_EQ(
      (std::set<std::pair<StockKey, std::string>>(window.aliases.begin(), window.aliases.end())),
      state.aliases);
  EXPECT_EQ((std::map<RecordRef, std::string>(window.records.begin(), window.records.end())),
            state.records);
  EXPECT_EQ(letter, state.dead_letters.at({1, "b", 1}));
  EXPECT_EQ("a\uFFFDb", Value("SELECT code FROM tallystone.items WHERE item = 1"));
  EXPECT_EQ("a\uFFFDb", Value("SELECT detail FROM tallystone.dead_letters LIMIT 1"));
  // A later time that is plain replaces the exact bytes too.
  SortedWindow next = SmallWindow(3, {{1, 1, 1}});
  next.deltas[0].sum.last_time = "2026-11-27";
  ASSERT_OK(Apply(next));
  EXPECT_EQ("2026-11-27", Contents().balances.at({1, 1}).last_time);
}

TEST_F(PostgresStoreWriteTest, BatchesAndTenantsOfNoSqlTextAreNotThere) {
  ASSERT_OK(Apply(SmallWindow(1, {{1, 1, 1}})));
  BatchSum sum;
  EXPECT_CODE(kNotFound, store_->GetBatch({1, std::string("b\0", 2)}, &sum));
  EXPECT_CODE(kNotFound, store_->GetBatch({1, "\xFF"}, &sum));
  PostgresStoreOptions options = OptionsFor(database_);
  options.read_only = true;
  const auto reader = OpenStore(options);
  EXPECT_CODE(kNotFound, reader->GetBatch({1, "\xFF"}, &sum));
  ASSERT_OK(reader->GetBatch({1, "b"}, &sum));
  std::unique_ptr<StoreView> view;
  ASSERT_OK(store_->NewView(&view));
  StoredDeadLetter letter;
  EXPECT_CODE(kNotFound, view->GetDeadLetter({1, "\xFF", 1}, &letter));
  size_t count = 0;
  EXPECT_OK(ForEach(view->Batches({1, "a\xFF"}), [&](const auto&) { ++count; }));
  EXPECT_EQ(1u, count);
  EXPECT_OK(ForEach(view->Batches({1, std::string("b\0", 2)}), [&](const auto&) { ++count; }));
  EXPECT_EQ(1u, count);
}

TEST_F(PostgresStoreWriteTest, SumsOf128BitsAreExact) {
  constexpr Int128 kMax = static_cast<Int128>(~UInt128{0} >> 1);
  SortedWindow window = SmallWindow(1, {{1, 1, 1}, {1, 2, 1}});
  window.deltas[0].sum.on_hand = kMax;
  window.deltas[0].sum.value = -kMax - 1;
  window.deltas[0].sum.places = UINT32_MAX;
  window.deltas[1].sum.on_hand = 0;
  window.deltas[1].sum.value = -1;
  ASSERT_OK(Apply(window));
  MemoryState state = Contents();
  EXPECT_EQ(window.deltas[0].sum, state.balances.at({1, 1}));
  EXPECT_EQ(window.deltas[1].sum, state.balances.at({1, 2}));
  SortedWindow next = SmallWindow(3, {{1, 1, 1}});
  next.deltas[0].sum.on_hand = -kMax;
  next.deltas[0].sum.value = kMax;
  next.deltas[0].sum.places = 2;
  ASSERT_OK(Apply(next));
  state = Contents();
  EXPECT_EQ(0, state.balances.at({1, 1}).on_hand);
  EXPECT_EQ(-1, state.balances.at({1, 1}).value);
  EXPECT_EQ(1u, state.balances.at({1, 1}).places);
  EXPECT_EQ("170141183460469231731687303715884105.727",
            Value("SELECT (170141183460469231731687303715884105727 * 0.001)"));
}

TEST_F(PostgresStoreWriteTest, TenantsOfOneNameAndBatchesOfOneIdStayApart) {
  SortedWindow window = SmallWindow(1, {{1, 1, 1}, {2, 1, 2}, {3, 1, 3}});
  window.tenants = {{2, "shop"}, {1, "shop"}};
  ASSERT_OK(Apply(window));
  const MemoryState state = Contents();
  EXPECT_EQ((std::map<TenantId, std::string>{{1, "shop"}, {2, "shop"}}), state.tenants);
  EXPECT_EQ(3u, state.batches.size());
  EXPECT_EQ(2 * kOne, OnHand({2, 1}));
  ASSERT_OK(Apply(SmallWindow(4, {{1, 1, 1}})));
  EXPECT_EQ(state.tenants, Contents().tenants);  // a window that does not tell names keeps them
}

TEST_F(PostgresStoreWriteTest, ViewsShowExactDecimals) {
  SortedWindow window = SmallWindow(1, {{1, 1, 3}});
  window.tenants = {{1, "shop"}};
  window.items = {{{1, 1}, {"C1", "", "crispbread", "pc"}}};
  window.deltas[0].sum.on_hand = 1;  // a millionth
  ASSERT_OK(Apply(window));
  EXPECT_EQ("shop C1 0.000001 6.000000000000 1",
            Value("SELECT concat_ws(' ', tenant, code, on_hand, value, lines) FROM "
                  "tallystone.stock"));
  EXPECT_EQ("shop b 1 C1 3.000000 2.000000 6.000000000000 1",
            Value("SELECT concat_ws(' ', tenant, batch, line, code, quantity, unit_cost, value, "
                  "lsn) FROM tallystone.transactions"));
}

TEST_F(PostgresStoreWriteTest, UnreadableChunkIsCorruptionAndNothingIsWritten) {
  SortedWindow window = SmallWindow(1, {{1, 1, 1}});
  window.blocks[0].payload = std::make_shared<const std::string>("\x02garbage");
  EXPECT_CODE(kCorruption, Apply(window));
  EXPECT_EQ(0u, Contents().balances.size());
}

TEST_F(PostgresStoreWriteTest, PostingThatNoChunkHasIsCorruptionAndNothingIsWritten) {
  SortedWindow window = SmallWindow(1, {{1, 1, 1}});
  window.postings[0].index = 1;
  EXPECT_CODE(kCorruption, Apply(window));
  EXPECT_EQ(0u, Contents().batches.size());
  ASSERT_OK(Apply(SmallWindow(1, {{1, 1, 1}})));  // the writer goes on
}

// --- opening ---

using PostgresStoreOpenTest = PostgresStoreTest;

TEST_F(PostgresStoreOpenTest, WithoutCreateThereIsNothingToOpen) {
  PostgresStoreOptions options = OptionsFor(database_);
  options.create = false;
  std::unique_ptr<Store> store;
  EXPECT_CODE(kNotFound, PostgresStore::Open(options, &store));
  EXPECT_EQ("", Value("SELECT schema_name FROM information_schema.schemata WHERE schema_name = "
                      "'tallystone'"));
  options.create = options.read_only = true;
  EXPECT_CODE(kNotFound, PostgresStore::Open(options, &store));
  options.connection = server_->connection("no_such_database");
  EXPECT_CODE(kUnavailable, PostgresStore::Open(options, &store));
}

TEST_F(PostgresStoreOpenTest, ForeignSchemaAndNewerFormatAreLeftAlone) {
  Execute("CREATE SCHEMA tallystone; CREATE TABLE tallystone.balances (x int)");
  std::unique_ptr<Store> store;
  EXPECT_CODE(kFormatMismatch, PostgresStore::Open(OptionsFor(database_), &store));
  EXPECT_EQ("1", Value("SELECT count(*) FROM information_schema.tables WHERE table_schema = "
                       "'tallystone'"));
  Execute("DROP SCHEMA tallystone CASCADE");
  ASSERT_OK(PostgresStore::Open(OptionsFor(database_), &store));
  Execute("UPDATE tallystone.version SET format = 2");
  EXPECT_CODE(kFormatMismatch, PostgresStore::Open(OptionsFor(database_), &store));
}

TEST_F(PostgresStoreOpenTest, DatabaseOfAnotherEncodingIsRefused) {
  ASSERT_OK(
      server_->Execute("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' "
                       "TEMPLATE template0"));
  std::unique_ptr<Store> store;
  EXPECT_CODE(kFormatMismatch, PostgresStore::Open(OptionsFor("latin"), &store));
}

TEST_F(PostgresStoreOpenTest, IdentityStaysAndEachWriterHasAHigherEpoch) {
  const auto first = OpenStore();
  const auto second = OpenStore();
  PostgresStoreOptions options = OptionsFor(database_);
  options.read_only = true;
  const auto reader = OpenStore(options);
  EXPECT_EQ(16u, first->server_id().size());
  EXPECT_EQ(first->server_id(), second->server_id());
  EXPECT_EQ(first->server_id(), reader->server_id());
  EXPECT_EQ(first->epoch() + 1, second->epoch());
  EXPECT_EQ(0u, reader->epoch());
  EXPECT_EQ(Dialect::kPostgresql, first->dialect());
  EXPECT_CODE(kInvalidArgument, reader->Initialise(MarkerAt(0)));
  Marker marker;
  EXPECT_CODE(kNotFound, first->ReadMarker(&marker));
  EXPECT_OK(second->Initialise(MarkerAt(0)));  // the reader has not fenced it
  EXPECT_OK(reader->ReadMarker(&marker));
}

TEST_F(PostgresStoreOpenTest, PrintedSchemaIsTheOneThatIsMade) {
  Execute(PostgresSchema(Dialect::kPostgresql));
  Execute(PostgresSchema(Dialect::kPostgresql));  // each statement may be repeated
  // Without the row of `version` it is not a store yet.
  PostgresStoreOptions options = OptionsFor(database_);
  options.create = false;
  std::unique_ptr<Store> store;
  EXPECT_CODE(kNotFound, PostgresStore::Open(options, &store));
  ASSERT_OK(PostgresStore::Open(OptionsFor(database_), &store));
  EXPECT_EQ("0",
            Value("SELECT count(*) FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid "
                  "WHERE c.relnamespace = 'tallystone'::regnamespace AND c.relkind = 'r' AND "
                  "c.relname <> 'items' AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS "
                  "NULL"));
}

}  // namespace
}  // namespace tallystone::testing
