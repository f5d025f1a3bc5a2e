#include "process/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "process/exit_code.h"

namespace tallystone::tool {
namespace {

std::atomic<bool> interrupted{false};
std::atomic<bool> end_at_once{false};
int wake_pipe[2] = {-1, -1};

// Runs in whatever thread the kernel picks; only async-signal-safe calls.
void OnSignal(int) {
  if (interrupted.exchange(true) || end_at_once) {
    _exit(kExitInterrupted);
  }
  const int saved = errno;
  const char byte = 1;
  [[maybe_unused]] const ssize_t written = write(wake_pipe[1], &byte, 1);
  errno = saved;
}

}  // namespace

void InstallSignalHandlers() {
  signal(SIGPIPE, SIG_IGN);
  if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    return;  // the default action ends the process, which is safe too
  }
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void LetSignalsEndAtOnce() {
  end_at_once = true;
  if (interrupted) {  // it came before
    _exit(kExitInterrupted);
  }
}

bool Interrupted() {
  return interrupted.load(std::memory_order_relaxed);
}

const std::atomic<bool>& InterruptFlag() {
  return interrupted;
}

int InterruptFd() {
  return wake_pipe[0];
}

}  // namespace tallystone::tool
