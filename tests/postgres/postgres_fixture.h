// A test with a PostgreSQL of its own; skipped, and says so, where there is none.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "postgres_support/postgres_server.h"
#include "support/status_matchers.h"

namespace tallystone::testing {

// A connection with what it was told last. Errors are answers here, not failures of the test.
class TestConnection {
 public:
  explicit TestConnection(const std::string& where) : connection_(PQconnectdb(where.c_str())) {}
  ~TestConnection() { PQfinish(connection_); }
  TestConnection(const TestConnection&) = delete;
  TestConnection& operator=(const TestConnection&) = delete;

  [[nodiscard]] PGconn* get() const { return connection_; }
  [[nodiscard]] bool alive() const { return PQstatus(connection_) == CONNECTION_OK; }
  [[nodiscard]] std::string error() const { return PQerrorMessage(connection_); }

  // The SQLSTATE of the first error: "" = done, "lost" = an error without one, because the
  // connection ended.
  std::string Run(const std::string& statements) {
    return Keep(PQsendQuery(connection_, statements.c_str()));
  }
  // The same by the extended protocol.
  std::string RunExtended(const std::string& statement) {
    return Keep(PQsendQueryParams(connection_, statement.c_str(), 0, nullptr, nullptr, nullptr,
                                  nullptr, 0));
  }
  std::string Prepare(const std::string& name, const std::string& statement) {
    return Keep(PQsendPrepare(connection_, name.c_str(), statement.c_str(), 0, nullptr));
  }
  std::string RunPrepared(const std::string& name) {
    return Keep(PQsendQueryPrepared(connection_, name.c_str(), 0, nullptr, nullptr, nullptr, 0));
  }
  // The first value of the last answer.
  [[nodiscard]] const std::string& value() const { return value_; }

  static std::string SqlState(const PGresult* result) {
    const ExecStatusType answer = PQresultStatus(result);
    if (answer != PGRES_FATAL_ERROR && answer != PGRES_BAD_RESPONSE) {
      return answer == PGRES_PIPELINE_ABORTED ? "aborted" : "";
    }
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state == nullptr ? "lost" : state;
  }

 private:
  // Not PQexec, which gives the last error only: after the end of a session that was told why, the
  // end and not the reason.
  std::string Keep(int sent) {
    value_.clear();
    std::string state = sent == 1 ? "" : "lost";
    while (PGresult* result = PQgetResult(connection_)) {
      if (PQntuples(result) > 0 && PQnfields(result) > 0) {
        value_ = PQgetvalue(result, 0, 0);
      }
      if (state.empty()) {
        state = SqlState(result);
      }
      PQclear(result);
    }
    return state;
  }

  PGconn* const connection_;
  std::string value_;
};

class PostgresTest : public ::testing::Test {
 protected:
  // For SetUp of a test: starts `server_`.
  void StartServer(const PostgresOptions& options) {
    const Status installed = PostgresServer::Installed();
    if (!installed.ok()) {
      GTEST_SKIP() << installed.message();
    }
    ASSERT_OK(PostgresServer::Start(options, &server_));
  }

  std::string Value(const std::string& query) {
    std::string value;
    EXPECT_OK(server_->Execute(query, &value));
    return value;
  }

  std::unique_ptr<PostgresServer> server_;
};

}  // namespace tallystone::testing
