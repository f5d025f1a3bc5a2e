#include "base/check.h"
#include "inspect/archive_reader.h"
#include "inspect/backup.h"
#include "model/chunk.h"

namespace tallystone {
namespace {

constexpr size_t kDamagesMax = 100;
constexpr uint64_t kProgressBlocks = 256;

bool IsDamage(const Status& status) {
  return status.Is(StatusCode::kCorruption) || status.Is(StatusCode::kFormatMismatch);
}

// Notes damage that ends what can be restored at the block before it.
void Note(BackupDamage damage, const std::string& what, BackupCheck* check) {
  if (check->sound) {
    check->whole_up_to_lsn = damage.first_lsn - 1;
  }
  check->sound = false;
  ++check->damages_count;
  damage.what = what;
  if (check->damages.size() < kDamagesMax) {
    check->damages.push_back(std::move(damage));
  }
}

std::string FileOf(const archive::Manifest& manifest, Lsn lsn) {
  for (const archive::FileEntry& entry : manifest.files) {
    if (entry.first <= lsn && lsn <= entry.last) {
      return archive::FileName(entry.kind, entry.number);
    }
  }
  return "";
}

Status ReadAll(archive::ArchiveReader* reader, const ProgressFunction& progress,
               const StopFunction& stop, BackupCheck* check) {
  archive::ArchivedBlock archived;
  Chunk chunk;
  for (;;) {
    const Status status = reader->Next(&archived);
    if (status.IsNotFound()) {
      return Status::Ok();
    }
    if (!status.ok()) {
      if (!IsDamage(status)) {
        return status;
      }
      BackupDamage damage;
      TS_RETURN_IF_ERROR(reader->SkipDamage(&damage));
      Note(std::move(damage), status.message(), check);
      continue;
    }
    const StoredBlock& block = archived.block;
    const Status decoded = DecodeChunk(block.payload, &chunk);
    if (!decoded.ok()) {
      Note({FileOf(reader->manifest(), block.lsn), 0, "", block.lsn, block.lsn},
           "block " + std::to_string(block.lsn) + " cannot be read: " + decoded.message(), check);
      continue;
    }
    ++check->blocks;
    check->lines += chunk.header.lines;
    if (progress && check->blocks % kProgressBlocks == 0) {
      progress(check->lines, reader->manifest().lines);
    }
    if (stop && check->blocks % kProgressBlocks == 0 && stop()) {
      return Status::Interrupted("the check of the backup was interrupted");
    }
  }
}

}  // namespace

Status CheckBackup(FileSystem* files, const std::string& directory,
                   const ProgressFunction& progress, const StopFunction& stop, BackupCheck* check) {
  *check = {};
  std::unique_ptr<archive::ArchiveReader> reader;
  TS_RETURN_IF_ERROR(archive::ArchiveReader::Open(files, directory, &reader));
  check->whole_up_to_lsn = reader->manifest().lsn;
  return ReadAll(reader.get(), progress, stop, check);
}

Status CheckBackup(const std::string& directory, const ProgressFunction& progress,
                   const StopFunction& stop, BackupCheck* check) {
  return CheckBackup(FileSystem::Posix(), directory, progress, stop, check);
}

}  // namespace tallystone
