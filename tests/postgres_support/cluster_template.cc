#include "postgres_support/cluster_template.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <system_error>

#include <sys/stat.h>

namespace tallystone::testing {
namespace {

// Anyone may make names below the directory for temporary files: only what is the user's own is
// taken.
bool IsOwn(const std::string& path, uid_t uid) {
  struct stat found = {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == uid &&
         (found.st_mode & 077) == 0;
}

// Two versions of PostgreSQL are two clusters, and so are two updates of one version, which may
// differ in what initdb makes.
std::string NameOf(const ServerUser& user, const std::string& programs) {
  struct stat program = {};
  ::stat((programs + "/postgres").c_str(), &program);
  const size_t hash = std::hash<std::string>()(programs + '/' + std::to_string(program.st_size) +
                                               '/' + std::to_string(program.st_mtime));
  return "/tallystone-initdb-" + std::to_string(user.uid) + '-' + std::to_string(hash);
}

}  // namespace

Status EmptyCluster(const ServerUser& user, const std::string& programs,
                    const std::string& superuser, const std::string& parent, std::string* path) {
  const std::string kept = parent + NameOf(user, programs) + '-' + superuser;
  *path = kept + "/data";
  if (IsOwn(kept, user.uid)) {
    return Status::Ok();
  }
  std::string fresh = kept + "-XXXXXX";
  if (::mkdtemp(fresh.data()) == nullptr ||
      (user.other && ::chown(fresh.c_str(), user.uid, user.gid) != 0)) {
    return Status::Unavailable("making " + fresh + ": " + std::strerror(errno));
  }
  Status status = RunToEnd(user,
                           {programs + "/initdb", "-N", "-D", fresh + "/data", "-A", "trust", "-U",
                            superuser, "-E", "UTF8", "--locale=C"},
                           fresh + "/log");
  // Whoever is first has made it; the others throw theirs away.
  if (status.ok() && ::rename(fresh.c_str(), kept.c_str()) == 0) {
    return status;
  }
  if (status.ok()) {
    std::error_code ignored;
    std::filesystem::remove_all(fresh, ignored);
  }
  return !status.ok() || IsOwn(kept, user.uid)
             ? status
             : Status::Unavailable(kept + " is there and is not the user's own");
}

}  // namespace tallystone::testing
