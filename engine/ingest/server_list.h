// ServerList: which servers hold the tenants of a database, as its directory says. None: the store
// is embedded.
//
// The file `SERVERS`, lines of text ended by "\n":
//
//   tallystone servers 1
//   <identity of the server, 32 hexadecimal digits> <how to connect, without a password>
//   ...
//   end
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"
#include "tallystone/status.h"

namespace tallystone {

struct ServerEntry {
  std::string id;          // Store::server_id
  std::string connection;  // no line breaks
  friend bool operator==(const ServerEntry&, const ServerEntry&) = default;
};

std::string ServerListPath(const std::string& path);

// Empty if the database has no list. kCorruption, kFormatMismatch: it cannot be read.
Status ReadServerList(FileSystem* files, const std::string& path,
                      std::vector<ServerEntry>* servers);

// The server by its connection as it stands in the list, its identity in hexadecimal digits, or the
// beginning of that. kNotFound, kInvalidArgument (more than one) name the servers.
Status FindServer(const std::vector<ServerEntry>& servers, const std::string& name, size_t* index);

// Replaces the list in one step, durably.
Status WriteServerList(FileSystem* files, const std::string& path,
                       const std::vector<ServerEntry>& servers);

}  // namespace tallystone
