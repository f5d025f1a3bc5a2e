#include "store/server_store.h"

#ifdef TALLYSTONE_POSTGRES
#include "store/postgres/connection_text.h"
#include "store/postgres/postgres_store.h"
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

#endif

}  // namespace tallystone
