// DatabaseDirectory: where things are in the directory of a database.
#pragma once

#include <string>

#include "base/file_system.h"

namespace tallystone {

std::string LogPath(const std::string& path);
std::string StorePath(const std::string& path);
std::string LockPath(const std::string& path);
std::string ServerListPath(const std::string& path);
// kNotFound, with a message for a person, if there is no database at `path`; kIoError: nobody can
// say, it may not be looked at. Creates nothing.
Status FindDatabase(FileSystem* files, const std::string& path);

// kCorruption: there is a log, but neither a store nor a list of servers.
Status ExpectStoreBesideLog(FileSystem* files, const std::string& path);

// Makes the directory of a database, durably, if it is not there.
Status MakeDatabaseDirectory(FileSystem* files, const std::string& path);

}  // namespace tallystone
