// SegmentDirectory: which segments there are, and how one comes to life and ends.
//
//            StartSegment                       Release
//   free  ------------------->  live  ------------------------->  free, or removed
//   (or made)   header synced,        renamed, directory synced
//               renamed, directory synced
//
// Each arrow is one rename, durable before anything else happens; so after a crash at any point
// every file is on one side or the other, and a live one has a sound header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "batchlog/batch_log.h"
#include "batchlog/log_scan.h"

namespace tallystone::batchlog {

// A live segment that is being written.
struct OpenSegment {
  std::unique_ptr<File> file;
  uint64_t sequence = 0;
  uint64_t bytes = 0;   // its size
  uint64_t extent = 0;  // bytes of the file that are allocated and written
};

// Thread-safe: the group leader starts segments, the drain releases them.
class SegmentDirectory {
 public:
  SegmentDirectory(const BatchLogOptions& options, std::string path, std::string database_id);

  // Takes over what a scan found.
  void Adopt(const LogContents& contents);

  // Brings a segment to life that begins with record `first` and has room for `record_bytes`.
  // Everything in the segment before it must be synced.
  Status StartSegment(Lsn first, uint64_t record_bytes, OpenSegment* segment);

  // Frees segments, oldest first, whose records are all <= `applied`; never the newest.
  Status Release(Lsn applied);
  // Frees the segments that have no record at all; never the newest. Removes free ones beyond the
  // limit.
  Status Tidy();

  // First LSN of the oldest live segment.
  [[nodiscard]] Lsn first() const;

 private:
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  Status OpenFree(uint64_t bytes, OpenSegment* segment, std::string* path) TS_REQUIRES(mutex_);
  Status Retire(size_t index) TS_REQUIRES(mutex_);
  // A directory that cannot be synced may come back in any state, so no arrow is taken after that.
  Status SyncDirectory() TS_REQUIRES(mutex_);

  const BatchLogOptions options_;
  const std::string path_;
  const std::string database_id_;
  mutable Mutex mutex_;
  std::vector<LiveSegment> live_ TS_GUARDED_BY(mutex_);
  std::vector<uint64_t> free_ TS_GUARDED_BY(mutex_);
  uint64_t next_sequence_ TS_GUARDED_BY(mutex_) = 1;
  Status broken_ TS_GUARDED_BY(mutex_);
};

}  // namespace tallystone::batchlog
