#include "batchlog/log_scan.h"

#include <optional>

#include "base/check.h"
#include "batchlog/segment_end.h"
#include "batchlog/segment_reader.h"

namespace tallystone::batchlog {
namespace {

std::string At(const SegmentReader& reader, uint64_t offset) {
  return reader.path() + " at byte " + std::to_string(offset);
}

Status Damaged(const SegmentReader& reader, uint64_t offset, Lsn lsn, const std::string& proof) {
  return Status::Corruption(At(reader, offset) + ": record " + std::to_string(lsn) +
                            " cannot be read, but " + proof + "; nothing was changed");
}

class Scan {
 public:
  Scan(FileSystem* file_system, const std::string& directory, const std::string& database_id,
       Lsn after, const BatchLog::ReplayFunction& replay, LogContents* contents)
      : file_system_(file_system),
        directory_(directory),
        database_id_(database_id),
        after_(after),
        replay_(replay),
        contents_(contents) {}

  Status Run(bool* starts_after);

 private:
  Status ReadSegmentHeaders();
  Status CheckBeginning(bool* starts_after) const;
  // Reads the records of segment `index`; `next_first`: where the segment after it begins, if there
  // is one.
  Status ReadSegment(size_t index, std::optional<Lsn> next_first);
  Status Take(const SegmentReader& reader, uint64_t offset, const Record& record);

