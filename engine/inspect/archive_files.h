// The files of a backup, written and read. Format: archive_format.h.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "inspect/archive_format.h"

namespace tallystone::archive {

// Writes one file of blocks. Memory: about 1 MiB.
class FileWriter {
 public:
  // Replaces what an interrupted backup left under this name.
  static Status Create(FileSystem* files, const std::string& directory, FileKind kind,
                       uint64_t number, Lsn first, const std::string& database_id,
                       std::unique_ptr<FileWriter>* writer);
  Status Add(const ArchivedBlock& archived);
  // Makes it durable, but for its name. *entry says what it holds.
  Status Finish(FileEntry* entry);
  [[nodiscard]] uint64_t bytes() const { return entry_.bytes; }

 private:
  FileWriter() = default;
  Status WriteOut();

  std::unique_ptr<File> file_;
  FileEntry entry_;  // of what was added
  uint64_t seed_ = 0;
  uint64_t written_ = 0;
  std::string buffer_;
};

// Reads one file of blocks, in order. Memory: about 1 MiB, or one record.
class FileReader {
 public:
  // kCorruption (it is missing, or its beginning or its size is not what the manifest says),
  // kFormatMismatch.
  static Status Open(FileSystem* files, const std::string& directory, const FileEntry& entry,
                     const std::string& database_id, std::unique_ptr<FileReader>* reader);

  // kNotFound: that was the last one. kCorruption: names the file, the offset and the LSN.
  Status Next(ArchivedBlock* archived);

  // After kCorruption: goes to the next record that is whole, or to the end. Reads the file a few
  // times at most, whatever stands in it: then the rest counts as damaged.
  Status SkipDamage();

  [[nodiscard]] uint64_t offset() const { return offset_; }  // of the next record
  [[nodiscard]] Lsn next() const { return next_; }           // LSN of the next record

 private:
  FileReader() = default;
  // The bytes at [offset, offset + size), or fewer at the end. Valid until the next call.
  Status Peek(uint64_t offset, size_t size, std::string_view* bytes);
  // The record at `offset`, if it is whole and its LSN is `lsn_min` or higher; else kNotFound.
  Status TryRecord(uint64_t offset, Lsn lsn_min, std::string_view* record);
  Status Damaged(const std::string& what) const;

  std::unique_ptr<File> file_;
  std::string path_;
  FileEntry entry_;
  uint64_t seed_ = 0;
  uint64_t size_ = 0;
  uint64_t offset_ = kFileHeaderBytes;
  Lsn next_ = 0;
  uint64_t sum_ = 0;
  bool damaged_ = false;        // it is known, and was passed over
  uint64_t in_vain_bytes_ = 0;  // read of what was no record
  std::string buffer_;
  uint64_t buffer_offset_ = 0;
};

// kNotFound: there is none.
Status ReadManifest(FileSystem* files, const std::string& directory, Manifest* manifest);
// In one step, durably; what it names must be durable.
Status WriteManifest(FileSystem* files, const std::string& directory, const Manifest& manifest);

}  // namespace tallystone::archive
