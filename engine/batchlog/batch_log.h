// BatchLog: what was accepted, in order, durable (DESIGN 4.3). The format of a segment is in
// format.h.
//
// Appends from many threads share syncs: the first that needs one becomes the leader, writes and
// syncs everything appended so far, hands the group's records in LSN order to `on_durable`, and
// wakes the others (leader/follower group commit, as in LevelDB's writer queue and PostgreSQL's
// commit_delay). A failed write or sync stops the log for good: it is never tried again (what the
// kernel did with the pages is unknown).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "model/ids.h"
#include "model/metrics.h"
#include "tallystone/listener.h"
#include "window/sorted_window.h"

namespace tallystone {

struct BatchLogOptions {
  FileSystem* file_system = FileSystem::Posix();
  size_t segment_bytes = 16u << 20;
  size_t free_segments_max = 4;  // kept for recycling; more are removed
  Logger* logger = nullptr;
  Listener* listener = nullptr;   // not owned; may be null
  LogMetrics* metrics = nullptr;  // what is counted into, not owned; null: into the log's own
};

// What a log said when it was opened or looked at.
struct LogTail {
  Lsn first = 0;        // first record in the log; 0 = empty
  Lsn last = 0;         // last valid record; 0 = empty
  Lsn next = 1;         // the LSN after the last record there ever was
  bool torn = false;    // something that was never acknowledged stood behind it
  std::string torn_at;  // "0000000002.log at byte 8192"
};

class BatchLog {
 public:
  // Called by the leader for every record that became durable, in LSN order, one thread at a time,
  // without the log's lock. Must not call Append or Sync.
  using DurableFunction = std::function<void(const LoggedChunk&)>;
  // Called for each record with lsn > `after` while opening, in order. An error ends it.
  using ReplayFunction = std::function<Status(const LoggedChunk&)>;

  // Opens the log in directory `path` (created if missing and `create`), replays the records after
  // `after`, cuts a torn tail, and starts a fresh segment, so nothing that stood behind the tail
  // can ever be read as new. kCorruption: a damaged record with valid later ones behind it, a gap,
  // a record missing between `after` and the first one there; the message has file and position,
  // and nothing is touched. kFormatMismatch: another database's log, or a newer format.
  static Status Open(const BatchLogOptions& options, const std::string& path,
                     const std::string& database_id, Lsn after, const ReplayFunction& replay,
                     DurableFunction on_durable, std::unique_ptr<BatchLog>* log);

  // Makes an empty log in directory `path`, which must not be there, whose first record will be
  // `next`.
  static Status Create(const BatchLogOptions& options, const std::string& path,
                       const std::string& database_id, Lsn next, std::unique_ptr<BatchLog>* log);

  // The same checks as Open, of a log that nobody writes; changes nothing.
  static Status Check(const BatchLogOptions& options, const std::string& path,
                      const std::string& database_id, Lsn after, LogTail* tail);

  // Reads a log that someone else may be writing; takes no lock, changes nothing. Records that
  // appear or are recycled meanwhile are missed or end it at the tail, never wrong.
  static Status Read(const BatchLogOptions& options, const std::string& path,
                     const std::string& database_id, Lsn after, const ReplayFunction& replay,
                     LogTail* tail);

  // Waits for syncs under way; records that were appended and not synced are synced.
  ~BatchLog();

  // Takes the next record and gives it the next LSN. Not durable yet; if much is waiting, the
  // caller writes and syncs it. After a failure: kUnavailable with the first cause.
  Status Append(std::shared_ptr<const std::string> payload, Lsn* lsn);

  // Waits until everything up to `lsn` is durable and has been through on_durable.
  Status Sync(Lsn lsn);

  // Segments whose records are all <= `applied` are not needed any more.
  Status Release(Lsn applied);

  [[nodiscard]] Lsn first() const;    // oldest record in the log, 0 = none
  [[nodiscard]] Lsn last() const;     // last appended
  [[nodiscard]] Lsn durable() const;  // last durable
  [[nodiscard]] uint64_t syncs() const;
  [[nodiscard]] LogTail opened() const;  // what Open found
  [[nodiscard]] Status status() const;   // OK, or why it stopped

 private:
  struct Impl;
  explicit BatchLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallystone
