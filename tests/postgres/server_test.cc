// The test's own server: what it promises the tests that stand on it.
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "postgres/postgres_fixture.h"

namespace tallystone::testing {
namespace {

class PostgresServerTest : public PostgresTest {
 protected:
  void Start(const PostgresOptions& options = {}) {
    ASSERT_NO_FATAL_FAILURE(StartServer(options));
    if (server_ != nullptr) {
      ASSERT_OK(server_->Execute("CREATE TABLE notes (note text)"));
      ASSERT_OK(server_->Execute("INSERT INTO notes VALUES ('kept')"));
    }
  }
};

#define START(...)                             \
  ASSERT_NO_FATAL_FAILURE(Start(__VA_ARGS__)); \
  if (IsSkipped()) {                           \
    return;                                    \
  }

TEST_F(PostgresServerTest, CommitsAreOnTheDiskBeforeTheyAreAnswered) {
  START();
  EXPECT_EQ("on", Value("SHOW fsync"));
  EXPECT_EQ("on", Value("SHOW synchronous_commit"));
}

TEST_F(PostgresServerTest, ADatabaseIsEmptyAndReachedThroughSocketAndPort) {
  PostgresOptions options;
  options.tcp = true;
  options.settings = {"work_mem=3MB"};
  START(options);
  ASSERT_OK(server_->NewDatabase("Stock"));
  for (const std::string& where :
       {server_->connection("Stock"), PostgresServer::ConnectionTo(server_->port(), "Stock")}) {
    TestConnection connection(where);
    ASSERT_TRUE(connection.alive()) << connection.error();
    EXPECT_EQ("", connection.Run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    EXPECT_EQ("0", connection.value());
    EXPECT_EQ("", connection.Run("SHOW work_mem"));
    EXPECT_EQ("3MB", connection.value());
  }
}

TEST_F(PostgresServerTest, KilledItKeepsWhatWasCommittedAndNothingElse) {
  PostgresOptions options;
  options.tcp = true;
  START(options);
  TestConnection open(server_->connection());
  ASSERT_EQ("", open.Run("BEGIN; INSERT INTO notes VALUES ('lost')"));
  const uint16_t port = server_->port();
  server_->Kill();
  EXPECT_FALSE(server_->running());
  EXPECT_EQ("lost", open.Run("COMMIT"));
  ASSERT_OK(server_->Restart());
  EXPECT_EQ(port, server_->port());
  EXPECT_EQ("kept", Value("SELECT string_agg(note, ',') FROM notes"));
}

TEST_F(PostgresServerTest, StoppedItKeepsWhatWasCommittedAndNothingElse) {
  START();
  TestConnection open(server_->connection());
  ASSERT_EQ("", open.Run("BEGIN; INSERT INTO notes VALUES ('lost')"));
  server_->StopImmediate();
  EXPECT_EQ("lost", open.Run("COMMIT"));
  ASSERT_OK(server_->Restart());
  EXPECT_EQ("kept", Value("SELECT string_agg(note, ',') FROM notes"));
  TestConnection told(server_->connection());
  ASSERT_EQ("", told.Run("BEGIN; INSERT INTO notes VALUES ('lost')"));
  ASSERT_OK(server_->Stop());
  EXPECT_NE("", told.Run("COMMIT"));
  ASSERT_OK(server_->Restart());
  EXPECT_EQ("kept", Value("SELECT string_agg(note, ',') FROM notes"));
}

TEST_F(PostgresServerTest, AStandbyHasEveryCommitWhenItIsAnswered) {
  PostgresOptions options;
  options.tcp = true;
  START(options);
  std::unique_ptr<PostgresServer> standby;
  ASSERT_OK(server_->StartStandby(&standby));
  ASSERT_NE(server_->port(), standby->port());
  ASSERT_OK(server_->Execute("INSERT INTO notes VALUES ('followed')"));
  EXPECT_EQ("25006", TestConnection(standby->connection()).Run("DELETE FROM notes"));
  server_->Kill();
  ASSERT_OK(standby->Promote());
  std::string notes;
  ASSERT_OK(standby->Execute("DELETE FROM notes WHERE note = 'kept'"));
  ASSERT_OK(standby->Execute("SELECT string_agg(note, ',') FROM notes", &notes));
  EXPECT_EQ("followed", notes);
}

TEST_F(PostgresServerTest, ADiskThatIsFullRefusesAndRecovers) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root may mount a small file system";
  }
  PostgresOptions options;
  options.space_bytes = 96 << 20;
  const Status installed = PostgresServer::Installed();
  if (!installed.ok()) {
    GTEST_SKIP() << installed.message();
  }
  const Status status = PostgresServer::Start(options, &server_);
  if (status.message().find("mounting") != std::string::npos) {
    GTEST_SKIP() << status.message();
  }
  ASSERT_OK(status);
  const std::string fill =
      "INSERT INTO notes SELECT repeat('x', 1000) FROM generate_series(1, 9000)";
  TestConnection connection(server_->connection());
  ASSERT_EQ("", connection.Run("CREATE TABLE notes (note text)"));
  ASSERT_OK(server_->FillSpace(2 << 20));
  EXPECT_EQ("53100", connection.Run(fill));
  EXPECT_TRUE(connection.alive());
  ASSERT_OK(server_->FreeSpace());
  EXPECT_EQ("", connection.Run(fill));
}

// The test dies without a word, and leaves neither a server nor its files.
TEST_F(PostgresServerTest, ItEndsWithTheTestWhateverEndsTheTest) {
  const Status installed = PostgresServer::Installed();
  if (!installed.ok()) {
    GTEST_SKIP() << installed.message();
  }
  int ends[2];
  ASSERT_EQ(0, ::pipe(ends));
  const pid_t child = ::fork();
  if (child == 0) {
    std::unique_ptr<PostgresServer> server;
    char path[200] = "";
    if (PostgresServer::Start({}, &server).ok()) {
      server->directory().copy(path, sizeof(path) - 1);
    }
    const bool told = ::write(ends[1], path, sizeof(path)) == sizeof(path);
    ::kill(told ? ::getpid() : 0, SIGKILL);
  }
  char path[200] = "";
  ASSERT_EQ(static_cast<ssize_t>(sizeof(path)), ::read(ends[0], path, sizeof(path)));
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_EQ(child, ::waitpid(child, nullptr, 0));
  ASSERT_NE("", std::string(path));
  for (int wait = 0; wait < 300 && std::filesystem::exists(path); ++wait) {
    ::usleep(50'000);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_NE(PQPING_OK, PQping((std::string("user=tallystone host=") + path).c_str()));
}

}  // namespace
}  // namespace tallystone::testing
