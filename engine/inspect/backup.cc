#include "inspect/backup.h"

#include <algorithm>
#include <memory>
#include <set>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "ingest/database_directory.h"
#include "inspect/archive_reader.h"
#include "inspect/backup_leftovers.h"
#include "inspect/opened_database.h"
#include "inspect/rebooking.h"
#include "inspect/state_digest.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using archive::ArchivedBlock;
using archive::FileKind;

constexpr uint64_t kFileBytesMin = 4096;
constexpr uint64_t kFileBytesMax = 1u << 30;
constexpr uint64_t kProgressBlocks = 256;

Status OtherHistory(const std::string& directory, const std::string& why) {
  return Status::Conflict("the backup in " + directory + " " + why +
                          ": it is left as it is; take a backup into another directory");
}

class Backup {
 public:
  Backup(const Options& options, const RepairPlace& database, std::string directory,
         const BackupOptions& backup, const ProgressFunction& progress, BackupReport* report)
      : options_(options),
        database_(database),
        files_(database.files),
        directory_(std::move(directory)),
        backup_(backup),
        progress_(progress),
        report_(report) {}

  Status Run() {
    TS_RETURN_IF_ERROR(FindDatabase(files_, database_.path));
    TS_RETURN_IF_ERROR(OpenDirectory());
    TS_RETURN_IF_ERROR(OpenToRead(options_, database_.path, files_, database_.env, &opened_));
    TS_RETURN_IF_ERROR(CompareHistory());
    TS_RETURN_IF_ERROR(WriteBlocks());
    TS_RETURN_IF_ERROR(Digest());
    manifest_.lsn = opened_.view->as_of();
    manifest_.taken_at_us = NowMicros();
    ++manifest_.backups;
    TS_RETURN_IF_ERROR(archive::WriteManifest(files_, directory_, manifest_));
    RemoveUnnamed();
    report_->backup = archive::InfoOf(manifest_);
    return Status::Ok();
  }

 private:
  [[nodiscard]] LiveView* view() const { return opened_.view.get(); }
  [[nodiscard]] Lsn final_lsn() const { return view()->store_marker().applied; }
  [[nodiscard]] Status Going() const {
    return backup_.stop && backup_.stop() ? Stopped() : Status::Ok();
  }
  static Status Stopped() {
    return Status::Interrupted("the backup was interrupted; the earlier one is valid");
  }

  // A directory of ours, or one that is empty or not there.
  Status OpenDirectory() {
    if (files_->Exists(directory_)) {
      std::vector<std::string> names;
      TS_RETURN_IF_ERROR(files_->List(directory_, &names));
      const bool ours = std::all_of(names.begin(), names.end(), [](const std::string& name) {
        return archive::IsFileName(name) || name == archive::kLockName;
      });
      if (!ours && !files_->Exists(directory_ + "/" + archive::kManifestName)) {
        return Status::InvalidArgument(directory_ +
                                       " has other things in it, and no backup: a backup needs a "
                                       "directory of its own");
      }
    }
    TS_RETURN_IF_ERROR(MakeDatabaseDirectory(files_, directory_));
    const Status locked = files_->Lock(directory_ + "/" + archive::kLockName, &lock_);
    if (locked.Is(StatusCode::kBusy)) {
      return Status::Busy("another backup writes " + directory_);
    }
    TS_RETURN_IF_ERROR(locked);
    const Status read = archive::ReadManifest(files_, directory_, &manifest_);
    // A first backup that died may have made the directory, and not yet its name durable.
    return read.IsNotFound() ? files_->SyncDirectory(ParentDirectory(directory_)) : read;
  }

