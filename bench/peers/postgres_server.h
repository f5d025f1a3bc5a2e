// PostgresServer: a PostgreSQL of its own for one run: private directory, Unix socket only, as its
// own user, fsync on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tallystone/status.h"

namespace tallystone::bench {

class PostgresServer {
 public:
  // Makes a database cluster in `directory`/pg and starts a server on it. kUnavailable: there is no
  // server to start on this machine, and why.
  static Status Start(const std::string& directory, std::unique_ptr<PostgresServer>* server);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // For PQconnectdb.
  [[nodiscard]] const std::string& connection() const { return connection_; }
  // Shuts it down in order (a checkpoint) and waits for its end.
  Status Stop();

 private:
  explicit PostgresServer(std::string directory);
  Status Make(const std::string& programs);
  Status Launch(const std::string& programs);
  // Starts a program as the user of the server, its output appended to the log.
  Status Spawn(const std::vector<std::string>& arguments, pid_t* child) const;
  [[nodiscard]] Status Failed(const std::string& what) const;

  const std::string directory_;
  const std::string log_;
  const std::string connection_;
  pid_t process_ = -1;
};

}  // namespace tallystone::bench
