// Tenants that move between servers that fail while they do.
#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "postgres_engine/servers_fixture.h"

namespace tallystone::testing {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class MovesTest : public PostgresEngineTest {
 protected:
  void SetUp() override { StartServers(2); }

  void Open() {
    ASSERT_OK(OpenEngine(QuietOptions(), directory_.database(), databases_, &engine_));
  }
  Status Ingest(const std::string& tenant, const std::string& id) {
    Batch batch(tenant, id);
    for (int line = 0; line < 700; ++line) {
      const std::string code = "C" + std::to_string(line % 40);
      batch.AddText({.code = code, .quantity = "2", .unit_cost = "1.5"});
    }
    BatchResult result;
    return engine_->Ingest({}, batch, &result);
  }
  // Of a tenant with lines in its store, the server that has it.
  size_t ServerOf(const std::string& tenant) {
    EXPECT_OK(engine_->Flush());
    const std::string query =
        "SELECT count(*) FROM tallystone.tenants WHERE name = '" + tenant + "' AND owner = 'here'";
    return databases_[0]->Value(query) == "1" ? 0 : 1;
  }
  Status Move(const std::string& tenant, size_t server) {
    return engine_->MoveTenant(tenant, "server " + std::to_string(server));
  }
  void ExpectLines(const std::string& tenant, uint64_t lines) {
    uint64_t counted = 0;
    std::unique_ptr<Cursor<Balance>> balances;
    Filter filter;
    filter.tenant = tenant;
    ASSERT_OK(engine_->NewBalanceCursor(filter, &balances));
    for (balances->SeekToFirst(); balances->Valid(); balances->Next()) {
      counted += balances->value().lines;
    }
    EXPECT_OK(balances->status());
    EXPECT_EQ(lines, counted) << tenant;
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(MovesTest, ASourceThatIsInterruptedEndsTheMoveAndTheTenantGoesOn) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_OK(Ingest("moves", "a"));
  const size_t from = ServerOf("moves");
  // Keeps the copy from reading blocks, and ends its session when it tries to.
  std::thread fault([&] {
    EXPECT_OK(databases_[from]->Execute(
        "DO $$ BEGIN LOCK TABLE tallystone.blocks IN ACCESS EXCLUSIVE MODE; "
        "FOR round IN 1..3000 LOOP "
        "PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock' AND query "
        "LIKE '%FROM tallystone.blocks WHERE tenant%'; "
        "IF FOUND THEN RETURN; END IF; "
        "PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP; "
        "RAISE EXCEPTION 'nobody read the blocks'; END $$"));
  });
  while (databases_[from]->Value("SELECT count(*) FROM pg_locks WHERE granted AND mode = "
                                 "'AccessExclusiveLock' AND relation = "
                                 "'tallystone.blocks'::regclass") == "0") {
    std::this_thread::sleep_for(milliseconds(5));
  }
  Status moved;
  std::atomic<bool> ended = false;
  std::thread mover([&] {
    moved = Move("moves", 1 - from);
    ended = true;
  });
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (!ended && Clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_TRUE(ended) << "the move does not end";
  if (!ended) {
    EXPECT_OK(engine_->Close());
  }
  mover.join();
  fault.join();
  ASSERT_FALSE(HasFailure());
  EXPECT_FALSE(moved.ok());
  EXPECT_EQ(from, ServerOf("moves"));
  ASSERT_OK(Ingest("moves", "b"));
  ASSERT_OK(Move("moves", 1 - from));
  EXPECT_EQ(1 - from, ServerOf("moves"));
  ExpectLines("moves", 1400);
  ASSERT_OK(engine_->Close());
  SoundDigest(databases_);
}

// Removing what a tenant left does `what` first, for each statement.
Status OnRemovedLines(const ServerDatabase& database, const std::string& what) {
  return database.Execute(
      "CREATE TABLE IF NOT EXISTS public.removed (lines bigint); "
      "CREATE OR REPLACE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " +
      what +
      "; RETURN NULL; END $$; "
      "DROP TRIGGER IF EXISTS note ON tallystone.lines; "
      "CREATE TRIGGER note AFTER DELETE ON tallystone.lines REFERENCING OLD TABLE AS gone "
      "FOR EACH STATEMENT EXECUTE FUNCTION public.note()");
}

TEST_F(MovesTest, WhatCannotBeRemovedHarmsNobodyAndGoesWithALaterOpen) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_OK(Ingest("moves", "a"));
  const size_t from = ServerOf("moves");
  ASSERT_OK(OnRemovedLines(*databases_[from], "RAISE EXCEPTION 'they stay'"));
  ASSERT_OK(Move("moves", 1 - from));
  ASSERT_OK(Ingest("moves", "b"));
  ExpectLines("moves", 1400);
  const auto left = [&] {
    return databases_[from]->Value("SELECT count(*) FROM tallystone.lines") + " " +
           databases_[from]->Value("SELECT owner FROM tallystone.tenants WHERE tenant = 1");
  };
  for (int round = 0; round < 2; ++round) {
    ASSERT_OK(engine_->Close());
    engine_.reset();
    EXPECT_EQ("700 leaving", left());
    EXPECT_EQ("0", databases_[from]->Value("SELECT count(*) FROM tallystone.stock"));
    EXPECT_NE("", SoundDigest(databases_));
    ASSERT_NO_FATAL_FAILURE(Open());
    ExpectLines("moves", 1400);
  }
  // Half of it is removed: what is left of the rest is no harm, too.
  ASSERT_OK(databases_[from]->Execute("TRUNCATE tallystone.lines"));
  ExpectLines("moves", 1400);
  EXPECT_NE("", SoundDigest(databases_));
  ASSERT_OK(databases_[from]->Execute("DROP TRIGGER note ON tallystone.lines"));
  ASSERT_OK(engine_->Close());
  engine_.reset();
  ASSERT_NO_FATAL_FAILURE(Open());
  EXPECT_EQ("0 gone", left());
  EXPECT_EQ("0", databases_[from]->Value("SELECT count(*) FROM tallystone.blocks"));
  ASSERT_OK(engine_->Close());
}

TEST_F(MovesTest, WhatATenantLeftIsRemovedInPiecesAndNobodyWaits) {
  ASSERT_NO_FATAL_FAILURE(Open());
  for (int batch = 0; batch < 40; ++batch) {
    ASSERT_OK(Ingest("moves", std::to_string(batch)));
  }
  const size_t from = ServerOf("moves");
  std::string beside;  // a tenant of the same server
  for (int tenant = 0; beside.empty(); ++tenant) {
    ASSERT_LT(tenant, 50);
    ASSERT_OK(Ingest("t" + std::to_string(tenant), "a"));
    beside = ServerOf("t" + std::to_string(tenant)) == from ? "t" + std::to_string(tenant) : "";
  }
  ASSERT_OK(OnRemovedLines(*databases_[from],
                           "INSERT INTO public.removed SELECT count(*) FROM gone; "
                           "PERFORM pg_sleep(0.8)"));
  std::atomic<bool> ended = false;
  std::thread mover([&] {
    EXPECT_OK(Move("moves", 1 - from));
    ended = true;
  });
  while (!ended && databases_[from]->Value("SELECT count(*) FROM tallystone.tenants WHERE owner "
                                           "= 'leaving'") == "0") {
    std::this_thread::sleep_for(milliseconds(5));
  }
  for (const std::string& tenant : {beside, std::string("moves")}) {
    ASSERT_OK(Ingest(tenant, "beside"));
    ExpectLines(tenant, tenant == "moves" ? 41 * 700 : 1400);
  }
  ASSERT_OK(engine_->Flush());
  EXPECT_FALSE(ended) << "somebody waited for the end of it";
  mover.join();
  EXPECT_EQ("28000", databases_[from]->Value("SELECT sum(lines) FROM public.removed"));
  EXPECT_EQ("8192", databases_[from]->Value("SELECT max(lines) FROM public.removed"));
  EXPECT_EQ("gone",
            databases_[from]->Value("SELECT owner FROM tallystone.tenants WHERE name = 'moves'"));
  ASSERT_OK(engine_->Close());
  EXPECT_NE("", SoundDigest(databases_));
}

TEST_F(MovesTest, WhatTheTargetHasFromBeforeIsNoObstacle) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_OK(Ingest("moves", "a"));
  const size_t from = ServerOf("moves");
  ASSERT_OK(OnRemovedLines(*databases_[from], "RAISE EXCEPTION 'they stay'"));
  ASSERT_OK(Move("moves", 1 - from));
  EXPECT_FALSE(Move("moves", from).ok());  // still there
  EXPECT_EQ(1 - from, ServerOf("moves"));
  ASSERT_OK(Ingest("moves", "b"));
  ASSERT_OK(databases_[from]->Execute("DROP TRIGGER note ON tallystone.lines"));
  ASSERT_OK(Move("moves", from));
  EXPECT_EQ(from, ServerOf("moves"));
  ASSERT_OK(Ingest("moves", "c"));
  ExpectLines("moves", 2100);
  // Also what did not even hear that the tenant left.
  ASSERT_OK(databases_[from]->Execute(
      "CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE "
      "EXCEPTION 'it stays'; END $$; "
      "CREATE TRIGGER keep BEFORE UPDATE ON tallystone.tenants FOR EACH ROW WHEN (NEW.owner = "
      "'leaving') EXECUTE FUNCTION public.keep()"));
  ASSERT_OK(Move("moves", 1 - from));
  EXPECT_EQ("here", databases_[from]->Value("SELECT owner FROM tallystone.tenants WHERE name = "
                                            "'moves'"));
  ExpectLines("moves", 2100);
  ASSERT_OK(databases_[from]->Execute("DROP TRIGGER keep ON tallystone.tenants"));
  ASSERT_OK(Move("moves", from));
  ExpectLines("moves", 2100);
  ASSERT_OK(engine_->Close());
  EXPECT_NE("", SoundDigest(databases_));
}

// Each try copies the tenant, and its callers wait meanwhile.
TEST_F(MovesTest, AMoveThatIsRefusedIsNotTriedForEver) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_OK(Ingest("moves", "a"));
  const size_t from = ServerOf("moves");
  const std::string to =
      databases_[1 - from]->Value("SELECT encode(server_id, 'hex') FROM tallystone.version");
  const auto wish = [&] {
    ASSERT_OK(databases_[from]->Execute("UPDATE tallystone.tenants SET move_to = decode('" + to +
                                        "', 'hex') WHERE name = 'moves'"));
  };
  // Sequences count also what was rolled back.
  ASSERT_OK(databases_[1 - from]->Execute(
      "CREATE SEQUENCE public.tries; CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE "
      "plpgsql AS $$ BEGIN PERFORM nextval('public.tries'); RAISE EXCEPTION 'no' USING ERRCODE = "
      "'23505'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON tallystone.items FOR EACH "
      "STATEMENT EXECUTE FUNCTION public.refuse()"));
  const auto tries = [&] {
    return std::stoi(
        databases_[1 - from]->Value("SELECT CASE WHEN is_called THEN last_value ELSE "
                                    "0 END FROM public.tries"));
  };
  wish();
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (tries() == 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  std::this_thread::sleep_for(milliseconds(2500));
  EXPECT_EQ(1, tries());
  EXPECT_EQ("0", databases_[from]->Value("SELECT count(*) FROM tallystone.tenants WHERE move_to IS "
                                         "NOT NULL"));
  // For another cause it is tried again, less and less often.
  ASSERT_OK(databases_[1 - from]->Execute(
      "CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "PERFORM nextval('public.tries'); RAISE EXCEPTION 'later' USING ERRCODE = '40001'; END $$"));
  wish();
  std::this_thread::sleep_for(milliseconds(5000));
  EXPECT_GE(tries(), 2);
  EXPECT_LE(tries(), 5);
  ASSERT_OK(databases_[1 - from]->Execute("DROP TRIGGER refuse ON tallystone.items"));
  const auto end = Clock::now() + std::chrono::seconds(30);
  while (ServerOf("moves") == from && Clock::now() < end) {
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_EQ(1 - from, ServerOf("moves"));
  ExpectLines("moves", 700);
  ASSERT_OK(engine_->Close());
}

TEST_F(MovesTest, ATenantWhoseServerWasSetBackIsMissedByName) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_OK(Ingest("moves", "a"));
  const size_t from = ServerOf("moves");
  ASSERT_OK(Move("moves", 1 - from));
  ASSERT_OK(engine_->Close());
  engine_.reset();
  for (const char* table : {"balances", "lines", "blocks", "batches", "items", "aliases", "records",
                            "dead_letters", "tenants"}) {
    ASSERT_OK(databases_[1 - from]->Execute(std::string("DELETE FROM tallystone.") + table +
                                            " WHERE tenant = 1"));
  }
  const Status status = OpenEngine(QuietOptions(), directory_.database(), databases_, &engine_);
  EXPECT_CODE(kCorruption, status);
  EXPECT_NE(std::string::npos, status.message().find("server " + std::to_string(from) +
                                                     " was the last to have "
                                                     "tenant number 1"))
      << status.message();
  // One that only looks waits for a moment, as the tenant may be under way.
  Options options = QuietOptions();
  for (const auto& database : databases_) {
    options.servers.push_back(database->direct());
  }
  std::unique_ptr<Inspector> inspector;
  const Status seen = Inspector::Open(options, directory_.database(), &inspector);
  EXPECT_CODE(kCorruption, seen);
  EXPECT_NE(std::string::npos,
            seen.message().find("server " + std::to_string(from) + " was the last to have"))
      << seen.message();
}

TEST_F(MovesTest, ATenantOfWhichNothingWasLoggedIsNotMoved) {
  ASSERT_NO_FATAL_FAILURE(Open());
  std::unique_ptr<BatchWriter> writer;
  ASSERT_OK(engine_->NewBatchWriter({}, "new", "b", &writer));
  EXPECT_CODE(kNotFound, Move("new", 0));
  EXPECT_CODE(kNotFound, Move("new", 1));
  writer.reset();
  ASSERT_OK(Ingest("new", "b"));
  const size_t from = ServerOf("new");
  ASSERT_OK(Move("new", 1 - from));
  ExpectLines("new", 700);
  ASSERT_OK(engine_->Close());
}

}  // namespace
}  // namespace tallystone::testing
