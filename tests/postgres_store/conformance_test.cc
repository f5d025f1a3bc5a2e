// PostgreSQL, with rows as arrays, as values, and lines by COPY, for the tests that every store
// must pass.
#include <gtest/gtest.h>

#include "postgres_store/shared_server.h"
#include "store_support/store_conformance.h"

namespace tallystone::testing {
namespace {

class PostgresHome : public StoreHome {
 public:
  PostgresHome(bool rows_as_values, size_t rows_per_statement, size_t copy_lines_min = 0) {
    std::string database;
    status_ = NewTestDatabase(&database);
    if (status_.ok()) {
      options_ = OptionsFor(database);
      options_.rows_as_values = rows_as_values;
      options_.rows_per_statement = rows_per_statement;
      options_.copy_lines_min = copy_lines_min;
    }
  }
  Status Open(std::unique_ptr<Store>* store) override {
    Status status = status_.ok() ? PostgresStore::Open(options_, store) : status_;
    return status.ok() ? (*store)->TakeOver() : status;
  }

 private:
  Status status_;
  PostgresStoreOptions options_;
};

// No server, no test of it.
bool HasServer() {
  return PostgresServer::Installed().ok();
}

std::vector<StoreKind> Kinds() {
  if (!HasServer()) {
    return {};
  }
  return {StoreKind{"Arrays", false, [] { return std::make_unique<PostgresHome>(false, 0); }},
          StoreKind{"Values", false, [] { return std::make_unique<PostgresHome>(true, 0); }},
          StoreKind{"FewRows", false, [] { return std::make_unique<PostgresHome>(false, 31); }},
          StoreKind{"Copy", false, [] { return std::make_unique<PostgresHome>(false, 0, 1); }}};
}

INSTANTIATE_TEST_SUITE_P(Postgres, StoreTest, ::testing::ValuesIn(Kinds()),
                         [](const auto& kind) { return kind.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreTest);

}  // namespace
}  // namespace tallystone::testing
