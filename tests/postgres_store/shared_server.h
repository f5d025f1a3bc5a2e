// One server for the whole test program, and a database of its own for each test.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "postgres_support/postgres_server.h"
#include "store/postgres/postgres_store.h"
#include "support/status_matchers.h"

namespace tallystone::testing {

// Started at the first call; null where there is no PostgreSQL, and *why then says so.
PostgresServer* SharedServer(std::string* why);

// A name that no other test has, of a new and empty database of the shared server.
Status NewTestDatabase(std::string* name);

// Options for the store in that database; made where it is not.
PostgresStoreOptions OptionsFor(const std::string& database);

// A test with a database and stores in it.
class PostgresStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    server_ = SharedServer(&why);
    if (server_ == nullptr) {
      GTEST_SKIP() << why;
    }
    ASSERT_OK(NewTestDatabase(&database_));
  }

  // A writer; takes over from those before it.
  std::unique_ptr<PostgresStore> OpenStore(PostgresStoreOptions options) {
    std::unique_ptr<Store> store;
    EXPECT_OK(PostgresStore::Open(options, &store));
    if (!options.read_only) {
      EXPECT_OK(store->TakeOver());
    }
    return std::unique_ptr<PostgresStore>(static_cast<PostgresStore*>(store.release()));
  }
  std::unique_ptr<PostgresStore> OpenStore() { return OpenStore(OptionsFor(database_)); }

  void Execute(const std::string& statements) {
    ASSERT_OK(server_->Execute(statements, nullptr, database_));
  }
  std::string Value(const std::string& query) {
    std::string value;
    EXPECT_OK(server_->Execute(query, &value, database_));
    return value;
  }

  PostgresServer* server_ = nullptr;
  std::string database_;
};

}  // namespace tallystone::testing
