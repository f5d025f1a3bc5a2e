// The store in a server, by the text that says how to reach it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "store/store.h"
#include "tallystone/listener.h"

namespace tallystone {

struct ServerStoreOptions {
  std::string connection;    // as libpq takes it: "host=.. dbname=..", or a URL
  bool create = false;       // make what it needs in that database if it is not there
  bool read_only = false;    // takes over nothing, changes nothing
  Logger* logger = nullptr;  // not owned, must outlive the store; may be null
  // Once true, an answer that does not come is waited for no longer. Likewise.
  const std::atomic<bool>* stop_waiting = nullptr;
};

// Status as for PostgresStore::Open. kInvalidArgument: `connection` is no such text, or this
// library was built without PostgreSQL.
Status OpenServerStore(const ServerStoreOptions& options, std::unique_ptr<Store>* store);

// `connection` without its password, as "name=value" pairs in a fixed order: what may be written
// down and shown. kInvalidArgument as above.
Status PublicConnection(const std::string& connection, std::string* shown);

}  // namespace tallystone
