// SIGINT and SIGTERM: the work in hand is brought to a safe end, then the program leaves.
#pragma once

#include <atomic>

namespace tallystone::tool {

// From now on SIGINT and SIGTERM only leave a note; a second one ends the process at once (exit
// 130), which is safe at any moment but leaves the rest to the next start. SIGPIPE is ignored:
// writes answer EPIPE.
void InstallSignalHandlers();

// From now on the first signal ends the process at once (exit 130): for work that changes nothing.
void LetSignalsEndAtOnce();

// A signal came.
bool Interrupted();

// The same for who looks at a flag.
const std::atomic<bool>& InterruptFlag();

// Becomes readable when a signal comes, for poll(). -1 before InstallSignalHandlers.
int InterruptFd();

}  // namespace tallystone::tool
