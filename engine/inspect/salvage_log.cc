#include <memory>
#include <utility>

#include "base/check.h"
#include "batchlog/batch_log.h"
#include "batchlog/log_walk.h"
#include "ingest/database_directory.h"
#include "inspect/open_inspector.h"
#include "inspect/opened_database.h"
#include "inspect/repair.h"
#include "store/rocks/rocks_store.h"

namespace tallystone {
namespace {

class Salvage {
 public:
  Salvage(const Options& options, const RepairPlace& place, SalvageReport* report)
      : options_(options), place_(place), report_(report) {
    log_options_.file_system = place.files;
    log_options_.segment_bytes = options.log_segment_bytes;
    log_options_.logger = options.logger;
  }

  Status Run(bool dry_run) {
    TS_RETURN_IF_ERROR(FindDatabase(place_.files, place_.path));
    TS_RETURN_IF_ERROR(place_.files->Lock(LockPath(place_.path), &lock_));
    TS_RETURN_IF_ERROR(ReadMarker());
    TS_RETURN_IF_ERROR(RefuseForeign());
    std::unique_ptr<LogInspector> log;
    TS_RETURN_IF_ERROR(OpenLogInspector(options_, place_.path, place_.files, place_.env, &log));
    TS_RETURN_IF_ERROR(log->Verify(nullptr, &report_->log));
    if (report_->log.sound || dry_run) {
      return Status::Ok();
    }
    return Replace();
  }

 private:
  Status ReadMarker() {
    std::vector<ServerEntry> servers;
    TS_RETURN_IF_ERROR(ReadServerList(place_.files, place_.path, &servers));
    std::vector<std::unique_ptr<Store>> stores;
    if (!servers.empty()) {
      TS_RETURN_IF_ERROR(OpenListedServers(options_, place_.path, place_.files, true, &stores));
      return ReadLowestMarker(stores, &marker_);
    }
    RocksStoreOptions options;
    options.path = StorePath(place_.path);
    options.read_only = true;
    options.extent = StoreExtent::kBlocks;
    options.logger = options_.logger;
    options.file_system = place_.files;
    options.env = place_.env;
    TS_RETURN_IF_ERROR(RocksStore::Open(options, &stores.emplace_back()));
    return stores.front()->ReadMarker(&marker_);
  }

  // A log of another database, or of a newer version, is not damaged.
  Status RefuseForeign() {
    std::vector<batchlog::LiveSegment> live;
    std::vector<uint64_t> free;
    TS_RETURN_IF_ERROR(batchlog::ListSegments(place_.files, LogPath(place_.path), &live, &free));
    for (const batchlog::LiveSegment& segment : live) {
      std::unique_ptr<batchlog::SegmentReader> reader;
      const Status opened = batchlog::SegmentReader::Open(
          place_.files, LogPath(place_.path), segment.sequence, marker_.database_id, &reader);
      if (opened.Is(StatusCode::kFormatMismatch) || opened.Is(StatusCode::kIoError)) {
        return opened;
      }
    }
    return Status::Ok();
  }

  // What the report calls usable goes over, record by record.
  Status Copy(BatchLog* made) {
    batchlog::LogWalk walk(place_.files, LogPath(place_.path), marker_.database_id);
    batchlog::LogStep step;
    Lsn last = marker_.applied;
    while (last < report_->log.usable_last_lsn) {
      TS_RETURN_IF_ERROR(walk.Next(&step));
      if (step.kind == batchlog::LogStepKind::kEnd) {
        return Status::Corruption(LogPath(place_.path) + ": record " + std::to_string(last + 1) +
                                  " could be read before, and cannot now; nothing was changed");
      }
      if (step.kind == batchlog::LogStepKind::kRecord && step.lsn == last + 1) {
        TS_RETURN_IF_ERROR(made->Append(std::make_shared<const std::string>(step.payload), &last));
        TS_CHECK(last == step.lsn);
      }
    }
    return last > marker_.applied ? made->Sync(last) : Status::Ok();
  }

  // The new log is made under the name that the damaged one will have.
  Status Replace() {
    const std::string log = LogPath(place_.path);
    const bool there = place_.files->Exists(log);
    std::string aside = log;
    for (int number = 1; place_.files->Exists(aside); ++number) {
      aside = log + ".damaged-" + std::to_string(number);
    }
    std::unique_ptr<BatchLog> made;
    TS_RETURN_IF_ERROR(
        BatchLog::Create(log_options_, aside, marker_.database_id, marker_.applied + 1, &made));
    TS_RETURN_IF_ERROR(Copy(made.get()));
    made.reset();
    if (there) {
      TS_RETURN_IF_ERROR(place_.files->Exchange(log, aside));
      report_->kept = aside;
    }
    report_->changed = true;
    return place_.files->SyncDirectory(place_.path);
  }

  const Options options_;
  const RepairPlace place_;
  SalvageReport* const report_;
  BatchLogOptions log_options_;
  std::unique_ptr<FileLock> lock_;
  Marker marker_;
};

}  // namespace

Status SalvageLog(const Options& options, const RepairPlace& place, bool dry_run,
                  SalvageReport* report) {
  *report = {};
  return Salvage(options, place, report).Run(dry_run);
}

Status SalvageLog(const Options& options, const std::string& path, bool dry_run,
                  SalvageReport* report) {
  return SalvageLog(options, RepairPlace{.path = path}, dry_run, report);
}

}  // namespace tallystone
