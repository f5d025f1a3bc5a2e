#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "batchlog/batch_log.h"
#include "batchlog/format.h"
#include "batchlog/segment_reader.h"
#include "ingest/recovery.h"
#include "inspect/repair.h"
#include "model/chunk.h"
#include "store/live_view.h"
#include "store/rocks/rocks_store.h"

namespace tallystone {
namespace {

constexpr size_t kStrandedMax = 10'000;

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
    TS_RETURN_IF_ERROR(ReadStore());
    const std::string log = LogPath(place_.path);
    LogTail tail;
    const Status read = BatchLog::Read(
        log_options_, log, marker_.database_id, marker_.applied,
        [this](const LoggedChunk& chunk) { return Keep(chunk); }, &tail);
    if (read.ok()) {
      return Status::Ok();
    }
    // Nobody writes: what looks like a log that moves on is damage, too.
    if (!read.Is(StatusCode::kCorruption) && !read.Is(StatusCode::kTryAgain)) {
      return read;
    }
    report_->damage = read.message();
    FindStranded();
    return dry_run ? Status::Ok() : Replace();
  }

 private:
  Status ReadStore() {
    RocksStoreOptions options;
    options.path = StorePath(place_.path);
    options.read_only = true;
    options.logger = options_.logger;
    options.file_system = place_.files;
    options.env = place_.env;
    std::unique_ptr<Store> store;
    Status status = RocksStore::Open(options, &store);
    if (!status.ok()) {
      options.extent = StoreExtent::kBlocks;
      TS_RETURN_IF_ERROR(RocksStore::Open(options, &store));
      return store->ReadMarker(&marker_);
    }
    TS_RETURN_IF_ERROR(store->ReadMarker(&marker_));
    std::unique_ptr<StoreView> view;
    TS_RETURN_IF_ERROR(store->NewView(&view));
    return LiveView::Make(std::move(view), {}, &names_);
  }

  // A record from before the damage. Those must follow the store without a gap.
  Status Keep(const LoggedChunk& chunk) {
    if (chunk.lsn != marker_.applied + 1 + chunks_.size()) {
      return Status::Ok();
    }
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(*chunk.payload, &header));
    chunks_.push_back(chunk);
    report_->first_lsn = marker_.applied + 1;
    report_->last_lsn = chunk.lsn;
    report_->lines += header.lines;
    return Status::Ok();
  }

  // Sound records that stand behind the damage, in any segment that says it is ours.
  void FindStranded() {
    std::vector<std::string> names;
    place_.files->List(LogPath(place_.path), &names).PermitUnchecked();
    for (const std::string& name : names) {
      uint64_t sequence = 0;
      std::unique_ptr<batchlog::SegmentReader> reader;
      if (!batchlog::ParseSegmentName(name, &sequence) ||
          !batchlog::SegmentReader::Open(place_.files, LogPath(place_.path), sequence,
                                         marker_.database_id, &reader)
               .ok()) {
        continue;
      }
      batchlog::Record record;
      uint64_t offset = batchlog::kSegmentHeaderBytes - batchlog::kRecordAlignment;
      bool found = false;
      while (reader->FindAfter(offset, &record, &offset, &found).ok() && found) {
        Strand(record);
        offset = record.end - batchlog::kRecordAlignment;
      }
    }
  }

  void Strand(const batchlog::Record& record) {
    ChunkHeader header;
    const Lsn lsn = record.header.lsn;
    if (lsn <= marker_.applied + chunks_.size() || report_->stranded.size() >= kStrandedMax ||
        !DecodeChunkHeader(record.payload, &header).ok()) {
      return;
    }
    std::string tenant(header.tenant_name);
    if (tenant.empty() && names_ != nullptr) {
      tenant = names_->TenantName(header.tenant);
    }
    report_->stranded.push_back(
        {lsn, tenant, std::string(header.batch), header.first_line, header.lines});
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
    Lsn lsn = marker_.applied;
    for (const LoggedChunk& chunk : chunks_) {
      TS_RETURN_IF_ERROR(made->Append(chunk.payload, &lsn));
    }
    if (lsn > marker_.applied) {
      TS_RETURN_IF_ERROR(made->Sync(lsn));
    }
    made.reset();
    if (!there) {
      return Status::Ok();
    }
    TS_RETURN_IF_ERROR(place_.files->Exchange(log, aside));
    TS_RETURN_IF_ERROR(place_.files->SyncDirectory(place_.path));
    report_->kept = aside;
    return Status::Ok();
  }

  const Options options_;
  const RepairPlace place_;
  SalvageReport* const report_;
  BatchLogOptions log_options_;
  std::unique_ptr<FileLock> lock_;
  Marker marker_;
  std::unique_ptr<LiveView> names_;
  std::vector<LoggedChunk> chunks_;
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
