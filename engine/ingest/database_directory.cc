#include "ingest/database_directory.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace tallystone {

std::string LogPath(const std::string& path) {
  return path + "/log";
}
std::string StorePath(const std::string& path) {
  return path + "/store";
}
std::string ServerListPath(const std::string& path) {
  return path + "/SERVERS";
}
std::string LockPath(const std::string& path) {
  return path + "/LOCK";
}

Status FindDatabase(FileSystem* files, const std::string& path) {
  std::vector<std::string> names;
  const Status listed = files->List(path, &names);
  if (listed.IsNotFound()) {
    return Status::NotFound("there is no database at " + path);
  }
  // What may not be looked at may well be a database; a file is none.
  const bool is_file = !listed.ok() && files->Exists(path) && !files->ExpectDirectory(path).ok();
  if (!listed.ok() && !is_file) {
    return listed;
  }
  const auto has = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!has("store") && !has("log") && !has("SERVERS")) {
    return Status::NotFound(path + " is not a Tallystone database (it has neither store nor log)");
  }
  return Status::Ok();
}

Status ExpectStoreBesideLog(FileSystem* files, const std::string& path) {
  std::vector<std::string> segments;
  if (files->Exists(StorePath(path)) || files->Exists(ServerListPath(path)) ||
      !files->List(LogPath(path), &segments).ok() || segments.empty()) {
    return Status::Ok();
  }
  return Status::Corruption(
      path +
      " has a log, but neither a store nor SERVERS: restore the store from a backup; or, if it was "
      "on servers, name all of them in `tallystone resume --take-over --store`");
}

Status MakeDatabaseDirectory(FileSystem* files, const std::string& path) {
  if (files->Exists(path)) {
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(files->CreateDirectory(path));
  return files->SyncDirectory(ParentDirectory(path));
}

}  // namespace tallystone
