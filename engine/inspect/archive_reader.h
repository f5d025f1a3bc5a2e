// ArchiveReader: the blocks of a backup from the first to the last.
#pragma once

#include <memory>
#include <string>

#include "inspect/archive_files.h"

namespace tallystone::archive {

class ArchiveReader {
 public:
  // A backup that runs meanwhile does not disturb it. kNotFound: there is no backup.
  static Status Open(FileSystem* files, const std::string& directory,
                     std::unique_ptr<ArchiveReader>* reader);

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }

  // kNotFound: that was the last one. kCorruption, kFormatMismatch: says where.
  Status Next(ArchivedBlock* archived);

  // After an error of Next: where it was, and the blocks that are lost by it. Next goes on behind
  // them.
  Status SkipDamage(BackupDamage* damage);

 private:
  ArchiveReader() = default;
  Status TryOpen(FileSystem* files, const std::string& directory);

  FileSystem* files_ = nullptr;
  std::string directory_;
  Manifest manifest_;
  // Opened with the manifest: the next backup removes it. Null: there is none, or see tail_status_.
  std::unique_ptr<FileReader> tail_;
  Status tail_status_;
  size_t file_ = 0;                     // the one that is read
  std::unique_ptr<FileReader> reader_;  // of it; null: not opened yet
};

}  // namespace tallystone::archive
