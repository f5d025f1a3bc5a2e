#include "ingest/recovery.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/random_id.h"
#include "ingest/drainer.h"
#include "store/rocks/rocks_store.h"
#include "tallystone/limits.h"
#include "window/sort_window.h"

namespace tallystone {
namespace {

class Recovery {
 public:
  Recovery(Core* core, Parts parts)
      : core_(core),
        files_(parts.file_system),
        env_(parts.env),
        store_(std::move(parts.store)),
        drainer_(core) {}

  Status Run();

 private:
  Status OpenDirectory();
  Status OpenStore();
  Status ReadMarker();
  Status LoadCatalogue();
  Status OpenLog();
  Status Replay(const LoggedChunk& chunk);
  Status Learn(const LoggedChunk& chunk, const ChunkHeader& header);
  Status DrainIfDue(Lsn last);
  void Tell(RecoveryEvent* event);

  const uint64_t start_ = MonotonicMicros();
  Core* const core_;
  FileSystem* const files_;
  rocksdb::Env* const env_;
  std::unique_ptr<Store> store_;
  Drainer drainer_;  // its thread is not started
  Marker marker_;
  ChunkNumbers numbers_;  // working memory
  std::vector<std::string_view> times_;
};

Status Recovery::Run() {
  TS_RETURN_IF_ERROR(OpenDirectory());
  TS_RETURN_IF_ERROR(OpenStore());
  TS_RETURN_IF_ERROR(ReadMarker());
  TS_RETURN_IF_ERROR(LoadCatalogue());
  core_->windows = std::make_unique<WindowSet>(core_->options, core_->store.get(), marker_.applied,
                                               &core_->metrics.ingest);
  RecoveryEvent event;
  event.applied_lsn = marker_.applied;
  event.replay_continued = marker_.replay.has_value();
  TS_RETURN_IF_ERROR(OpenLog());
  if (marker_.replay.has_value()) {
    return Status::Corruption("a key replay up to LSN " + std::to_string(marker_.replay->last) +
                              " was interrupted, but the log ends at LSN " +
                              std::to_string(core_->log->last()));
  }
  Marker now;
  TS_RETURN_IF_ERROR(core_->store->ReadMarker(&now));
  TS_RETURN_IF_ERROR(core_->log->Release(now.applied));
  Tell(&event);
  return Status::Ok();
}

void Recovery::Tell(RecoveryEvent* event) {
  Metrics& metrics = core_->metrics;
  metrics.logged_lsn.Set(core_->log->durable());
  metrics.recovery.micros.Set(MonotonicMicros() - start_);
  if (core_->options.listener != nullptr) {
    event->last_lsn = core_->log->last();
    event->chunks = metrics.recovery.chunks.value();
    event->lines = metrics.recovery.lines.value();
    event->micros = metrics.recovery.micros.value();
    event->log_tail_torn = core_->log->opened().torn;
    core_->options.listener->OnRecovered(*event);
  }
}

Status Recovery::OpenDirectory() {
  if (!core_->options.create_if_missing) {
    TS_RETURN_IF_ERROR(FindDatabase(files_, core_->path));
  }
  TS_RETURN_IF_ERROR(MakeDatabaseDirectory(files_, core_->path));
  return files_->Lock(LockPath(core_->path), &core_->lock);
}

Status Recovery::OpenStore() {
  if (store_ != nullptr) {
    core_->store = std::move(store_);
    return Status::Ok();
  }
  RocksStoreOptions options;
  options.path = StorePath(core_->path);
  options.create = core_->options.create_if_missing;
  options.block_cache_bytes = core_->options.block_cache_bytes;
  options.ingest_lines_min = core_->options.ingest_lines_min;
  options.logger = core_->options.logger;
  options.file_system = files_;
  options.env = env_;
  return RocksStore::Open(options, &core_->store);
}

Status Recovery::ReadMarker() {
  Status status = core_->store->ReadMarker(&marker_);
  if (status.IsNotFound()) {
    std::vector<std::string> segments;
    if (files_->List(LogPath(core_->path), &segments).ok() && !segments.empty()) {
      return Status::Corruption("the store in " + StorePath(core_->path) +
                                " is empty, but there is a log beside it: restore the store from "
                                "a backup, or move the log away to begin anew");
    }
    TS_RETURN_IF_ERROR(MakeRandomId(&marker_.database_id));
    status = core_->store->Initialise(marker_);
  }
  core_->database_id = marker_.database_id;
  return status;
}

Status Recovery::LoadCatalogue() {
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(core_->store->NewView(&view));
  return core_->tenants.Load(view.get());
}

Status Recovery::OpenLog() {
  BatchLogOptions options;
  options.file_system = files_;
  options.segment_bytes = core_->options.log_segment_bytes;
  options.logger = core_->options.logger;
  options.listener = core_->options.listener;
  options.metrics = &core_->metrics.log;
  return BatchLog::Open(
      options, LogPath(core_->path), core_->database_id, marker_.applied,
      [this](const LoggedChunk& chunk) { return Replay(chunk); },
      // This process encoded it a moment ago.
      [core = core_](const LoggedChunk& chunk) {
        TS_CHECK(core->windows->Add(chunk).ok());
        core->metrics.logged_lsn.Set(chunk.lsn);
      },
      &core_->log);
}

Status Recovery::Replay(const LoggedChunk& chunk) {
  ChunkHeader header;
  Status status = DecodeChunkHeader(*chunk.payload, &header);
  if (status.ok()) {
    status = Learn(chunk, header);
  }
  if (status.ok()) {
    status = core_->windows->Add(chunk);
  }
  if (!status.ok()) {
    return {status.code(), LogPath(core_->path) + ": record at LSN " + std::to_string(chunk.lsn) +
                               ": " + status.message()};
  }
  core_->metrics.recovery.chunks.Add(1);
  core_->metrics.recovery.lines.Add(header.lines);
  return DrainIfDue(chunk.lsn);
}

Status Recovery::Learn(const LoggedChunk& chunk, const ChunkHeader& header) {
  Tenant* tenant = core_->tenants.Find(header.tenant);
  if ((header.flags & kChunkNewTenant) != 0) {
    TS_RETURN_IF_ERROR(core_->tenants.Learn(header.tenant, header.tenant_name, &tenant));
  }
  if (tenant == nullptr) {
    return Status::Corruption("tenant number " + std::to_string(header.tenant) + " is not known");
  }
  // What is not kept here will be read by the drain, which could not refuse it any more.
  TS_RETURN_IF_ERROR(DecodeChunkNumbers(*chunk.payload, &numbers_));
  TS_RETURN_IF_ERROR(DecodeChunkTimes(*chunk.payload, &times_));
  CatalogueChanges changes;
  TS_RETURN_IF_ERROR(DecodeChunkCatalogue(*chunk.payload, &changes));
  const uint32_t before = tenant->catalogue.size();
  TS_RETURN_IF_ERROR(tenant->catalogue.Learn(changes));
  core_->tenants.AddItems(tenant->catalogue.size() - before);
  BatchState* state = nullptr;
  TS_RETURN_IF_ERROR(tenant->FindBatch(std::string(header.batch), core_->store.get(), &state));
  state->sum.Add(BatchSumOf(header, chunk.lsn));
  state->record_lsn = chunk.lsn;
  return Status::Ok();
}

// The window of an interrupted key replay is drained as it was cut; others when they are full, so
// that a long tail takes no more memory than a running engine (L9).
Status Recovery::DrainIfDue(Lsn last) {
  if (marker_.replay.has_value() ? last < marker_.replay->last : !core_->windows->full()) {
    return Status::Ok();
  }
  core_->windows->Want(last);
  TS_RETURN_IF_ERROR(drainer_.DrainOne());
  marker_.replay.reset();
  core_->tenants.ForgetBatches(last);
  return Status::Ok();
}

}  // namespace

std::string LogPath(const std::string& path) {
  return path + "/log";
}
std::string StorePath(const std::string& path) {
  return path + "/store";
}
std::string LockPath(const std::string& path) {
  return path + "/LOCK";
}

Status FindDatabase(FileSystem* files, const std::string& path) {
  if (!files->Exists(path)) {
    return Status::NotFound("there is no database at " + path);
  }
  if (!files->Exists(StorePath(path)) && !files->Exists(LogPath(path))) {
    return Status::NotFound(path + " is not a Tallystone database (it has neither store nor log)");
  }
  return Status::Ok();
}

Status MakeDatabaseDirectory(FileSystem* files, const std::string& path) {
  if (files->Exists(path)) {
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(files->CreateDirectory(path));
  return files->SyncDirectory(ParentDirectory(path));
}

Status CheckOptions(const Options& options) {
  const auto check = [](const char* name, uint64_t value, uint64_t low, uint64_t high) {
    return value >= low && value <= high
               ? Status::Ok()
               : Status::InvalidArgument("option " + std::string(name) + " is " +
                                         std::to_string(value) + "; it must be " +
                                         std::to_string(low) + " .. " + std::to_string(high));
  };
  TS_RETURN_IF_ERROR(check("items_max", options.items_max, 1, 4'000'000'000));
  TS_RETURN_IF_ERROR(
      check("window_lines_max", options.window_lines_max, limits::kChunkLinesMax, 4'194'304));
  TS_RETURN_IF_ERROR(check("log_segment_bytes", options.log_segment_bytes, limits::kSegmentBytesMin,
                           limits::kSegmentBytesMax));
  if (options.log_segment_bytes % 4096 != 0) {
    return Status::InvalidArgument("option log_segment_bytes must be a multiple of 4096");
  }
  return check("store_retries_max", options.store_retries_max, 0, 100);
}

Status Recover(const Options& options, const std::string& path, Parts parts,
               std::unique_ptr<Core>* core) {
  core->reset();
  TS_RETURN_IF_ERROR(CheckOptions(options));
  auto made = std::make_unique<Core>(options);
  made->path = path;
  TS_RETURN_IF_ERROR(Recovery(made.get(), std::move(parts)).Run());
  *core = std::move(made);
  return Status::Ok();
}

}  // namespace tallystone
