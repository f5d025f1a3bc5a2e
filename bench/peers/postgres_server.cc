#include "peers/postgres_server.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include <libpq-fe.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace tallystone::bench {
namespace {

constexpr size_t kSocketPathBytesMax = 80;  // the system allows 107 with the name of the socket
constexpr std::chrono::seconds kStartMax(60);
constexpr const char* kUser = "postgres";  // where we are root, which PostgreSQL refuses to run as

// The newest installed version's directory of programs; empty = there is none.
std::string FindPrograms() {
  glob_t found = {};
  std::string newest;
  if (::glob("/usr/lib/postgresql/*/bin/postgres", 0, nullptr, &found) == 0) {
    for (size_t index = 0; index < found.gl_pathc; ++index) {
      const std::string path = found.gl_pathv[index];
      newest = std::max(newest, path.substr(0, path.rfind('/')));
    }
  }
  ::globfree(&found);
  return newest;
}

}  // namespace

PostgresServer::PostgresServer(std::string directory)
    : directory_(std::move(directory)),
      log_(directory_ + "/log"),
      connection_("host=" + directory_ + " user=bench dbname=postgres") {}

PostgresServer::~PostgresServer() {
  Stop().PermitUnchecked();
}

Status PostgresServer::Start(const std::string& directory,
                             std::unique_ptr<PostgresServer>* server) {
  server->reset();
  const std::string programs = FindPrograms();
  if (programs.empty()) {
    return Status::Unavailable("PostgreSQL is not installed (postgresql-15)");
  }
  char absolute[4096];
  if (::realpath(directory.c_str(), absolute) == nullptr ||
      std::strlen(absolute) > kSocketPathBytesMax) {
    return Status::Unavailable(directory + " is too long for the path of a socket; choose --dir");
  }
  std::unique_ptr<PostgresServer> made(new PostgresServer(std::string(absolute) + "/pg"));
  Status status = made->Make(programs);
  if (status.ok()) {
    status = made->Launch(programs);
  }
  if (status.ok()) {
    *server = std::move(made);
  }
  return status;
}

Status PostgresServer::Make(const std::string& programs) {
  if (::mkdir(directory_.c_str(), 0700) != 0) {
    return Failed("making " + directory_);
  }
  if (::geteuid() == 0) {
    const passwd* user = ::getpwnam(kUser);
    if (user == nullptr || ::chown(directory_.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return Status::Unavailable("there is no user 'postgres' to run the server as");
    }
  }
  pid_t child = -1;
  Status status = Spawn({programs + "/initdb", "-N", "-D", directory_ + "/data", "-A", "trust",
                         "-U", "bench", "-E", "UTF8", "--locale=C"},
                        &child);
  int code = 0;
  if (status.ok() && (::waitpid(child, &code, 0) != child || code != 0)) {
    status = Status::Unavailable("initdb failed; see " + log_ +
                                 " (can user 'postgres' enter that directory?)");
  }
  return status;
}

Status PostgresServer::Launch(const std::string& programs) {
  std::vector<std::string> arguments = {programs + "/postgres", "-D", directory_ + "/data", "-k",
                                        directory_};
  // As people tune it for loading; durability is the default's: fsync and synchronous_commit on.
  for (const char* setting :
       {"listen_addresses=", "shared_buffers=256MB", "wal_buffers=16MB", "max_wal_size=8GB",
        "checkpoint_timeout=30min", "max_connections=300", "log_min_messages=warning"}) {
    arguments.insert(arguments.end(), {"-c", setting});
  }
  Status status = Spawn(arguments, &process_);
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  while (status.ok() && PQping(connection_.c_str()) != PQPING_OK) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      return Status::Unavailable("the server ended; see " + log_);
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return Status::Unavailable("the server does not answer; see " + log_);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return status;
}

Status PostgresServer::Spawn(const std::vector<std::string>& arguments, pid_t* child) const {
  const passwd* user = ::geteuid() == 0 ? ::getpwnam(kUser) : nullptr;
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  *child = ::fork();
  if (*child != 0) {
    return *child > 0 ? Status::Ok() : Failed("starting " + arguments.front());
  }
  // The child; nothing but system calls.
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                          ::setuid(user->pw_uid) != 0)) {
    ::_exit(126);
  }
  const int output = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execv(pointers.front(), pointers.data());
  ::_exit(127);
}

Status PostgresServer::Stop() {
  if (process_ < 0) {
    return Status::Ok();
  }
  int code = 0;
  ::kill(process_, SIGINT);
  const bool ended = ::waitpid(process_, &code, 0) == process_;
  process_ = -1;
  return ended && code == 0 ? Status::Ok() : Status::IoError("the server ended badly; see " + log_);
}

Status PostgresServer::Failed(const std::string& what) const {
  return Status::Unavailable(what + ": " + std::strerror(errno));
}

}  // namespace tallystone::bench
