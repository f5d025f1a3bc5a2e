#include "batchlog/segment_reader.h"

#include <algorithm>

#include "base/check.h"
#include "tallystone/limits.h"

namespace tallystone::batchlog {
namespace {

constexpr size_t kWindowBytes = 256u << 10;

}  // namespace

Status SegmentReader::Open(FileSystem* file_system, const std::string& directory, uint64_t sequence,
                           const std::string& database_id, std::unique_ptr<SegmentReader>* reader) {
  reader->reset();
  const std::string path = directory + "/" + SegmentName(sequence);
  std::unique_ptr<File> file;
  TS_RETURN_IF_ERROR(file_system->Open(path, OpenMode::kRead, &file));
  std::string block;
  TS_RETURN_IF_ERROR(file->Read(0, kSegmentHeaderBytes, &block));
  std::unique_ptr<SegmentReader> made(new SegmentReader(path, std::move(file)));
  TS_RETURN_IF_ERROR(DecodeSegmentHeader(block, path, &made->header_));
  if (!database_id.empty() && made->header_.database_id != database_id) {
    return Status::FormatMismatch(path + " belongs to another database than the store beside it");
  }
  if (made->header_.sequence != sequence) {
    return Status::Corruption(path + " at byte 16: the segment says it is number " +
                              std::to_string(made->header_.sequence) +
                              ", not what its name says; was it renamed?");
  }
  *reader = std::move(made);
  return Status::Ok();
}

Status SegmentReader::OpenHeadless(FileSystem* file_system, const std::string& directory,
                                   uint64_t sequence, std::unique_ptr<SegmentReader>* reader) {
  reader->reset();
  const std::string path = directory + "/" + SegmentName(sequence);
  std::unique_ptr<File> file;
  TS_RETURN_IF_ERROR(file_system->Open(path, OpenMode::kRead, &file));
  uint64_t size = 0;
  TS_RETURN_IF_ERROR(file->Size(&size));
  reader->reset(new SegmentReader(path, std::move(file)));
  (*reader)->header_.sequence = sequence;
  (*reader)->header_.bytes =
      static_cast<uint32_t>(std::min<uint64_t>(size, limits::kSegmentBytesMax));
  return Status::Ok();
}

Status SegmentReader::Fetch(uint64_t offset, size_t size, std::string_view* bytes) {
  const uint64_t segment_end = header_.bytes;
  size = static_cast<size_t>(
      std::min<uint64_t>(size, offset < segment_end ? segment_end - offset : 0));
  if (offset < window_at_ || offset + size > window_at_ + window_.size()) {
    const uint64_t wanted = std::min<uint64_t>(std::max(size, kWindowBytes),
                                               segment_end - std::min(offset, segment_end));
    TS_RETURN_IF_ERROR(file_->Read(offset, static_cast<size_t>(wanted), &window_));
    window_at_ = offset;
  }
  *bytes = std::string_view(window_).substr(static_cast<size_t>(offset - window_at_), size);
  return Status::Ok();
}

Status SegmentReader::ReadAt(uint64_t offset, Record* record, bool* found) {
  *found = false;
  std::string_view bytes;
  TS_RETURN_IF_ERROR(Fetch(offset, kRecordHeaderBytes, &bytes));
  if (bytes.size() < kRecordHeaderBytes || !IsRecordHeader(bytes.data(), header_.sequence)) {
    return Status::Ok();
  }
  record->header = DecodeRecordHeader(bytes.data());
  const uint32_t payload_bytes = record->header.payload_bytes;
  record->end = offset + RecordBytes(payload_bytes);
  if (payload_bytes > limits::kRecordPayloadBytesMax || record->end > header_.bytes) {
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(Fetch(offset, kRecordHeaderBytes + payload_bytes, &bytes));
  if (bytes.size() < kRecordHeaderBytes + payload_bytes ||
      !IsRecordSound(bytes, header_.sequence)) {
    return Status::Ok();
  }
  if (HasUnknownFlags(bytes.data())) {
    return Status::FormatMismatch(path_ + " at byte " + std::to_string(offset) +
                                  ": a record of a newer version");
  }
  record->payload = bytes.substr(kRecordHeaderBytes);
  *found = true;
  return Status::Ok();
}

Status SegmentReader::FindAfter(uint64_t offset, Record* record, uint64_t* found_at, bool* found) {
  *found = false;
  for (offset += kRecordAlignment;; offset += kRecordAlignment) {
    std::string_view bytes;
    TS_RETURN_IF_ERROR(Fetch(offset, kRecordHeaderBytes, &bytes));
    if (bytes.size() < kRecordHeaderBytes) {
      return Status::Ok();
    }
    if (!IsRecordHeader(bytes.data(), header_.sequence)) {
      continue;
    }
    TS_RETURN_IF_ERROR(ReadAt(offset, record, found));
    if (*found) {
      *found_at = offset;
      return Status::Ok();
    }
  }
}

Status SegmentReader::HasTraceAt(uint64_t offset, bool* trace) {
  std::string_view bytes;
  TS_RETURN_IF_ERROR(Fetch(offset, kRecordHeaderBytes, &bytes));
  *trace = bytes.size() == kRecordHeaderBytes && IsRecordHeader(bytes.data(), header_.sequence);
  return Status::Ok();
}

}  // namespace tallystone::batchlog