  // The archive must be the beginning of what the database has, or the backup of something else,
  // or the last copy of what the database lost, would be spoiled.
  Status CompareHistory() {
    const std::string& id = view()->store_marker().database_id;
    if (manifest_.backups == 0) {
      manifest_.database_id = id;
      return archive::CheckLeftovers(files_, directory_, view());
    }
    if (manifest_.database_id != id) {
      return OtherHistory(directory_, "is of another database (" + HexText(manifest_.database_id) +
                                          ", not " + HexText(id) + ")");
    }
    if (manifest_.lsn > view()->as_of() || manifest_.final_lsn > final_lsn()) {
      return OtherHistory(directory_, "goes up to LSN " + std::to_string(manifest_.lsn) +
                                          ", the database to LSN " +
                                          std::to_string(view()->as_of()) +
                                          ": the database lost what the backup has");
    }
    for (const archive::FileEntry& entry : manifest_.files) {
      TS_RETURN_IF_ERROR(CompareFile(entry));
    }
    return Status::Ok();
  }

  // The sizes of all files; of the blocks, the last one that is final and those of the tail.
  Status CompareFile(const archive::FileEntry& entry) {
    const std::string path = directory_ + "/" + archive::FileName(entry.kind, entry.number);
    std::unique_ptr<File> file;
    uint64_t size = 0;
    const Status opened = files_->Open(path, OpenMode::kRead, &file);
    if (opened.ok()) {
      TS_RETURN_IF_ERROR(file->Size(&size));
    }
    if (entry.kind == FileKind::kBlocks && (!opened.ok() || size != entry.bytes)) {
      return Status::Corruption(path +
                                (opened.ok() ? " has another size than its backup says"
                                             : " is missing or cannot be opened") +
                                ": `tallystone backup --check` says what is lost; take a new "
                                "backup into another directory");
    }
    const bool last = entry.last == manifest_.final_lsn;
    return last || entry.kind == FileKind::kTail ? CompareBlocks(entry) : Status::Ok();
  }

  Status CompareBlocks(const archive::FileEntry& entry) {
    std::unique_ptr<archive::FileReader> reader;
    Status status =
        archive::FileReader::Open(files_, directory_, entry, manifest_.database_id, &reader);
    ArchivedBlock archived;
    while (status.ok() && (status = reader->Next(&archived)).ok()) {
      StoredBlock block;
      if (entry.kind == FileKind::kBlocks && archived.block.lsn != entry.last) {
        continue;
      }
      TS_RETURN_IF_ERROR(view()->GetBlock(archived.block.lsn, &block));
      if (block.payload != archived.block.payload) {
        return OtherHistory(directory_, "has another block " + std::to_string(archived.block.lsn) +
                                            " than the database: one of them was restored or "
                                            "copied, and went on by itself");
      }
    }
    // A damaged tail is replaced.
    return status.IsNotFound() || entry.kind == FileKind::kTail ? Status::Ok() : status;
  }

  Status WriteBlocks() {
    uint64_t number = 0;
    std::erase_if(manifest_.files, [&](const archive::FileEntry& entry) {
      number = entry.kind == FileKind::kBlocks ? entry.number : number;
      return entry.kind == FileKind::kTail;
    });
    manifest_.lines = manifest_.final_lines;
    auto blocks = view()->Blocks(manifest_.final_lsn + 1);
    Lsn next = manifest_.final_lsn + 1;
    std::unique_ptr<archive::FileWriter> writer;
    ArchivedBlock archived;
    for (blocks->SeekToFirst(); blocks->Valid(); blocks->Next(), ++next) {
      if (blocks->value().lsn != next) {
        break;
      }
      const bool tail = next > final_lsn();
      // There is one tail, whatever its size: two windows at most.
      if (writer != nullptr &&
          (next == final_lsn() + 1 || (!tail && writer->bytes() >= backup_.file_bytes_max))) {
        TS_RETURN_IF_ERROR(FinishFile(&writer));
      }
      if (writer == nullptr) {
        TS_RETURN_IF_ERROR(archive::FileWriter::Create(
            files_, directory_, tail ? FileKind::kTail : FileKind::kBlocks,
            tail ? manifest_.backups + 1 : ++number, next, manifest_.database_id, &writer));
      }
      archived.block = blocks->value();
      if (archived.block.payload.size() > limits::kRecordPayloadBytesMax) {
        return Status::Corruption("block " + std::to_string(next) + " of " + database_.path +
                                  " is longer than any block is");
      }
      TS_RETURN_IF_ERROR(FindCauses(view(), archived.block, &archived.causes));
      TS_RETURN_IF_ERROR(writer->Add(archived));
      TS_RETURN_IF_ERROR(Count(archived.block));
    }
    TS_RETURN_IF_ERROR(blocks->status());
    if (next != view()->as_of() + 1) {
      return Status::Corruption("block " + std::to_string(next) + " of " + database_.path +
                                " is missing: `tallystone verify` says what is wrong");
    }
    manifest_.final_lsn = final_lsn();
    return writer != nullptr ? FinishFile(&writer) : Status::Ok();
  }

