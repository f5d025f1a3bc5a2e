// A process of its own that writes to a store until it is killed, or ends itself at a given step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "store_support/window_maker.h"

namespace tallystone::testing {

inline constexpr const char* kCrashChildFlag = "--crash-child";

// What child and parent agree on.
inline constexpr uint64_t kCrashSeed = 77;
inline constexpr int kCrashExit = 42;
WindowShape CrashShape();

// In the child. Arguments: "stream" path ingest_lines_min | "replay" path steps.
//   stream   applies the windows after the marker, one after the other, for ever
//   replay   replays the next window key by key, ends with kCrashExit after `steps` writes, or with
//   0
//            once the window is applied
int RunCrashChild(int argc, char** argv);

// In the parent: starts this program as a child. Returns its process id.
pid_t StartCrashChild(const std::vector<std::string>& arguments);
// Waits for it. Returns its exit code, or minus the signal that ended it.
int WaitForCrashChild(pid_t child);

}  // namespace tallystone::testing
