// The proxy against a real server: every fault is seen by libpq as promised, and the server has
// done what is promised.
#include <algorithm>
#include <chrono>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postgres/postgres_fixture.h"
#include "postgres_support/tcp_proxy.h"

namespace tallystone::testing {
namespace {

using std::chrono::milliseconds;
using Kind = ProxyFault::Kind;
using Target = ProxyFault::Target;

constexpr milliseconds kIdleMax(20'000);

class ProxyTest : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresOptions options;
    options.tcp = true;
    ASSERT_NO_FATAL_FAILURE(StartServer(options));
    if (server_ != nullptr) {
      ASSERT_OK(server_->Execute("CREATE TABLE notes (note text)"));
      proxy_ = std::make_unique<TcpProxy>(server_->port());
      ASSERT_OK(proxy_->Start());
    }
  }

  [[nodiscard]] std::string Where() const { return PostgresServer::ConnectionTo(proxy_->port()); }
  std::string Notes() { return Value("SELECT string_agg(note, ',' ORDER BY note) FROM notes"); }

  std::unique_ptr<TcpProxy> proxy_;
};

// The results of a pipeline up to its Sync, as SQLSTATEs; "lost" ends them.
std::vector<std::string> Pipeline(TestConnection* connection,
                                  const std::vector<std::string>& statements) {
  PGconn* pipeline = connection->get();
  EXPECT_EQ(1, PQenterPipelineMode(pipeline));
  for (const std::string& statement : statements) {
    EXPECT_EQ(1, PQsendQueryParams(pipeline, statement.c_str(), 0, nullptr, nullptr, nullptr,
                                   nullptr, 0));
  }
  PQpipelineSync(pipeline);
  std::vector<std::string> states;
  for (bool synced = false; !synced;) {
    PGresult* result = PQgetResult(pipeline);
    if (result == nullptr) {
      continue;  // between two statements
    }
    synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    if (!synced) {
      states.push_back(TestConnection::SqlState(result));
      synced = states.back() == "lost";
    }
    PQclear(result);
  }
  PQexitPipelineMode(pipeline);
  return states;
}

TEST_F(ProxyTest, WithoutFaultsNothingIsDifferent) {
  TestConnection connection(Where() + " sslmode=prefer gssencmode=prefer");
  ASSERT_TRUE(connection.alive()) << connection.error();
  EXPECT_EQ("", connection.Run("BEGIN; INSERT INTO notes VALUES ('a'); COMMIT"));
  EXPECT_EQ("42601", connection.Run("no statement"));
  EXPECT_EQ("", connection.Prepare("end", "COMMIT"));
  EXPECT_EQ("", connection.Run("BEGIN"));
  EXPECT_EQ("", connection.RunExtended("INSERT INTO notes VALUES ('b')"));
  EXPECT_EQ("", connection.RunPrepared("end"));
  EXPECT_EQ((std::vector<std::string>{"", "22012", "aborted"}),
            Pipeline(&connection, {"BEGIN", "SELECT 1/0", "SELECT 1"}));
  EXPECT_EQ("", connection.Run("ROLLBACK"));
  EXPECT_EQ("a,b", Notes());
  const ProxyCounts counts = proxy_->counts();
  EXPECT_EQ(1u, counts.connections);
  EXPECT_EQ(2u, counts.commits);
  EXPECT_EQ(0u, counts.faults);
}

// Longer than what the proxy looks at, than its reads and than the sockets take at once.
TEST_F(ProxyTest, LongMessagesAndCopiesArriveAsTheyWere) {
  TestConnection connection(Where());
  std::string text;
  for (int number = 0; text.size() < 9'000'000; ++number) {
    text += std::to_string(number);
  }
  const char* value = text.c_str();
  PGresult* result =
      PQexecParams(connection.get(), "SELECT $1::text", 1, nullptr, &value, nullptr, nullptr, 0);
  ASSERT_EQ(PGRES_TUPLES_OK, PQresultStatus(result)) << connection.error();
  EXPECT_TRUE(text == PQgetvalue(result, 0, 0));
  PQclear(result);

  result = PQexec(connection.get(), "COPY notes FROM STDIN");
  ASSERT_EQ(PGRES_COPY_IN, PQresultStatus(result));
  PQclear(result);
  for (int row = 0; row < 10'000; ++row) {
    ASSERT_EQ(1, PQputCopyData(connection.get(), "some text\n", 10));
  }
  ASSERT_EQ(1, PQputCopyEnd(connection.get(), nullptr));
  while ((result = PQgetResult(connection.get())) != nullptr) {
    EXPECT_EQ(PGRES_COMMAND_OK, PQresultStatus(result));
    PQclear(result);
  }
  EXPECT_EQ("10000", Value("SELECT count(*) FROM notes"));
}

TEST_F(ProxyTest, DelayIsLatencyAndMessagesUnderWayOverlap) {
  TestConnection connection(Where());
  proxy_->SetDelay(milliseconds(60));
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&start] { return std::chrono::steady_clock::now() - start; };
  ASSERT_EQ("", connection.Run("SELECT 1"));
  EXPECT_GE(elapsed(), milliseconds(60));
  ASSERT_EQ("", connection.Run("SELECT 1"));
  EXPECT_GE(elapsed(), milliseconds(120));
  EXPECT_LT(elapsed(), milliseconds(1000));
  const auto before = elapsed();
  EXPECT_EQ(100u, Pipeline(&connection, std::vector<std::string>(100, "SELECT 1")).size());
  EXPECT_GE(elapsed() - before, milliseconds(60));
  EXPECT_LT(elapsed() - before, milliseconds(2000));  // one after the other: 6000
}

