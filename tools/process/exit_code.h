// The exit codes of the program and how a Status becomes one.
#pragma once

#include <string_view>

#include "tallystone/status.h"

namespace tallystone::tool {

// Part of the program's interface: scripts read them.
enum ExitCode : int {
  kExitOk = 0,
  kExitDeadLetters = 1,  // finished, and some lines failed
  kExitDifferent = 1,    // diff: the two databases are not equal
  kExitUsage = 2,
  kExitNotFound = 3,
  kExitLocked = 4,
  kExitCorruption = 5,
  kExitInput = 6,  // the input is not usable; nothing was applied
  kExitFenced = 7,
  kExitFormat = 8,
  kExitIo = 74,
  kExitInterrupted = 130,
};

ExitCode ExitCodeOf(const Status& status);

// Writes "tallystone: <message>" to stderr, control bytes made visible.
void PrintMessage(std::string_view message);

// A signal came, and that is why a server was waited for no longer.
bool EndedByInterrupt(const Status& status);

// PrintMessage of a Status that is not OK, and the exit code that goes with it; kExitInterrupted
// where EndedByInterrupt.
ExitCode Fail(const Status& status);

}  // namespace tallystone::tool
