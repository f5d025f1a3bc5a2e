#include "postgres_store/shared_server.h"

namespace tallystone::testing {

PostgresServer* SharedServer(std::string* why) {
  static std::string trouble;
  static const std::unique_ptr<PostgresServer> server = [] {
    std::unique_ptr<PostgresServer> started;
    Status status = PostgresServer::Installed();
    if (status.ok()) {
      PostgresOptions options;
      options.settings = {"max_connections=50", "shared_buffers=64MB"};
      status = PostgresServer::Start(options, &started);
      EXPECT_OK(status);
    }
    trouble = status.message();
    return started;
  }();
  *why = trouble;
  return server.get();
}

Status NewTestDatabase(std::string* name) {
  static int count = 0;
  std::string why;
  PostgresServer* server = SharedServer(&why);
  if (server == nullptr) {
    return Status::Unavailable(why);
  }
  *name = "test" + std::to_string(++count);
  return server->NewDatabase(*name);
}

PostgresStoreOptions OptionsFor(const std::string& database) {
  std::string why;
  PostgresStoreOptions options;
  options.connection = SharedServer(&why)->connection(database);
  options.create = true;
  return options;
}

}  // namespace tallystone::testing