// Each cut, by each way to send a COMMIT, with and without latency.
struct Cut {
  const char* name;
  Kind kind;
  bool at_once;
  std::string state;  // what libpq says
  bool kept;          // the transaction is there
};
void PrintTo(const Cut& cut, std::ostream* out) {
  *out << cut.name;
}

class ProxyCutTest : public ProxyTest, public ::testing::WithParamInterface<Cut> {};

INSTANTIATE_TEST_SUITE_P(Kinds, ProxyCutTest,
                         ::testing::Values(Cut{"Before", Kind::kCutBefore, false, "lost", false},
                                           Cut{"BeforeAtOnce", Kind::kCutBefore, true, "lost",
                                               false},
                                           Cut{"After", Kind::kCutAfter, false, "lost", true},
                                           Cut{"InReply", Kind::kCutInReply, false, "lost", true},
                                           Cut{"Refuse", Kind::kRefuse, false, "40001", false},
                                           Cut{"RefuseAtOnce", Kind::kRefuse, true, "40001", false},
                                           Cut{"Raise", Kind::kRaise, false, "40001", false}),
                         [](const auto& cut) { return cut.param.name; });

TEST_P(ProxyCutTest, TheTransactionIsThereOrNotAsPromised) {
  const Cut& cut = GetParam();
  for (const auto delay : {milliseconds(0), milliseconds(10)}) {
    proxy_->SetDelay(delay);
    for (const std::string way : {"simple", "extended", "prepared", "several"}) {
      const std::string note = way + std::to_string(delay.count());
      SCOPED_TRACE(note);
      TestConnection connection(Where());
      ASSERT_EQ("", connection.Prepare("end", "\n COMMIT"));
      ASSERT_EQ("", connection.Run("BEGIN"));
      ASSERT_EQ("", connection.Run("INSERT INTO notes VALUES ('" + note + "')"));
      const uint64_t faults = proxy_->counts().faults;
      proxy_->Arm({.kind = cut.kind, .at_once = cut.at_once});
      EXPECT_EQ(cut.state, way == "simple"     ? connection.Run("commit")
                           : way == "extended" ? connection.RunExtended("COMMIT")
                           : way == "prepared" ? connection.RunPrepared("end")
                                               : connection.Run("SELECT 1; COMMIT; SELECT 2"));
      EXPECT_FALSE(proxy_->Disarm());
      EXPECT_EQ(faults + 1, proxy_->counts().faults);
      if (cut.kind == Kind::kRaise) {
        EXPECT_EQ(PQTRANS_IDLE, PQtransactionStatus(connection.get()));
        EXPECT_EQ("", connection.RunPrepared("end"));
      } else {
        EXPECT_EQ("lost", connection.Run("SELECT 1"));
        EXPECT_FALSE(connection.alive());
        ASSERT_TRUE(proxy_->WaitUntilIdle(kIdleMax));
      }
      EXPECT_EQ(cut.kept ? "1" : "0",
                Value("SELECT count(*) FROM notes WHERE note = '" + note + "'"));
    }
  }
}