  Status FinishFile(std::unique_ptr<archive::FileWriter>* writer) {
    archive::FileEntry entry;
    TS_RETURN_IF_ERROR((*writer)->Finish(&entry));
    writer->reset();
    manifest_.files.push_back(entry);
    report_->bytes_written += entry.bytes;
    return Status::Ok();
  }

  Status Count(const StoredBlock& block) {
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(block.payload, &header));
    ++report_->blocks_written;
    report_->lines_written += header.lines;
    manifest_.lines += header.lines;
    manifest_.final_lines += block.lsn <= final_lsn() ? header.lines : 0;
    if (report_->blocks_written % kProgressBlocks == 0) {
      if (progress_) {
        progress_(report_->lines_written, 0);
      }
      return Going();
    }
    return Status::Ok();
  }

  Status Digest() {
    manifest_.digest.clear();
    if (!backup_.digest) {
      return Going();
    }
    DatabaseStatus state;
    const Status digested = DigestState(view(), progress_, backup_.stop, &state);
    if (!digested.ok()) {
      return digested.Is(StatusCode::kInterrupted) ? Stopped() : digested;
    }
    manifest_.digest = state.state_digest;
    return Going();
  }

  // The tail before, and what interrupted backups left. The next backup tries again.
  void RemoveUnnamed() {
    std::set<std::string> named;
    for (const archive::FileEntry& entry : manifest_.files) {
      named.insert(archive::FileName(entry.kind, entry.number));
    }
    std::vector<std::string> names;
    files_->List(directory_, &names).PermitUnchecked();
    for (const std::string& name : names) {
      if (archive::IsFileName(name) && !named.contains(name)) {
        files_->Remove(directory_ + "/" + name).PermitUnchecked();
      }
    }
  }

  const Options options_;
  const RepairPlace database_;
  FileSystem* const files_;
  const std::string directory_;
  const BackupOptions backup_;
  const ProgressFunction& progress_;
  BackupReport* const report_;
  std::unique_ptr<FileLock> lock_;
  archive::Manifest manifest_;  // of the earlier backup, then of this one
  OpenedDatabase opened_;
};

}  // namespace

Status BackUp(const Options& options, const RepairPlace& database, const std::string& directory,
              const BackupOptions& backup, const ProgressFunction& progress, BackupReport* report) {
  *report = {};
  if (backup.file_bytes_max < kFileBytesMin || backup.file_bytes_max > kFileBytesMax) {
    return Status::InvalidArgument("file_bytes_max is " + std::to_string(backup.file_bytes_max) +
                                   "; it must be " + std::to_string(kFileBytesMin) + " .. " +
                                   std::to_string(kFileBytesMax));
  }
  return Backup(options, database, directory, backup, progress, report).Run();
}

Status ReadBackup(FileSystem* files, const std::string& directory, BackupInfo* info) {
  archive::Manifest manifest;
  TS_RETURN_IF_ERROR(archive::ReadManifest(files, directory, &manifest));
  *info = archive::InfoOf(manifest);
  return Status::Ok();
}

Status BackUp(const Options& options, const std::string& path, const std::string& directory,
              const BackupOptions& backup, const ProgressFunction& progress, BackupReport* report) {
  return BackUp(options, RepairPlace{.path = path}, directory, backup, progress, report);
}

Status ReadBackup(const std::string& directory, BackupInfo* info) {
  return ReadBackup(FileSystem::Posix(), directory, info);
}

}  // namespace tallystone
