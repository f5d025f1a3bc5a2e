#include "process/give_way.h"

#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace tallystone::tool {
namespace {

// <linux/ioprio.h> is not everywhere. Not the idle class: the writer's sync may have to wait for
// data of ours, of a backup, which a busy disk would then never write.
constexpr int kOnlyThisThread = 1;
constexpr int kBestEffortLast = 2 << 13 | 7;

void LowerThisThread() {
  const sched_param none = {};
  if (sched_setscheduler(0, SCHED_IDLE, &none) != 0) {
    setpriority(PRIO_PROCESS, 0, 19);  // of the thread, whatever POSIX says
  }
  syscall(SYS_ioprio_set, kOnlyThisThread, 0, kBestEffortLast);
}

}  // namespace

pid_t LockHolder(const std::string& path) {
  struct stat file = {};
  if (stat(path.c_str(), &file) != 0) {
    return 0;
  }
  // "1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF"; one that waits has "->" before FLOCK. The
  // device is that of the file system, which stat() need not give: the inode has to do.
  const std::string inode = ":" + std::to_string(file.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, process, place;
    words >> number >> kind >> mode >> access >> process >> place;
    if (kind == "FLOCK" && place.ends_with(inode)) {
      return static_cast<pid_t>(std::strtol(process.c_str(), nullptr, 10));
    }
  }
  return 0;
}

void GiveWayToWriter(const std::string& database) {
  const char* wanted = std::getenv("TALLYSTONE_PRIORITY");
  if ((wanted != nullptr && std::string_view(wanted) == "normal") ||
      LockHolder(database + "/LOCK") == 0) {
    return;
  }
  LowerThisThread();
}

}  // namespace tallystone::tool
