// A process of its own that books a fixed list of batches until it is done or killed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tallystone/batch.h"

namespace tallystone::testing {

inline constexpr const char* kIngestChildFlag = "--ingest-child";

// The list that child and parent agree on: several tenants, good and bad lines, 0 to 1,200 lines
// each.
inline constexpr uint64_t kChildBatches = 60;
Batch ChildBatch(uint64_t number);

// In the child: opens `path` with small windows and segments, sends the whole list from the first
// batch on (what is there already is a resend), retries a dead letter now and then, and writes one
// line "NUMBER\n" to its standard output for each batch that was acknowledged. Returns its exit
// code, 0 = the list is done. `servers`: Options::servers.
int RunIngestChild(const std::string& path, const std::vector<std::string>& servers = {});

// In the parent: starts this program as a child. *acknowledged is the reading end of its standard
// output.
pid_t StartIngestChild(const std::string& path, const std::vector<std::string>& servers,
                       int* acknowledged);

// The numbers that it wrote, up to its end. Closes the pipe.
std::set<uint64_t> ReadAcknowledged(int pipe);
// Its exit code, or the signal that ended it, negative.
int WaitForChild(pid_t child);

}  // namespace tallystone::testing