// Many transactions in one pipeline: the fault is at one of them, those before it are done and
// those after it are not begun.
TEST_P(ProxyCutTest, InAPipelineItIsTheOneThatWasChosen) {
  const Cut& cut = GetParam();
  TestConnection connection(Where());
  proxy_->Arm({.kind = cut.kind, .skip = 2, .sqlstate = "40001", .at_once = cut.at_once});
  std::vector<std::string> statements;
  for (const std::string note : {"a", "b", "c", "d", "e"}) {
    statements.insert(statements.end(),
                      {"BEGIN", "INSERT INTO notes VALUES ('" + note + "')", "COMMIT"});
  }
  const std::vector<std::string> states = Pipeline(&connection, statements);
  if (cut.kind == Kind::kRaise) {
    std::vector<std::string> expected(15, "");
    expected[8] = "40001";
    std::fill(expected.begin() + 9, expected.end(), "aborted");
    EXPECT_EQ(expected, states);
    EXPECT_EQ("", connection.Run("SELECT 5"));
    EXPECT_EQ("5", connection.value());
  } else {
    EXPECT_EQ(1, std::count(states.begin(), states.end(), cut.state));
    ASSERT_TRUE(proxy_->WaitUntilIdle(kIdleMax));
  }
  EXPECT_EQ(cut.kept ? "a,b,c" : "a,b", Notes());
}

// The server answers an error before the COMMIT that was chosen: it ignores that, and the
// connection is cut all the same.
TEST_P(ProxyCutTest, AfterAnErrorOfTheServerItStillEnds) {
  const Cut& cut = GetParam();
  TestConnection connection(Where());
  proxy_->Arm({.kind = cut.kind, .at_once = cut.at_once});
  const std::vector<std::string> states =
      Pipeline(&connection, {"BEGIN", "INSERT INTO notes VALUES ('a')", "SELECT 1/0", "COMMIT"});
  EXPECT_FALSE(states.empty());
  EXPECT_EQ(1u, proxy_->counts().faults);
  if (cut.kind == Kind::kRaise) {
    EXPECT_EQ((std::vector<std::string>{"", "", "22012", "aborted"}), states);
    EXPECT_EQ("", connection.Run("ROLLBACK"));
  } else {
    ASSERT_TRUE(proxy_->WaitUntilIdle(kIdleMax));
  }
  EXPECT_EQ("", Notes());
}

TEST_F(ProxyTest, EveryStateIsForged) {
  for (const std::string state : {"40001", "40P01", "55P03", "53300", "53100", "25006"}) {
    for (const Kind kind : {Kind::kRaise, Kind::kRefuse}) {
      TestConnection connection(Where());
      proxy_->Arm({.kind = kind, .target = Target::kStatement, .sqlstate = state});
      EXPECT_EQ(state, connection.RunExtended("INSERT INTO notes VALUES ('" + state + "')"));
    }
  }
  EXPECT_EQ("", Notes());
}

TEST_F(ProxyTest, AStatementThatIsMadeToFailFailsItsTransaction) {
  TestConnection connection(Where());
  ASSERT_EQ("", connection.Run("BEGIN; INSERT INTO notes VALUES ('a')"));
  proxy_->Arm({.kind = Kind::kRaise, .target = Target::kStatement, .sqlstate = "40P01"});
  EXPECT_EQ("40P01", connection.Run("INSERT INTO notes VALUES ('b')"));
  EXPECT_EQ(PQTRANS_INERROR, PQtransactionStatus(connection.get()));
  EXPECT_EQ("", connection.Run("COMMIT"));  // which rolls back
  EXPECT_EQ("", Notes());
}

