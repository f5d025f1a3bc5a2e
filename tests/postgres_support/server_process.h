// Processes of a test's own server: started as another user, killed with their children, and ended
// with the test whatever becomes of it.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "tallystone/status.h"

namespace tallystone::testing {

// Who a server runs as, because PostgreSQL refuses to be root: user "postgres" where we are root,
// else ourselves.
struct ServerUser {
  uid_t uid = 0;
  gid_t gid = 0;
  bool other = false;  // than ourselves
};
// kUnavailable: we are root and there is no user "postgres".
Status FindServerUser(ServerUser* user);

// Starts a program with the output appended to the file `log`. It gets none of our descriptors.
Status Spawn(const ServerUser& user, const std::vector<std::string>& arguments,
             const std::string& log, pid_t* process);
// The same, and waits for its end. kUnavailable: it answered with an error; `log` says which.
Status RunToEnd(const ServerUser& user, const std::vector<std::string>& arguments,
                const std::string& log);

// SIGKILL to our child `process` and to each of its children, as if at one moment: it is stopped
// while its children are looked up, so that it can neither start one nor let a number go to another
// process. Returns when all of them have ended.
void KillWithChildren(pid_t process);

// A small process that waits for our end. If we die without saying goodbye (a failed check, a time
// limit, SIGKILL), it ends the server and removes what it left.
//
// Better than a signal at the parent's death, which the kernel sends already when the thread that
// started the server ends.
class ServerGuard {
 public:
  // At our death `mounted` is unmounted and `removed` is removed with all below it, where they are
  // not empty.
  ServerGuard(std::string mounted, std::string removed);
  ~ServerGuard();
  ServerGuard(const ServerGuard&) = delete;
  ServerGuard& operator=(const ServerGuard&) = delete;

  // The server to end with us; -1 = none.
  void Watch(pid_t process);

 private:
  int pipe_ = -1;
  pid_t process_ = -1;
};

}  // namespace tallystone::testing
