#include "store/server_store.h"

#include "tallystone/postgres_schema.h"
#include "tallystone/server_name.h"

#ifdef TALLYSTONE_POSTGRES
#include "store/postgres/connection_text.h"
#include "store/postgres/postgres_store.h"
#include "store/postgres/schema.h"
#endif

namespace tallystone {

#ifdef TALLYSTONE_POSTGRES

Status OpenServerStore(const ServerStoreOptions& options, std::unique_ptr<Store>* store) {
  store->reset();
  PostgresStoreOptions postgres;
  postgres.connection = options.connection;
  postgres.create = options.create;
  postgres.read_only = options.read_only;
  postgres.logger = options.logger;
  postgres.stop_waiting = options.stop_waiting;
  std::string shown;
  Status status = PublicConnection(options.connection, &shown);
  if (status.ok()) {
    status = PostgresStore::Open(postgres, store);
  }
  return status;
}

Status PublicConnection(const std::string& connection, std::string* shown) {
  return postgres::WithoutPassword(connection, shown);
}

Status ShowServer(const std::string& server, std::string* shown, bool* has_password) {
  *has_password = false;
  return postgres::WithoutPassword(server, shown, has_password);
}

Status PostgresSchemaText(std::string_view dialect, std::string* text) {
  for (uint8_t number = 1; number <= kDialectMax; ++number) {
    if (postgres::TraitsOf(static_cast<Dialect>(number)).name == dialect) {
      *text = PostgresSchema(static_cast<Dialect>(number));
      return Status::Ok();
    }
  }
  return Status::InvalidArgument("there is no dialect '" + std::string(dialect) + "'");
}

#else

namespace {

Status NotBuilt() {
  return Status::InvalidArgument(
      "this program was built without PostgreSQL (cmake -DTALLYSTONE_POSTGRES=ON builds it in)");
}

}  // namespace

Status OpenServerStore(const ServerStoreOptions& /*options*/, std::unique_ptr<Store>* store) {
  store->reset();
  return NotBuilt();
}

Status PublicConnection(const std::string& /*connection*/, std::string* shown) {
  shown->clear();
  return NotBuilt();
}

Status ShowServer(const std::string& /*server*/, std::string* shown, bool* has_password) {
  shown->clear();
  *has_password = false;
  return NotBuilt();
}

Status PostgresSchemaText(std::string_view /*dialect*/, std::string* text) {
  text->clear();
  return NotBuilt();
}

#endif

}  // namespace tallystone
