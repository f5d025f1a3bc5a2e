// ServerList: which servers hold the tenants of a database, as its directory says. None: the store
// is embedded.
//
// The file `SERVERS`, lines of text ended by "\n":
//
//   tallystone servers 1
//   <identity of the server, 32 hexadecimal digits> <how to connect, without a password>
//   ...
//   writer <identity of this directory as a writer, 32 hexadecimal digits>
//   ...
//   end
//
// The last `writer` is that of the last open (StoreClaim::writer). Those before it may still stand
// in a store where that open was interrupted, or in one that was set back to an earlier state.
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"
#include "store/store.h"
#include "tallystone/status.h"

namespace tallystone {

struct ServerEntry {
  std::string id;          // Store::server_id
  std::string connection;  // no line breaks
  friend bool operator==(const ServerEntry&, const ServerEntry&) = default;
};

// Empty if the database has no list. kCorruption, kFormatMismatch: it cannot be read. `writers` may
// be null.
Status ReadServerList(FileSystem* files, const std::string& path, std::vector<ServerEntry>* servers,
                      std::vector<std::string>* writers = nullptr);

// The server by its connection, however that is written (a URL, pairs in any order, with or without
// a password), its identity in hexadecimal digits, or the beginning of that. kNotFound,
// kInvalidArgument (more than one) name the servers, and no password.
Status FindServer(const std::vector<ServerEntry>& servers, const std::string& name, size_t* index);

// Whether a store, which says `claim`, is written by the directory with this list. `writers`: null
// = that is not asked. kFenced: another directory wrote it since. kInvalidArgument: the database
// has servers that the list does not name.
Status CheckClaim(const StoreClaim& claim, const std::vector<ServerEntry>& servers,
                  const std::vector<std::string>* writers);

// Replaces the list in one step, durably.
Status WriteServerList(FileSystem* files, const std::string& path,
                       const std::vector<ServerEntry>& servers,
                       const std::vector<std::string>& writers);

}  // namespace tallystone
