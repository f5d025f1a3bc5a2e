// SegmentWriter: puts groups of records behind one another, segment after segment.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "batchlog/segment_directory.h"

namespace tallystone::batchlog {

// One thread at a time, except syncs(). After an error it must not be used again: what the file
// holds behind the last synced record is unknown.
class SegmentWriter {
 public:
  explicit SegmentWriter(SegmentDirectory* directory) : directory_(directory) {}

  // Begins a segment whose first record will be `first`. Everything before it must be synced.
  Status Start(Lsn first);

  // Writes and syncs `group` (consecutive LSNs, not empty): one write and one sync for each segment
  // that it touches. `synced`: the last record that is durable already.
  Status Write(std::span<const LoggedChunk> group, Lsn synced);

  [[nodiscard]] uint64_t syncs() const { return syncs_.load(std::memory_order_relaxed); }

 private:
  Status WriteBuffer();

  SegmentDirectory* const directory_;
  OpenSegment segment_;
  uint64_t offset_ = 0;  // where the next record goes, less what is in the buffer
  std::string buffer_;   // kept from group to group
  std::atomic<uint64_t> syncs_ = 0;
};

}  // namespace tallystone::batchlog