  FileSystem* const file_system_;
  const std::string& directory_;
  const std::string& database_id_;
  const Lsn after_;
  const BatchLog::ReplayFunction& replay_;
  LogContents* const contents_;
};

Status Scan::Run(bool* starts_after) {
  TS_RETURN_IF_ERROR(
      ListSegments(file_system_, directory_, &contents_->segments, &contents_->free_segments));
  std::vector<LiveSegment>& segments = contents_->segments;
  if (segments.empty()) {
    if (after_ == 0) {
      return Status::Ok();
    }
    return Status::Corruption(directory_ +
                              ": there is no log, but the store has everything up to record " +
                              std::to_string(after_) + "; was the log removed?");
  }
  TS_RETURN_IF_ERROR(ReadSegmentHeaders());
  TS_RETURN_IF_ERROR(CheckBeginning(starts_after));
  contents_->tail.next = segments.front().first;
  for (size_t index = 0; index < segments.size(); ++index) {
    const bool newest = index + 1 == segments.size();
    TS_RETURN_IF_ERROR(
        ReadSegment(index, newest ? std::nullopt : std::optional<Lsn>(segments[index + 1].first)));
  }
  if (contents_->tail.next <= after_) {
    return Status::Corruption(
        directory_ + ": the log ends with record " + std::to_string(contents_->tail.next - 1) +
        ", but the store has everything up to record " + std::to_string(after_) +
        "; the log is older than the store, or its end was damaged" +
        (contents_->tail.torn ? " (see " + contents_->tail.torn_at + ")" : ""));
  }
  if (contents_->tail.next > segments.front().first) {
    contents_->tail.first = segments.front().first;
    contents_->tail.last = contents_->tail.next - 1;
  }
  return Status::Ok();
}

// All headers before any record, so that each segment knows where the next one begins.
Status Scan::ReadSegmentHeaders() {
  Lsn before = 0;
  for (LiveSegment& segment : contents_->segments) {
    std::unique_ptr<SegmentReader> reader;
    TS_RETURN_IF_ERROR(
        SegmentReader::Open(file_system_, directory_, segment.sequence, database_id_, &reader));
    segment.first = reader->header().first;
    if (segment.first == 0 || segment.first < before) {
      return Status::Corruption(At(*reader, 24) + ": the segment begins with record " +
                                std::to_string(segment.first) +
                                ", which is before the segment before it");
    }
    before = segment.first;
  }
  return Status::Ok();
}

Status Scan::CheckBeginning(bool* starts_after) const {
  const Lsn first = contents_->segments.front().first;
  if (first <= after_ + 1) {
    return Status::Ok();
  }
  *starts_after = true;
  return Status::Corruption(
      directory_ + ": the log begins with record " + std::to_string(first) +
      ", but the store has everything up to record " + std::to_string(after_) +
      " only; records between are missing: the store is new or older than the log");
}

Status Scan::ReadSegment(size_t index, std::optional<Lsn> next_first) {
  std::unique_ptr<SegmentReader> reader;
  TS_RETURN_IF_ERROR(SegmentReader::Open(
      file_system_, directory_, contents_->segments[index].sequence, database_id_, &reader));
  if (reader->header().first != contents_->segments[index].first) {
    return Status::NotFound(reader->path() + " was replaced while it was read");
  }
  uint64_t offset = kSegmentHeaderBytes;
  contents_->last_group_offset = offset;
  while (!next_first.has_value() || contents_->tail.next < *next_first) {
    Record record;
    bool found = false;
    TS_RETURN_IF_ERROR(reader->ReadAt(offset, &record, &found));
    if (!found) {
      // The writer may have been faster than our window.
      reader->Refresh();
      TS_RETURN_IF_ERROR(reader->ReadAt(offset, &record, &found));
    }
    if (!found && next_first.has_value()) {
      return Damaged(*reader, offset, contents_->tail.next,
                     "the segment after it was begun when this record was durable");
    }
    if (!found) {
      SegmentEnd end;
      TS_RETURN_IF_ERROR(JudgeEnd(reader.get(), offset, contents_->tail.next, &end));
      if (end.damaged) {
        return Damaged(*reader, offset, contents_->tail.next,
                       "record " + std::to_string(end.witness) + " at byte " +
                           std::to_string(end.witness_at) + " was written after it was durable");
      }
      if (end.grown) {
        continue;
      }
      contents_->tail.torn = end.torn;
      if (end.torn) {
        contents_->tail.torn_at =
            SegmentName(reader->header().sequence) + " at byte " + std::to_string(offset);
      }
      break;
    }
    TS_RETURN_IF_ERROR(Take(*reader, offset, record));
    offset = record.end;
  }
  contents_->end_offset = offset;
  return Status::Ok();
}

Status Scan::Take(const SegmentReader& reader, uint64_t offset, const Record& record) {
  const Lsn lsn = record.header.lsn;
  if (lsn != contents_->tail.next || record.header.synced >= lsn) {
    return Status::Corruption(At(reader, offset) + ": record " + std::to_string(lsn) +
                              " stands where record " + std::to_string(contents_->tail.next) +
                              " should");
  }
  if (record.header.synced + 1 == lsn) {
    contents_->last_group_offset = offset;
  }
  ++contents_->tail.next;
  if (lsn <= after_ || replay_ == nullptr) {
    return Status::Ok();
  }
  return replay_({.lsn = lsn, .payload = std::make_shared<const std::string>(record.payload)});
}

}  // namespace

Status ListSegments(FileSystem* file_system, const std::string& directory,
                    std::vector<LiveSegment>* live, std::vector<uint64_t>* free) {
  live->clear();
  free->clear();
  TS_RETURN_IF_ERROR(file_system->ExpectDirectory(directory));
  std::vector<std::string> names;
  const Status listed = file_system->List(directory, &names);
  if (!listed.ok() && !listed.IsNotFound()) {
    return listed;
  }
  for (const std::string& name : names) {  // sorted, so the numbers ascend
    uint64_t sequence = 0;
    if (ParseSegmentName(name, &sequence)) {
      live->push_back({.sequence = sequence});
    } else if (ParseFreeSegmentName(name, &sequence)) {
      free->push_back(sequence);
    }
  }
  return Status::Ok();
}

Status ScanLog(FileSystem* file_system, const std::string& directory,
               const std::string& database_id, Lsn after, const BatchLog::ReplayFunction& replay,
               LogContents* contents, bool* starts_after) {
  *contents = LogContents();
  *starts_after = false;
  return Scan(file_system, directory, database_id, after, replay, contents).Run(starts_after);
}

}  // namespace tallystone::batchlog
