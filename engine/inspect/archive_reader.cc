#include "inspect/archive_reader.h"

#include "base/check.h"

namespace tallystone::archive {
namespace {

constexpr int kOpenAttempts = 5;

}  // namespace

Status ArchiveReader::Open(FileSystem* files, const std::string& directory,
                           std::unique_ptr<ArchiveReader>* reader) {
  uint64_t backups = 0;
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    std::unique_ptr<ArchiveReader> made(new ArchiveReader);
    TS_RETURN_IF_ERROR(made->TryOpen(files, directory));
    // Its tail may be gone because a newer backup replaced it.
    const bool again = !made->tail_status_.ok() && made->manifest_.backups != backups;
    backups = made->manifest_.backups;
    *reader = std::move(made);
    if (!again) {
      break;
    }
  }
  return Status::Ok();
}

Status ArchiveReader::TryOpen(FileSystem* files, const std::string& directory) {
  files_ = files;
  directory_ = directory;
  TS_RETURN_IF_ERROR(ReadManifest(files, directory, &manifest_));
  if (!manifest_.files.empty() && manifest_.files.back().kind == FileKind::kTail) {
    tail_status_ =
        FileReader::Open(files, directory, manifest_.files.back(), manifest_.database_id, &tail_);
  }
  return Status::Ok();
}

Status ArchiveReader::Next(ArchivedBlock* archived) {
  for (; file_ < manifest_.files.size(); ++file_, reader_.reset()) {
    const FileEntry& entry = manifest_.files[file_];
    if (reader_ == nullptr && entry.kind == FileKind::kTail) {
      TS_RETURN_IF_ERROR(tail_status_);
      reader_ = std::move(tail_);
    } else if (reader_ == nullptr) {
      TS_RETURN_IF_ERROR(
          FileReader::Open(files_, directory_, entry, manifest_.database_id, &reader_));
    }
    const Status status = reader_->Next(archived);
    if (!status.IsNotFound()) {
      return status;
    }
  }
  return Status::NotFound("that was the last block");
}

Status ArchiveReader::SkipDamage(BackupDamage* damage) {
  TS_CHECK(file_ < manifest_.files.size());
  const FileEntry& entry = manifest_.files[file_];
  *damage = {.file = FileName(entry.kind, entry.number),
             .offset = 0,
             .what = "",
             .first_lsn = entry.first,
             .last_lsn = entry.last};
  if (reader_ == nullptr) {  // it could not be opened
    ++file_;
    return Status::Ok();
  }
  damage->offset = reader_->offset();
  // Where each block can be read and they are not those of the manifest, all of them are lost.
  if (reader_->next() <= entry.last) {
    damage->first_lsn = reader_->next();
    TS_RETURN_IF_ERROR(reader_->SkipDamage());
    damage->last_lsn = reader_->next() - 1;
    return Status::Ok();
  }
  return reader_->SkipDamage();
}

}  // namespace tallystone::archive
