// SegmentWriter: puts groups of records behind one another, segment after segment.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "batchlog/segment_directory.h"

namespace tallystone::batchlog {

// One thread at a time. After an error it must not be used again: what the file
// holds behind the last synced record is unknown.
class SegmentWriter {
 public:
  // Neither is owned.
  SegmentWriter(SegmentDirectory* directory, LogMetrics* metrics)
      : directory_(directory), metrics_(metrics) {}

  // Begins a segment whose first record will be `first`. Everything before it must be synced.
  Status Start(Lsn first);

  // Writes and syncs `group` (consecutive LSNs, not empty): one write and one sync for each segment
  // that it touches. `synced`: the last record that is durable already.
  Status Write(std::span<const LoggedChunk> group, Lsn synced);

 private:
  Status WriteBuffer();

  SegmentDirectory* const directory_;
  LogMetrics* const metrics_;
  OpenSegment segment_;
  uint64_t offset_ = 0;    // where the next record goes, less what is in the buffer
  std::string buffer_;     // kept from group to group
  uint64_t buffered_ = 0;  // records in it
};

}  // namespace tallystone::batchlog
