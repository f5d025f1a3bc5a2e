// LogWalk: every record of a log that can be read, past whatever is damaged.
//
// A writer may be at work. What looks like damage is damage only if, after it was read, its segment
// still has its live name: a name is never used again, and before a file gets another one, or is
// removed, the store has everything in it (segment_directory.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batchlog/log_scan.h"
#include "batchlog/segment_reader.h"

namespace tallystone::batchlog {

enum class LogStepKind : uint8_t {
  kSegment,  // a segment begins
  kRecord,
  kDamage,
  kTornTail,  // something stands behind the last record that nobody was told of
  kReleased,  // the segment was released meanwhile; what was not read of it is in the store
  kEnd,
};

struct LogStep {
  LogStepKind kind = LogStepKind::kEnd;
  uint64_t sequence = 0;  // of the segment
  uint64_t offset = 0;
  uint64_t end_offset = 0;   // behind it
  Lsn lsn = 0;               // kSegment: of its first record; kRecord: its own
  std::string_view payload;  // kRecord; until the next step
  // kDamage: records that are missing. 0 = it is not known which, or how many.
  Lsn first_lost = 0;
  Lsn last_lost = 0;
  bool nothing_lost = false;  // kDamage: no record stood there
  std::string what;
};

// Not thread-safe.
class LogWalk {
 public:
  // Nothing is owned. `database_id`: "" = whichever the first segment has.
  LogWalk(FileSystem* file_system, std::string directory, std::string database_id)
      : file_system_(file_system),
        directory_(std::move(directory)),
        database_id_(std::move(database_id)) {}

  // An error is one of the file system, or a record of a newer version; the walk has ended then.
  Status Next(LogStep* step);

  // What was found at the beginning.
  [[nodiscard]] const std::vector<LiveSegment>& segments() const { return segments_; }
  [[nodiscard]] const std::vector<uint64_t>& free_segments() const { return free_; }
  [[nodiscard]] const std::string& database_id() const { return database_id_; }
  [[nodiscard]] std::string PathOf(uint64_t sequence) const;

 private:
  // Each sets *told if *step has something to say.
  Status EnterSegment(LogStep* step, bool* told);
  Status ReadSegment(LogStep* step, bool* told);
  void TakeSound(const Record& record, LogStep* step, bool* told);
  // There is no record where one should be.
  Status JudgeHole(LogStep* step, bool* told);
  Status EndSegment(bool torn, LogStep* step, bool* told);
  Status TellHeader(const Status& damage, LogStep* step, bool* told);
  // The records of a segment whose header is damaged can be read all the same: each says of which
  // life of which segment it is, and they follow what was read before.
  Status TryHeadless(LogStep* step, bool* told);
  // Reads the records from `first` on; says that the segment begins.
  Status Begin(std::unique_ptr<SegmentReader> reader, uint64_t offset, Lsn first, LogStep* step,
               bool* told);
  void TellGap(Lsn first, LogStep* step, bool* told);
  Status Release(LogStep* step, bool* told);

  void Tell(LogStepKind kind, LogStep* step, bool* told);
  // Goes on at record `next` (0 = any); says that those before it are missing.
  void SetLost(Lsn next, LogStep* step);
  // *changed: the segment is to be entered again.
  Status CheckGap(bool* changed);
  void LeaveSegment();
  // Replaces what comes by what is there now.
  Status ListAgain();
  // First LSN of the next segment behind `index` whose header can be read.
  Status PeekFirst(size_t index, std::optional<Lsn>* first);
  [[nodiscard]] bool IsGone(uint64_t sequence) const {
    return !file_system_->Exists(PathOf(sequence));
  }

  FileSystem* const file_system_;
  const std::string directory_;
  std::string database_id_;
  bool begun_ = false;
  std::vector<LiveSegment> segments_;
  std::vector<uint64_t> free_;
  size_t index_ = 0;        // of the segment that is read, or comes next
  uint64_t entered_ = 0;    // sequence of the one that was entered last
  uint64_t waited_at_ = 0;  // offset at which a writer was given time
  std::unique_ptr<SegmentReader> reader_;
  std::unique_ptr<SegmentReader> headless_;  // comes next, with record next_
  uint64_t headless_at_ = 0;                 // which stands there
  std::optional<Lsn> limit_;                 // where the segment after it begins
  uint64_t offset_ = 0;
  Lsn next_ = 0;  // the record that is expected; 0 = any
  // What was expected before segments whose headers cannot be read.
  std::optional<Lsn> hole_from_;
  Lsn synced_ = 0;  // what the record before attests
};

}  // namespace tallystone::batchlog
