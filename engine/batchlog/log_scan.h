// Reading a whole log: finds its segments, checks every record, decides where it ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "batchlog/batch_log.h"

namespace tallystone::batchlog {

struct LiveSegment {
  uint64_t sequence = 0;
  Lsn first = 0;
};

struct LogContents {
  std::vector<LiveSegment> segments;    // ascending
  std::vector<uint64_t> free_segments;  // ascending
  LogTail tail;
  // Where the records of the newest segment end, and where the last group of them begins: the
  // records from there on may have been read from the page cache without ever having been durable.
  uint64_t end_offset = 0;
  uint64_t last_group_offset = 0;
};

// The segments by their names; LiveSegment::first is left 0. A directory that is not there has
// none.
Status ListSegments(FileSystem* file_system, const std::string& directory,
                    std::vector<LiveSegment>* live, std::vector<uint64_t>* free);

// Hands the records after `after` to `replay` (may be null) and fills *contents. Changes nothing.
// kCorruption: see BatchLog::Open; the message says where and why. kNotFound: a file vanished.
// *starts_after: the log begins with an LSN > after + 1 (that is kCorruption too).
Status ScanLog(FileSystem* file_system, const std::string& directory,
               const std::string& database_id, Lsn after, const BatchLog::ReplayFunction& replay,
               LogContents* contents, bool* starts_after);

}  // namespace tallystone::batchlog
