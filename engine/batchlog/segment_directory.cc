#include "batchlog/segment_directory.h"

#include <algorithm>

#include "base/check.h"
#include "batchlog/format.h"

namespace tallystone::batchlog {

SegmentDirectory::SegmentDirectory(const BatchLogOptions& options, std::string path,
                                   std::string database_id)
    : options_(options), path_(std::move(path)), database_id_(std::move(database_id)) {}

void SegmentDirectory::Adopt(const LogContents& contents) {
  const MutexLock lock(&mutex_);
  live_ = contents.segments;
  free_ = contents.free_segments;
  next_sequence_ = 1;
  if (!live_.empty()) {
    next_sequence_ = live_.back().sequence + 1;
  }
  if (!free_.empty()) {
    next_sequence_ = std::max(next_sequence_, free_.back() + 1);
  }
}

Status SegmentDirectory::SyncDirectory() {
  if (broken_.ok()) {
    broken_ = options_.file_system->SyncDirectory(path_);
  }
  return broken_;
}

// Opens a free segment, or makes a file under the name of a free one.
Status SegmentDirectory::OpenFree(uint64_t bytes, OpenSegment* segment, std::string* path) {
  FileSystem* const file_system = options_.file_system;
  while (bytes == options_.segment_bytes && !free_.empty()) {
    *path = PathOf(FreeSegmentName(free_.back()));
    free_.pop_back();
    TS_RETURN_IF_ERROR(file_system->Open(*path, OpenMode::kReadWrite, &segment->file));
    TS_RETURN_IF_ERROR(segment->file->Size(&segment->extent));
    if (segment->extent <= bytes) {
      return Status::Ok();
    }
    TS_RETURN_IF_ERROR(file_system->Remove(*path));  // of a time with larger segments
  }
  *path = PathOf(FreeSegmentName(segment->sequence));
  segment->extent = 0;
  return file_system->Open(*path, OpenMode::kCreate, &segment->file);
}

Status SegmentDirectory::StartSegment(Lsn first, uint64_t record_bytes, OpenSegment* segment) {
  const MutexLock lock(&mutex_);
  TS_RETURN_IF_ERROR(broken_);
  OpenSegment made;
  made.sequence = next_sequence_++;
  made.bytes = std::max<uint64_t>(options_.segment_bytes, kSegmentHeaderBytes + record_bytes);
  std::string free_path;
  TS_RETURN_IF_ERROR(OpenFree(made.bytes, &made, &free_path));
  const SegmentHeader header = {.sequence = made.sequence,
                                .first = first,
                                .bytes = static_cast<uint32_t>(made.bytes),
                                .database_id = database_id_};
  TS_RETURN_IF_ERROR(made.file->Write(0, EncodeSegmentHeader(header)));
  TS_RETURN_IF_ERROR(made.file->Sync());
  TS_RETURN_IF_ERROR(options_.file_system->Rename(free_path, PathOf(SegmentName(made.sequence))));
  TS_RETURN_IF_ERROR(SyncDirectory());
  made.extent = std::max<uint64_t>(made.extent, kSegmentHeaderBytes);
  live_.push_back({.sequence = made.sequence, .first = first});
  *segment = std::move(made);
  return Status::Ok();
}

Status SegmentDirectory::Retire(size_t index) {
  const uint64_t sequence = live_[index].sequence;
  const std::string path = PathOf(SegmentName(sequence));
  const bool keep = free_.size() < options_.free_segments_max;
  TS_RETURN_IF_ERROR(keep ? options_.file_system->Rename(path, PathOf(FreeSegmentName(sequence)))
                          : options_.file_system->Remove(path));
  live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(index));
  // Before the next one goes: segments vanish from the front only. And before it is used again: a
  // live name must not come back on a file that has another header by then.
  TS_RETURN_IF_ERROR(SyncDirectory());
  if (keep) {
    free_.push_back(sequence);
  }
  return Status::Ok();
}

Status SegmentDirectory::Release(Lsn applied) {
  const MutexLock lock(&mutex_);
  TS_RETURN_IF_ERROR(broken_);
  while (live_.size() > 1 && live_[1].first <= applied + 1) {
    TS_RETURN_IF_ERROR(Retire(0));
  }
  return Status::Ok();
}

Status SegmentDirectory::Tidy() {
  const MutexLock lock(&mutex_);
  TS_RETURN_IF_ERROR(broken_);
  for (size_t index = 0; index + 1 < live_.size();) {
    if (live_[index].first == live_[index + 1].first) {
      TS_RETURN_IF_ERROR(Retire(index));
    } else {
      ++index;
    }
  }
  while (free_.size() > options_.free_segments_max) {
    TS_RETURN_IF_ERROR(options_.file_system->Remove(PathOf(FreeSegmentName(free_.front()))));
    free_.erase(free_.begin());
  }
  return Status::Ok();
}

Lsn SegmentDirectory::first() const {
  const MutexLock lock(&mutex_);
  return live_.empty() ? 0 : live_.front().first;
}

}  // namespace tallystone::batchlog
