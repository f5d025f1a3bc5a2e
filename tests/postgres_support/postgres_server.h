// PostgresServer: a PostgreSQL of its own for a test or a run of the bench, which can be killed,
// started again, filled up and followed by a standby.
//
// A private directory with a Unix socket in it; fsync and synchronous_commit are on, as they are by
// default; the superuser is "tallystone", without a password. The empty cluster is made once for a
// machine and then copied, so all servers have the same system identifier.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "postgres_support/server_process.h"
#include "tallystone/status.h"

namespace tallystone::testing {

struct PostgresOptions {
  // Where the server's directory "pg" is made, which is the caller's to remove. Empty: one of its
  // own, which is removed at the end. User postgres must be able to enter it.
  std::string directory;
  // Listens on 127.0.0.1 too, at a free port.
  bool tcp = false;
  // name=value, as in postgresql.conf.
  std::vector<std::string> settings;
  // The data (not the write-ahead log, whose end would be the server's) is on a file system of its
  // own of so many bytes, in memory; see FillSpace. At least 64 MiB; needs root. 0 = no.
  uint64_t space_bytes = 0;
};

// Not thread-safe, except that Kill may be called beside anything but a start or stop.
class PostgresServer {
 public:
  // kUnavailable: there is no PostgreSQL on this machine, or no user to run it as. What a test that
  // is skipped says.
  static Status Installed();

  // Makes an empty cluster and starts a server on it. kUnavailable: that failed, and why.
  static Status Start(const PostgresOptions& options, std::unique_ptr<PostgresServer>* server);
  // Ends the server, however it is, and removes what is its own.
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // For PQconnectdb, through the socket.
  [[nodiscard]] std::string connection(std::string_view database = "postgres") const;
  // The same to a loopback port: the server's own, or that of a proxy.
  [[nodiscard]] static std::string ConnectionTo(uint16_t port,
                                                std::string_view database = "postgres");
  // 0 without `tcp`.
  [[nodiscard]] uint16_t port() const { return options_.tcp ? port_ : 0; }
  // What the server had to say is in directory()/log.
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] bool running() const { return process_ > 0; }

  // Makes an empty database.
  Status NewDatabase(const std::string& name);
  // Runs statements, as one transaction unless they say otherwise. `value`, if not null, gets the
  // first value of the last result; "" where it is null or there is none.
  Status Execute(const std::string& statements, std::string* value = nullptr,
                 std::string_view database = "postgres");

  // SIGKILL to the postmaster and all its children, as if the power went for them alone.
  void Kill();
  // SIGQUIT: ends without a checkpoint; sessions see a warning, then a lost connection.
  void StopImmediate();
  // SIGINT: sessions are told (57P01) and ended, a checkpoint is written.
  Status Stop();
  // After any of these three; on the same socket and port. Returns when it accepts connections.
  Status Restart();

  // A standby of this server, in a directory of its own with this server's settings and `tcp`. From
  // its return on every commit here waits until the standby has it on its disk.
  Status StartStandby(std::unique_ptr<PostgresServer>* standby);
  // Makes a standby a server of its own. The one that it followed should have ended.
  Status Promote();

  // Takes all room on the small file system but `left` bytes (kept in a file), or gives it back.
  // For a server with `space_bytes`.
  Status FillSpace(uint64_t left);
  Status FreeSpace();

 private:
  explicit PostgresServer(const PostgresOptions& options) : options_(options) {}
  Status MakeDirectory();
  Status MakeSmallFileSystem();
  Status MakeCluster();
  Status ChoosePort();
  Status Launch();
  // Waits until it answers; kUnavailable: it ended.
  Status WaitUntilReady();
  // Sends the signal and waits for the end; after a long time it is killed.
  Status End(int signal);
  [[nodiscard]] std::string data() const;

  const PostgresOptions options_;
  ServerUser user_;
  std::string programs_;   // directory
  std::string directory_;  // of socket, log, data
  std::string log_;
  uint16_t port_ = 0;
  bool mounted_ = false;
  bool standby_ = false;
  pid_t process_ = -1;
  std::unique_ptr<ServerGuard> guard_;
};

}  // namespace tallystone::testing