TEST_F(ProxyTest, ConnectingIsRefusedOrCut) {
  proxy_->Arm({.kind = Kind::kRefuse, .target = Target::kConnect, .sqlstate = "53300"});
  TestConnection refused(Where());
  EXPECT_FALSE(refused.alive());
  EXPECT_NE(std::string::npos, refused.error().find("forged")) << refused.error();
  proxy_->Arm({.kind = Kind::kCutBefore, .target = Target::kConnect});
  EXPECT_FALSE(TestConnection(Where()).alive());
  proxy_->SetRefusing(true);
  EXPECT_FALSE(TestConnection(Where()).alive());
  proxy_->SetRefusing(false);
  EXPECT_TRUE(TestConnection(Where()).alive());
}

TEST_F(ProxyTest, BlindlyCutTheTransactionIsWholeOrNotThere) {
  for (int number = 0; number < 10; ++number) {
    TestConnection connection(Where());
    ASSERT_EQ("", connection.Run("BEGIN; INSERT INTO notes VALUES ('a'), ('b')"));
    proxy_->Arm({.kind = Kind::kCutBlind});
    EXPECT_EQ("lost", connection.Run("COMMIT"));
  }
  ASSERT_TRUE(proxy_->WaitUntilIdle(kIdleMax));
  EXPECT_EQ("0", Value("SELECT count(*) % 2 FROM notes"));
}

TEST_F(ProxyTest, ALateCommitMeetsTheClientThatCameBack) {
  TestConnection first(Where());
  ASSERT_EQ("", first.Run("BEGIN; INSERT INTO notes VALUES ('late'); LOCK TABLE notes"));
  proxy_->Arm({.kind = Kind::kCutBlind, .hold = milliseconds(300)});
  EXPECT_EQ("lost", first.Run("COMMIT"));
  TestConnection second(Where());
  EXPECT_EQ("55P03", second.Run("BEGIN; LOCK TABLE notes NOWAIT"));
  EXPECT_EQ("", second.Run("ROLLBACK"));
  EXPECT_EQ("", second.Run("SELECT note FROM notes"));  // waits
  EXPECT_EQ("late", second.value());
}

// The worst that a network does: the client has given up, and its COMMIT arrives.
TEST_F(ProxyTest, WhatWasSentIntoAStalledNetworkArrivesLater) {
  auto connection = std::make_unique<TestConnection>(Where());
  ASSERT_EQ("", connection->Run("BEGIN; INSERT INTO notes VALUES ('late')"));
  proxy_->SetStalled(true);
  ASSERT_EQ(1, PQsendQuery(connection->get(), "COMMIT"));
  std::this_thread::sleep_for(milliseconds(100));
  ASSERT_EQ(1, PQconsumeInput(connection->get()));
  EXPECT_EQ(1, PQisBusy(connection->get()));
  connection.reset();
  EXPECT_EQ("", Notes());
  proxy_->SetStalled(false);
  ASSERT_TRUE(proxy_->WaitUntilIdle(kIdleMax));
  EXPECT_EQ("late", Notes());
}

TEST_F(ProxyTest, AConnectionThatIsCutHasNoSession) {
  TestConnection connection(Where());
  ASSERT_EQ("", connection.Run("BEGIN; INSERT INTO notes VALUES ('a')"));
  proxy_->CutAll();
  ASSERT_TRUE(proxy_->WaitUntilIdle(kIdleMax));
  EXPECT_EQ("lost", connection.Run("COMMIT"));
  EXPECT_EQ("0", Value("SELECT count(*) FROM pg_locks WHERE relation = 'notes'::regclass"));
  EXPECT_EQ("", Notes());
}

TEST_F(ProxyTest, AServerThatDiesIsSeenThroughIt) {
  TestConnection connection(Where());
  ASSERT_EQ("", connection.Run("BEGIN; INSERT INTO notes VALUES ('a')"));
  server_->Kill();
  EXPECT_EQ("lost", connection.Run("COMMIT"));
  EXPECT_FALSE(TestConnection(Where()).alive());
  ASSERT_OK(server_->Restart());
  TestConnection again(Where());
  EXPECT_EQ("", again.Run("SELECT 1"));
  EXPECT_EQ("", Notes());
}

}  // namespace
}  // namespace tallystone::testing
