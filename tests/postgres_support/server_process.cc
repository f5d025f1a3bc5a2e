#include "postgres_support/server_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace tallystone::testing {
namespace {

constexpr const char* kUser = "postgres";
constexpr std::chrono::seconds kEndMax(20);  // for killed processes to be gone
constexpr int kFirstOtherDescriptor = 3;

Status Failed(const std::string& what) {
  return Status::Unavailable(what + ": " + std::strerror(errno));
}

// What follows the name in /proc/N/stat; the name may hold anything.
struct ProcessState {
  char state = 'X';  // 'Z' = ended, not yet waited for; 'X' = there is none
  pid_t parent = -1;
};

ProcessState StateOf(pid_t process) {
  ProcessState state;
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string line((std::istreambuf_iterator<char>(file)), {});
  const size_t name_end = line.rfind(')');
  if (name_end != std::string::npos && name_end + 4 < line.size()) {
    state.state = line[name_end + 2];
    state.parent = std::atoi(line.c_str() + name_end + 4);
  }
  return state;
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  DIR* directory = ::opendir("/proc");
  if (directory == nullptr) {
    return children;
  }
  while (const dirent* entry = ::readdir(directory)) {
    const pid_t process = std::atoi(entry->d_name);
    if (process > 0 && StateOf(process).parent == parent) {
      children.push_back(process);
    }
  }
  ::closedir(directory);
  return children;
}

bool Ended(pid_t process) {
  const char state = StateOf(process).state;
  return state == 'X' || state == 'Z';
}

// The life of a guard: after a fork of a process that may have threads, so nothing but system calls
// until all that it guards is over.
[[noreturn]] void Guard(int pipe, const char* mounted, const char* removed) {
  ::setsid();  // the terminal's signals are not for it
  ::dup2(pipe, 0);
  ::close_range(1, ~0u, 0);  // whoever waits for the end of our pipes need not wait for the guard
  pid_t server = -1;
  for (pid_t word = 0;;) {
    const ssize_t got = ::read(0, &word, sizeof(word));
    if (got == static_cast<ssize_t>(sizeof(word))) {
      if (word == 0) {
        ::_exit(0);  // the goodbye
      }
      server = word;
    } else if (got >= 0 || errno != EINTR) {
      break;
    }
  }
  if (server > 0) {
    ::kill(server, SIGQUIT);
    for (int wait = 0; wait < 100 && ::kill(server, 0) == 0; ++wait) {
      ::usleep(100'000);
    }
  }
  if (*mounted != '\0') {
    ::umount2(mounted, MNT_DETACH);
  }
  if (*removed != '\0') {
    ::execl("/bin/rm", "rm", "-rf", removed, nullptr);
  }
  ::_exit(0);
}

}  // namespace

Status FindServerUser(ServerUser* user) {
  *user = {::geteuid(), ::getegid(), false};
  if (user->uid != 0) {
    return Status::Ok();
  }
  const passwd* found = ::getpwnam(kUser);
  if (found == nullptr) {
    return Status::Unavailable("there is no user 'postgres' to run a server as");
  }
  *user = {found->pw_uid, found->pw_gid, true};
  return Status::Ok();
}

Status Spawn(const ServerUser& user, const std::vector<std::string>& arguments,
             const std::string& log, pid_t* process) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  *process = ::fork();
  if (*process != 0) {
    return *process > 0 ? Status::Ok() : Failed("starting " + arguments.front());
  }
  // The child; nothing but system calls.
  if (user.other &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user.gid) != 0 || ::setuid(user.uid) != 0)) {
    ::_exit(126);
  }
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(kFirstOtherDescriptor, ~0u, 0);
  ::setsid();  // a terminal's interrupt ends the test, and the test ends the server
  ::execv(pointers.front(), pointers.data());
  ::_exit(127);
}

Status RunToEnd(const ServerUser& user, const std::vector<std::string>& arguments,
                const std::string& log) {
  pid_t process = -1;
  Status status = Spawn(user, arguments, log, &process);
  int code = 0;
  if (status.ok() && (::waitpid(process, &code, 0) != process || code != 0)) {
    status = Status::Unavailable(arguments.front() + " failed; see " + log);
  }
  return status;
}

void KillWithChildren(pid_t process) {
  ::kill(process, SIGSTOP);
  int code = 0;
  if (::waitpid(process, &code, WUNTRACED) == process && !WIFSTOPPED(code)) {
    return;  // it had ended by itself
  }
  const std::vector<pid_t> children = ChildrenOf(process);
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
  }
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
  const auto deadline = std::chrono::steady_clock::now() + kEndMax;
  for (const pid_t child : children) {
    while (!Ended(child) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

ServerGuard::ServerGuard(std::string mounted, std::string removed) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return;
  }
  process_ = ::fork();
  if (process_ == 0) {
    Guard(ends[0], mounted.c_str(), removed.c_str());
  }
  ::close(ends[0]);
  pipe_ = ends[1];
}

ServerGuard::~ServerGuard() {
  if (process_ > 0) {
    const pid_t goodbye = 0;
    // Before the pipe ends: other children of ours may hold it open.
    if (::write(pipe_, &goodbye, sizeof(goodbye)) == static_cast<ssize_t>(sizeof(goodbye))) {
      ::waitpid(process_, nullptr, 0);
    }
  }
  if (pipe_ >= 0) {
    ::close(pipe_);
  }
}

void ServerGuard::Watch(pid_t process) {
  const pid_t word = process > 0 ? process : -1;
  if (process_ > 0 && ::write(pipe_, &word, sizeof(word)) != static_cast<ssize_t>(sizeof(word))) {
    ::close(pipe_);  // a guard that does not hear is of no use
    pipe_ = -1;
    process_ = -1;
  }
}

}  // namespace tallystone::testing
