// SegmentReader: the records of one segment file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "batchlog/format.h"

namespace tallystone::batchlog {

struct Record {
  RecordHeader header;
  std::string_view payload;  // valid until the reader's next call
  uint64_t end = 0;          // where the next record begins
};

// Not thread-safe. Reads through a window of a few hundred KiB, or of one record if that is larger.
class SegmentReader {
 public:
  // Opens `directory`/`sequence` and checks its header block; an empty `database_id` stands for
  // whichever the header says. kCorruption, kFormatMismatch, kNotFound.
  static Status Open(FileSystem* file_system, const std::string& directory, uint64_t sequence,
                     const std::string& database_id, std::unique_ptr<SegmentReader>* reader);

  // Opens a segment whose header block is damaged: its records stand on their own, each says of
  // which life of which file it is. header().first stays 0, the size is that of the file.
  static Status OpenHeadless(FileSystem* file_system, const std::string& directory,
                             uint64_t sequence, std::unique_ptr<SegmentReader>* reader);

  [[nodiscard]] const SegmentHeader& header() const { return header_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // Looks for a record that begins at `offset`. *found: there is a sound one of this life of the
  // segment. kFormatMismatch: it is one of a newer version.
  Status ReadAt(uint64_t offset, Record* record, bool* found);

  // Looks for the first sound record that begins behind `offset`, at any aligned position.
  Status FindAfter(uint64_t offset, Record* record, uint64_t* found_at, bool* found);

  // Whether the bytes at `offset` are the beginning of a record of this life, sound or not.
  Status HasTraceAt(uint64_t offset, bool* trace);

  // Forgets what was read, so that the next call sees what the file has now.
  void Refresh() { window_.clear(); }

 private:
  SegmentReader(std::string path, std::unique_ptr<File> file)
      : path_(std::move(path)), file_(std::move(file)) {}
  // *bytes: what stands at [offset, offset + size), fewer at the end of the segment or file.
  Status Fetch(uint64_t offset, size_t size, std::string_view* bytes);

  std::string path_;
  std::unique_ptr<File> file_;
  SegmentHeader header_;
  std::string window_;
  uint64_t window_at_ = 0;
};

}  // namespace tallystone::batchlog
