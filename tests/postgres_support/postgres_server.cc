#include "postgres_support/postgres_server.h"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>

#include <libpq-fe.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "postgres_support/cluster_template.h"

namespace tallystone::testing {
namespace {

constexpr size_t kSocketPathBytesMax = 80;  // the system allows 107 with the name of the socket
constexpr std::chrono::seconds kStartMax(60);
constexpr std::chrono::seconds kEndMax(60);
constexpr int kPortTriesMax = 5;
constexpr uint64_t kSpaceBytesMin = 64 << 20;
constexpr const char* kSuperuser = "tallystone";
constexpr const char* kStandbyName = "standby";

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

Status Failed(const std::string& what) {
  return Status::Unavailable(what + ": " + std::strerror(errno));
}

std::string TemporaryDirectory() {
  const char* directory = std::getenv("TMPDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/tmp";
}

}  // namespace

Status PostgresServer::Installed() {
  if (FindPrograms().empty()) {
    return Status::Unavailable("PostgreSQL is not installed (postgresql-15)");
  }
  ServerUser user;
  return FindServerUser(&user);
}

Status PostgresServer::Start(const PostgresOptions& options,
                             std::unique_ptr<PostgresServer>* server) {
  server->reset();
  Status status = Installed();
  if (!status.ok()) {
    return status;
  }
  std::unique_ptr<PostgresServer> made(new PostgresServer(options));
  status = made->MakeDirectory();
  if (status.ok()) {
    status = made->MakeCluster();
  }
  for (int tries = 0; status.ok() && !made->running() && tries < kPortTriesMax; ++tries) {
    status = made->ChoosePort();
    if (status.ok()) {
      status = made->Launch();
    }
    if (!status.ok() && options.tcp && tries + 1 < kPortTriesMax) {
      status = Status::Ok();  // someone else may have got the port meanwhile
    }
  }
  if (status.ok()) {
    *server = std::move(made);
  }
  return status;
}

PostgresServer::~PostgresServer() {
  Kill();
  if (mounted_) {
    ::umount2(data().c_str(), MNT_DETACH);
  }
  guard_.reset();
  if (options_.directory.empty() && !directory_.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(std::filesystem::path(directory_).parent_path(), ignored);
  }
}

std::string PostgresServer::data() const {
  return directory_ + "/data";
}

std::string PostgresServer::connection(std::string_view database) const {
  return "host=" + directory_ + " port=" + std::to_string(port_) + " user=" + kSuperuser +
         " dbname=" + std::string(database);
}

std::string PostgresServer::ConnectionTo(uint16_t port, std::string_view database) {
  return "host=127.0.0.1 port=" + std::to_string(port) + " user=" + kSuperuser +
         " dbname=" + std::string(database);
}

Status PostgresServer::MakeDirectory() {
  Status status = FindServerUser(&user_);
  if (!status.ok()) {
    return status;
  }
  programs_ = FindPrograms();
  std::string parent = options_.directory;
  if (parent.empty()) {
    parent = TemporaryDirectory() + "/tallystone-pg-XXXXXX";
    if (::mkdtemp(parent.data()) == nullptr || ::chmod(parent.c_str(), 0755) != 0) {
      return Failed("making " + parent);
    }
  }
  char absolute[4096];
  if (::realpath(parent.c_str(), absolute) == nullptr ||
      std::strlen(absolute) > kSocketPathBytesMax) {
    return Status::Unavailable(parent + " is too long for the path of a socket");
  }
  directory_ = std::string(absolute) + "/pg";
  log_ = directory_ + "/log";
  guard_ = std::make_unique<ServerGuard>(options_.space_bytes > 0 ? data() : "",
                                         options_.directory.empty() ? absolute : "");
  if (::mkdir(directory_.c_str(), 0700) != 0 ||
      (user_.other && ::chown(directory_.c_str(), user_.uid, user_.gid) != 0)) {
    return Failed("making " + directory_);
  }
  return Status::Ok();
}

Status PostgresServer::MakeSmallFileSystem() {
  if (options_.space_bytes < kSpaceBytesMin) {
    return Status::InvalidArgument("an empty cluster needs more room");
  }
  const std::string mode = "mode=0700,size=" + std::to_string(options_.space_bytes) +
                           ",uid=" + std::to_string(user_.uid) +
                           ",gid=" + std::to_string(user_.gid);
  if (::mkdir(data().c_str(), 0700) != 0 || ::mount("tallystone-test", data().c_str(), "tmpfs",
                                                    MS_NOSUID | MS_NODEV, mode.c_str()) != 0) {
    return Failed("mounting a small file system (only root may) on " + data());
  }
  mounted_ = true;
  return Status::Ok();
}

Status PostgresServer::MakeCluster() {
  std::string empty;
  Status status = EmptyCluster(user_, programs_, kSuperuser, TemporaryDirectory(), &empty);
  if (status.ok() && options_.space_bytes > 0) {
    status = MakeSmallFileSystem();
  }
  if (status.ok()) {
    status = RunToEnd(user_, {"/bin/cp", "-a", "-T", empty, data()}, log_);
  }
  if (status.ok() && options_.space_bytes > 0) {
    status = RunToEnd(user_, {"/bin/mv", "-T", data() + "/pg_wal", directory_ + "/wal"}, log_);
    if (status.ok()) {
      status = RunToEnd(user_, {"/bin/ln", "-s", directory_ + "/wal", data() + "/pg_wal"}, log_);
    }
  }
  return status;
}

Status PostgresServer::ChoosePort() {
  if (!options_.tcp) {
    port_ = 5432;  // only a part of the name of the socket
    return Status::Ok();
  }
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  const bool found = ::bind(probe, reinterpret_cast<sockaddr*>(&address), bytes) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &bytes) == 0;
  ::close(probe);
  port_ = ntohs(address.sin_port);
  return found ? Status::Ok() : Failed("looking for a free port");
}

Status PostgresServer::Launch() {
  std::vector<std::string> arguments = {
      programs_ + "/postgres", "-D", data(), "-k", directory_, "-p", std::to_string(port_)};
  std::vector<std::string> settings = {
      options_.tcp ? "listen_addresses=127.0.0.1" : "listen_addresses=", "log_min_messages=warning",
      "unix_socket_permissions=0777"};
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  for (const std::string& setting : settings) {
    arguments.insert(arguments.end(), {"-c", setting});
  }
  Status status = Spawn(user_, arguments, log_, &process_);
  if (status.ok()) {
    guard_->Watch(process_);
    status = WaitUntilReady();
  }
  return status;
}

Status PostgresServer::WaitUntilReady() {
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  const std::string where = connection();
  while (PQping(where.c_str()) != PQPING_OK) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      guard_->Watch(-1);
      return Status::Unavailable("the server ended; see " + log_);
    }
    if (std::chrono::steady_clock::now() > deadline) {
      Kill();
      return Status::Unavailable("the server does not answer; see " + log_);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return Status::Ok();
}

Status PostgresServer::NewDatabase(const std::string& name) {
  return Execute("CREATE DATABASE \"" + name + "\"");
}

Status PostgresServer::Execute(const std::string& statements, std::string* value,
                               std::string_view database) {
  PGconn* server = PQconnectdb(connection(database).c_str());
  Status status;
  PGresult* result = nullptr;
  if (PQstatus(server) == CONNECTION_OK) {
    result = PQexec(server, statements.c_str());
  }
  const ExecStatusType answer = PQresultStatus(result);
  if (answer != PGRES_COMMAND_OK && answer != PGRES_TUPLES_OK) {
    status = Status::Unavailable(PQerrorMessage(server));
  } else if (value != nullptr) {
    const bool any = PQntuples(result) > 0 && PQnfields(result) > 0;
    *value = any ? PQgetvalue(result, 0, 0) : "";
  }
  PQclear(result);
  PQfinish(server);
  return status;
}

void PostgresServer::Kill() {
  if (running()) {
    KillWithChildren(process_);
    process_ = -1;
    guard_->Watch(-1);
  }
}

Status PostgresServer::End(int signal) {
  if (!running()) {
    return Status::Ok();
  }
  ::kill(process_, signal);
  int code = 0;
  const auto deadline = std::chrono::steady_clock::now() + kEndMax;
  while (::waitpid(process_, &code, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      Kill();
      return Status::IoError("the server did not end; see " + log_);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  process_ = -1;
  guard_->Watch(-1);
  return code == 0 ? Status::Ok() : Status::IoError("the server ended badly; see " + log_);
}

void PostgresServer::StopImmediate() {
  End(SIGQUIT).PermitUnchecked();
}

Status PostgresServer::Stop() {
  return End(SIGINT);
}

Status PostgresServer::Restart() {
  return running() ? Status::InvalidArgument("the server is running") : Launch();
}

Status PostgresServer::StartStandby(std::unique_ptr<PostgresServer>* standby) {
  standby->reset();
  PostgresOptions options = options_;
  options.directory.clear();
  options.space_bytes = 0;
  std::unique_ptr<PostgresServer> made(new PostgresServer(options));
  Status status = made->MakeDirectory();
  if (status.ok()) {
    status = RunToEnd(user_,
                      {programs_ + "/pg_basebackup", "-D", made->data(), "-R", "-c", "fast", "-d",
                       connection() + " application_name=" + kStandbyName},
                      made->log_);
  }
  if (status.ok()) {
    status = made->ChoosePort();
  }
  if (status.ok()) {
    made->standby_ = true;
    status = made->Launch();
  }
  if (status.ok()) {
    status = Execute(std::string("ALTER SYSTEM SET synchronous_standby_names = ") + kStandbyName);
  }
  if (status.ok()) {
    status = Execute("SELECT pg_reload_conf()");
  }
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  for (std::string state; status.ok() && state != "sync";) {
    status = Execute("SELECT sync_state FROM pg_stat_replication", &state);
    if (std::chrono::steady_clock::now() > deadline) {
      status = Status::Unavailable("the standby does not follow; see " + made->log_);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (status.ok()) {
    *standby = std::move(made);
  }
  return status;
}

Status PostgresServer::Promote() {
  if (!standby_) {
    return Status::InvalidArgument("not a standby");
  }
  std::string done;
  Status status = Execute("SELECT pg_promote(true, 60)", &done);
  if (status.ok() && done != "t") {
    status = Status::Unavailable("the standby was not promoted; see " + log_);
  }
  standby_ = !status.ok();
  return status;
}

Status PostgresServer::FillSpace(uint64_t left) {
  struct statvfs room = {};
  if (!mounted_ || ::statvfs(data().c_str(), &room) != 0) {
    return Status::InvalidArgument("no small file system");
  }
  const uint64_t free = uint64_t{room.f_bavail} * room.f_frsize;
  if (free <= left) {
    return Status::Ok();
  }
  const int filler = ::open((data() + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  struct stat taken = {};
  if (filler < 0 || ::fstat(filler, &taken) != 0) {
    return Failed("filling " + data());
  }
  errno = ::posix_fallocate(filler, taken.st_size, static_cast<off_t>(free - left));
  const Status status = errno == 0 ? Status::Ok() : Failed("filling " + data());
  ::close(filler);
  return status;
}

Status PostgresServer::FreeSpace() {
  return ::unlink((data() + "/filler").c_str()) == 0 ? Status::Ok() : Failed("freeing " + data());
}

}  // namespace tallystone::testing
