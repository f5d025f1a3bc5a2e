#include <memory>

#include "base/check.h"
#include "base/random_id.h"
#include "base/text.h"
#include "ingest/recovery.h"
#include "inspect/archive_reader.h"
#include "inspect/backup.h"
#include "inspect/opened_database.h"
#include "inspect/rebooking.h"
#include "inspect/state_digest.h"
#include "inspect/verify.h"
#include "store/rocks/rocks_store.h"

namespace tallystone {
namespace {

constexpr uint64_t kProgressBlocks = 256;

std::string WithoutSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

class Restoring {
 public:
  Restoring(const Options& options, const RepairPlace& made, const RestoreOptions& restore,
            const ProgressFunction& progress, RestoreReport* report)
      : options_(options),
        files_(made.files),
        env_(made.env),
        path_(WithoutSlashes(made.path)),
        unfinished_(path_ + ".restoring"),
        restore_(restore),
        progress_(progress),
        report_(report) {}

  Status Run(const std::string& directory) {
    TS_RETURN_IF_ERROR(archive::ArchiveReader::Open(files_, directory, &archive_));
    const archive::Manifest& manifest = archive_->manifest();
    lsn_ = restore_.as_of_lsn == 0 ? manifest.lsn : restore_.as_of_lsn;
    if (lsn_ > manifest.lsn) {
      return Status::InvalidArgument("the backup in " + directory + " ends at LSN " +
                                     std::to_string(manifest.lsn) + ", before LSN " +
                                     std::to_string(lsn_));
    }
    if (files_->Exists(path_)) {
      return Status::InvalidArgument(path_ +
                                     " is there already: a restore makes a new database, and "
                                     "changes nothing that is there");
    }
    TS_RETURN_IF_ERROR(Begin());
    TS_RETURN_IF_ERROR(MakeStore());
    TS_RETURN_IF_ERROR(MakeLog());
    TS_RETURN_IF_ERROR(Prove());
    TS_RETURN_IF_ERROR(files_->SyncDirectory(unfinished_));
    TS_RETURN_IF_ERROR(files_->Rename(unfinished_, path_));
    return files_->SyncDirectory(ParentDirectory(path_));
  }

 private:
  [[nodiscard]] Status Going() const {
    return restore_.stop && restore_.stop()
               ? Status::Interrupted("the restore was interrupted; " + unfinished_ +
                                     " can be removed, or is begun anew by the next restore")
               : Status::Ok();
  }

  // What an earlier restore left goes away.
  Status Begin() {
    TS_RETURN_IF_ERROR(files_->ExpectDirectory(unfinished_));
    TS_RETURN_IF_ERROR(MakeDatabaseDirectory(files_, unfinished_));
    const Status locked = files_->Lock(LockPath(unfinished_), &lock_);
    if (locked.Is(StatusCode::kBusy)) {
      return Status::Busy("another restore makes " + path_);
    }
    TS_RETURN_IF_ERROR(locked);
    TS_RETURN_IF_ERROR(RemoveTree(files_, StorePath(unfinished_)));
    TS_RETURN_IF_ERROR(RemoveTree(files_, LogPath(unfinished_)));
    TS_RETURN_IF_ERROR(MakeRandomId(&marker_.database_id));
    report_->database_id = HexText(marker_.database_id);
    return Status::Ok();
  }

  Status MakeStore() {
    RocksStoreOptions options;
    options.path = StorePath(unfinished_);
    options.create = true;
    options.block_cache_bytes = options_.block_cache_bytes;
    options.ingest_lines_min = options_.ingest_lines_min;
    options.logger = options_.logger;
    options.file_system = files_;
    options.env = env_;
    std::unique_ptr<Store> store;
    TS_RETURN_IF_ERROR(RocksStore::Open(options, &store));
    TS_RETURN_IF_ERROR(store->Initialise(marker_));
    Rebooking rebooking(store.get(), marker_);
    archive::ArchivedBlock archived;
    Status status;
    while (rebooking.blocks() < lsn_ && (status = archive_->Next(&archived)).ok()) {
      TS_RETURN_IF_ERROR(rebooking.Add(archived.block, archived.causes));
      if (rebooking.blocks() % kProgressBlocks == 0) {
        TS_RETURN_IF_ERROR(Going());
        if (progress_) {
          progress_(rebooking.lines(), archive_->manifest().lines);
        }
      }
    }
    if (!status.ok()) {
      return {status.code(), status.message() +
                                 ". Nothing was restored; `tallystone backup --check` says what is "
                                 "lost and up to which LSN the rest can be restored"};
    }
    TS_RETURN_IF_ERROR(rebooking.Finish());
    report_->blocks = rebooking.blocks();
    report_->lines = rebooking.lines();
    report_->lsn = lsn_;
    return store->Close();
  }

  // An empty one, behind the store.
  Status MakeLog() {
    BatchLogOptions options;
    options.file_system = files_;
    options.segment_bytes = options_.log_segment_bytes;
    options.logger = options_.logger;
    std::unique_ptr<BatchLog> log;
    return BatchLog::Create(options, LogPath(unfinished_), marker_.database_id, lsn_ + 1, &log);
  }

  Status Prove() {
    OpenedDatabase made;
    TS_RETURN_IF_ERROR(OpenToRead(options_, unfinished_, files_, env_, &made));
    DatabaseStatus state;
    TS_RETURN_IF_ERROR(DigestState(made.view.get(), progress_, &state));
    report_->state_digest = state.state_digest;
    const archive::Manifest& manifest = archive_->manifest();
    report_->digest_compared = lsn_ == manifest.lsn && !manifest.digest.empty();
    if (report_->digest_compared && manifest.digest != state.state_digest) {
      return Status::Corruption("the restored state has the digest " + state.state_digest +
                                ", the backup says " + manifest.digest + "; what was made is in " +
                                unfinished_);
    }
    if (restore_.verify) {
      TS_RETURN_IF_ERROR(VerifyView(made.view.get(), progress_, &report_->verified));
      if (!report_->verified.sound) {
        return Status::Corruption(
            "the restored database is not sound: " + report_->verified.findings.front().what +
            "; what was made is in " + unfinished_);
      }
    }
    return Going();
  }

  const Options options_;
  FileSystem* const files_;
  rocksdb::Env* const env_;
  const std::string path_;
  const std::string unfinished_;
  const RestoreOptions restore_;
  const ProgressFunction& progress_;
  RestoreReport* const report_;
  std::unique_ptr<archive::ArchiveReader> archive_;
  std::unique_ptr<FileLock> lock_;
  Marker marker_;
  Lsn lsn_ = 0;
};

}  // namespace

Status Restore(const Options& options, const std::string& directory, const RepairPlace& made,
               const RestoreOptions& restore, const ProgressFunction& progress,
               RestoreReport* report) {
  *report = {};
  TS_RETURN_IF_ERROR(CheckOptions(options));
  return Restoring(options, made, restore, progress, report).Run(directory);
}

Status Restore(const Options& options, const std::string& directory, const std::string& path,
               const RestoreOptions& restore, const ProgressFunction& progress,
               RestoreReport* report) {
  return Restore(options, directory, RepairPlace{.path = path}, restore, progress, report);
}

}  // namespace tallystone
