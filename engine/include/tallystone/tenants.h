// Where the tenants of a database are, and how to have one moved to another server while another
// process writes the database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/options.h"
#include "tallystone/status.h"

namespace tallystone {

struct TenantPlace {
  std::string tenant;
  uint32_t number = 0;
  // How its server is reached, without a password; "" = the store is in the database's directory.
  std::string server;
  std::string server_id;  // 32 hexadecimal digits
  std::string moves_to;   // identity of the server where it is asked to go; "" = nowhere
};

struct ServerPlace {
  std::string server;     // how it is reached, without a password
  std::string server_id;  // 32 hexadecimal digits
  uint64_t tenants = 0;   // that it has
};

// All servers of the database, also those without tenants, as its directory has them; none if its
// store is embedded. kUnavailable: one cannot be reached.
Status ListServers(const Options& options, const std::string& path,
                   std::vector<ServerPlace>* servers);

// Tenants with something in a store, by number. Of each server a view of its own moment. kNotFound:
// there is no database at `path`.
Status ListTenants(const Options& options, const std::string& path,
                   std::vector<TenantPlace>* tenants);

// Asks the process that has the database open for writing to move the tenant (Engine::MoveTenant,
// for what `server` may be). OK: it is written down, and done within seconds, or when the database
// is opened next. *server_id: where it goes. kNotFound: no such tenant or server.
Status RequestTenantMove(const Options& options, const std::string& path, std::string_view tenant,
                         const std::string& server, std::string* server_id);

}  // namespace tallystone
