// Engines on PostgreSQL servers, each behind a proxy. The servers are those of the whole program;
// each test has new databases on them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "engine_support/engine_place.h"
#include "postgres_support/postgres_server.h"
#include "postgres_support/tcp_proxy.h"
#include "store/postgres/postgres_store.h"
#include "support/status_matchers.h"

namespace tallystone::testing {

// Of an environment variable, or `otherwise`.
uint64_t FromEnvironment(const char* name, uint64_t otherwise);

// A server of the program, at 127.0.0.1 and through its socket; started at the first call. Null:
// it could not be, and *why says so.
PostgresServer* SharedServer(size_t index, std::string* why);

// An empty database on one of the shared servers, and a proxy before it. Not thread-safe, but for
// the proxy. Gone at the end, with the database.
class ServerDatabase {
 public:
  static Status Make(size_t server, std::unique_ptr<ServerDatabase>* database);
  ~ServerDatabase();
  ServerDatabase(const ServerDatabase&) = delete;
  ServerDatabase& operator=(const ServerDatabase&) = delete;

  [[nodiscard]] PostgresServer* server() const { return server_; }
  [[nodiscard]] TcpProxy* proxy() const { return proxy_.get(); }
  [[nodiscard]] std::string direct() const { return server_->connection(name_); }
  [[nodiscard]] std::string through_proxy() const {
    return PostgresServer::ConnectionTo(proxy_->port(), name_);
  }
  // Options of a writer through the proxy that waits a second for a byte, and makes the schema.
  [[nodiscard]] PostgresStoreOptions options() const;

  Status Execute(const std::string& statements, std::string* value = nullptr) const {
    return server_->Execute(statements, value, name_);
  }
  // The first value; a failure of the test if there is an error.
  [[nodiscard]] std::string Value(const std::string& query) const;
  // As new.
  Status Empty() const {
    return Execute("SET client_min_messages = error; DROP SCHEMA IF EXISTS tallystone CASCADE");
  }

 private:
  ServerDatabase(PostgresServer* server, std::string name)
      : server_(server), name_(std::move(name)) {}

  PostgresServer* const server_;
  const std::string name_;
  std::unique_ptr<TcpProxy> proxy_;
};

using Databases = std::vector<std::unique_ptr<ServerDatabase>>;

// What a store holds; "" and a failure of the test if that is not sound.
std::string SoundDigestAt(const std::string& connection);
// What the databases hold, read without the proxies; "" and a failure of the test if that is not
// sound.
std::string SoundDigest(const Databases& databases);

// Opens an engine on all of them, each store changed by `prepare` first.
using PrepareStore = std::function<std::unique_ptr<Store>(size_t, std::unique_ptr<Store>)>;
Status OpenEngine(const Options& options, const std::string& path, const Databases& databases,
                  std::unique_ptr<Engine>* engine, const PrepareStore& prepare = nullptr);

// Calls until it is OK; the environment's troubles, which pass, are waited for, two minutes in all.
Status Insist(const std::function<Status()>& call);

// The state digest of what `play` brings into an engine of its own, whose store is embedded.
std::string EmbeddedDigest(const std::function<void(Engine*)>& play);

// The same as a place of histories; each store stands behind faults.
class ServersPlace final : public EnginePlace {
 public:
  explicit ServersPlace(const Databases* databases) : databases_(databases) {}
  Status Open(const Options& options, std::unique_ptr<Engine>* engine) override;
  void PullThePlug() override;
  std::string SoundDigest() override { return testing::SoundDigest(*databases_); }

 private:
  const Databases* const databases_;
  EngineDirectory directory_;
  std::vector<FaultStore*> faults_;  // of the open engine
};

// A test with databases on so many servers; skipped where there is no PostgreSQL.
class PostgresEngineTest : public ::testing::Test {
 protected:
  // For the beginning of a test; see IsSkipped.
  void StartServers(size_t count);

  Databases databases_;
  EngineDirectory directory_;
};

#define START_SERVERS(count)                          \
  ASSERT_NO_FATAL_FAILURE(this->StartServers(count)); \
  if (this->IsSkipped()) {                            \
    return;                                           \
  }

}  // namespace tallystone::testing
