#include <memory>

#include "base/check.h"
#include "base/text.h"
#include "ingest/recovery.h"
#include "inspect/archive_reader.h"
#include "inspect/backup.h"
#include "inspect/new_database.h"
#include "inspect/opened_database.h"
#include "inspect/rebooking.h"
#include "inspect/state_digest.h"
#include "inspect/verify.h"

namespace tallystone {
namespace {

constexpr uint64_t kProgressBlocks = 256;

class Restoring {
 public:
  Restoring(const Options& options, const RepairPlace& made, const RestoreOptions& restore,
            const ProgressFunction& progress, RestoreReport* report)
      : options_(options),
        place_(made),
        made_(options, made, ".restoring"),
        restore_(restore),
        progress_(progress),
        report_(report) {}

  Status Run(const std::string& directory) {
    TS_RETURN_IF_ERROR(archive::ArchiveReader::Open(place_.files, directory, &archive_));
    const archive::Manifest& manifest = archive_->manifest();
    lsn_ = restore_.as_of_lsn == 0 ? manifest.lsn : restore_.as_of_lsn;
    if (lsn_ > manifest.lsn) {
      return Status::InvalidArgument("the backup in " + directory + " ends at LSN " +
                                     std::to_string(manifest.lsn) + ", before LSN " +
                                     std::to_string(lsn_));
    }
    if (made_.IsTaken()) {
      return Status::InvalidArgument(made_.path() +
                                     " is there already: a restore makes a new database, and "
                                     "changes nothing that is there");
    }
    TS_RETURN_IF_ERROR(made_.Begin());
    report_->database_id = HexText(made_.marker().database_id);
    TS_RETURN_IF_ERROR(BookAgain());
    TS_RETURN_IF_ERROR(made_.Complete(lsn_));
    TS_RETURN_IF_ERROR(Prove());
    return made_.Publish();
  }

 private:
  [[nodiscard]] Status Going() const {
    return restore_.stop && restore_.stop()
               ? Status::Interrupted("the restore was interrupted; " + made_.unfinished() +
                                     " can be removed, or is begun anew by the next restore")
               : Status::Ok();
  }

  Status BookAgain() {
    Rebooking rebooking(made_.store(), made_.marker());
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
    return Status::Ok();
  }

  Status Prove() {
    OpenedDatabase made;
    TS_RETURN_IF_ERROR(OpenToRead(options_, made_.unfinished(), place_.files, place_.env, &made));
    DatabaseStatus state;
    TS_RETURN_IF_ERROR(DigestState(made.view.get(), progress_, restore_.stop, &state));
    report_->state_digest = state.state_digest;
    const archive::Manifest& manifest = archive_->manifest();
    report_->digest_compared = lsn_ == manifest.lsn && !manifest.digest.empty();
    if (report_->digest_compared && manifest.digest != state.state_digest) {
      return Status::Corruption("the restored state has the digest " + state.state_digest +
                                ", the backup says " + manifest.digest + "; what was made is in " +
                                made_.unfinished());
    }
    if (restore_.verify) {
      TS_RETURN_IF_ERROR(VerifyView(made.view.get(), progress_, &report_->verified));
      if (!report_->verified.sound) {
        return Status::Corruption(
            "the restored database is not sound: " + report_->verified.findings.front().what +
            "; what was made is in " + made_.unfinished());
      }
    }
    return Going();
  }

  const Options options_;
  const RepairPlace place_;
  NewDatabase made_;
  const RestoreOptions restore_;
  const ProgressFunction& progress_;
  RestoreReport* const report_;
  std::unique_ptr<archive::ArchiveReader> archive_;
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
