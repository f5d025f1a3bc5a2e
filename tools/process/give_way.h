// A command that only looks gives way to the program that writes the database.
#pragma once

#include <string>

#include <sys/types.h>

namespace tallystone::tool {

// The process that holds the flock of `path`; 0 = none does. Takes no lock itself: it reads the
// kernel's list of them, in which processes outside of this container are missing.
pid_t LockHolder(const std::string& path);

// If a writer is at work on `database`: this thread, and those that it starts from now on, run only
// on cores that nobody else wants (SCHED_IDLE), and their I/O comes last, for good. The environment
// variable TALLYSTONE_PRIORITY=normal leaves all as it is. Cannot fail.
void GiveWayToWriter(const std::string& database);

}  // namespace tallystone::tool
