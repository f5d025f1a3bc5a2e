#include "batchlog/segment_writer.h"

#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/check.h"
#include "base/clock.h"
#include "batchlog/format.h"

namespace tallystone::batchlog {
namespace {

// A sync that changes the size of the file, or turns reserved blocks into written ones, pays for a
// write of the file system's journal: 2-3 times the price of one that overwrites. So a new segment
// is filled with zeros ahead of its records, in steps that begin small: an almost empty database
// stays small.
constexpr uint64_t kAheadBytesMin = 64u << 10;
constexpr uint64_t kAheadBytesMax = 1u << 20;
// A buffer that grew beyond this for a large record is given back.
constexpr size_t kBufferBytesKept = 4u << 20;

}  // namespace

Status SegmentWriter::Start(Lsn first) {
  offset_ = kSegmentHeaderBytes;
  return directory_->StartSegment(first, 0, &segment_);
}

Status SegmentWriter::Write(std::span<const LoggedChunk> group, Lsn synced) {
  for (const LoggedChunk& chunk : group) {
    const uint64_t record_bytes = RecordBytes(chunk.payload->size());
    if (offset_ + buffer_.size() + record_bytes > segment_.bytes) {
      if (!buffer_.empty()) {
        TS_RETURN_IF_ERROR(WriteBuffer());
        synced = chunk.lsn - 1;
      }
      TS_RETURN_IF_ERROR(directory_->StartSegment(chunk.lsn, record_bytes, &segment_));
      offset_ = kSegmentHeaderBytes;
    }
    AppendRecord(chunk.lsn, synced, segment_.sequence, *chunk.payload, &buffer_);
    ++buffered_;
  }
  return WriteBuffer();
}

Status SegmentWriter::WriteBuffer() {
  const uint64_t end = offset_ + buffer_.size();
  if (end > segment_.extent) {
    const uint64_t ahead = std::clamp(segment_.extent, kAheadBytesMin, kAheadBytesMax);
    segment_.extent = std::min(segment_.bytes, end + ahead);
    buffer_.resize(static_cast<size_t>(segment_.extent - offset_));
  }
  TS_RETURN_IF_ERROR(segment_.file->Write(offset_, buffer_));
  const uint64_t start = MonotonicMicros();
  if (!CanaryIs(Canary::kSyncSkipped)) {
    TS_RETURN_IF_ERROR(segment_.file->Sync());
  }
  metrics_->sync_micros.Record(MonotonicMicros() - start);
  metrics_->sync_records.Record(std::exchange(buffered_, 0));
  metrics_->bytes_written.Add(buffer_.size());
  offset_ = end;
  buffer_.clear();
  if (buffer_.capacity() > kBufferBytesKept) {
    buffer_.shrink_to_fit();
  }
  return Status::Ok();
}

}  // namespace tallystone::batchlog
