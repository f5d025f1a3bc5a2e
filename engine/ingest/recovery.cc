#include "ingest/recovery.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/check.h"
#include "base/clock.h"
#include "base/random_id.h"
#include "base/text.h"
#include "ingest/database_directory.h"
#include "ingest/drainer.h"
#include "ingest/server_claim.h"
#include "store/rocks/rocks_store.h"
#include "store/routed_view.h"
#include "store/server_store.h"
#include "tallystone/limits.h"
#include "window/sort_window.h"

namespace tallystone {
namespace {

// A lane while its engine is opened.
struct OpeningLane {
  explicit OpeningLane(Core* core, Lane* opened) : lane(opened), drainer(core, opened) {}

  Lane* const lane;
  Marker marker;                  // before anything was drained
  std::map<TenantId, Lsn> ahead;  // of it
  Drainer drainer;                // its thread is not started
};

// Hands a durable chunk to its tenant's lane, and before that its place to the others: whoever saw
// its lines sees, from then on, that no lane is behind them.
void Deliver(Core* core, const LoggedChunk& chunk) {
  core->metrics.logged_lsn.Set(chunk.lsn);
  Lane* lane = core->lanes.front().get();
  if (core->lanes.size() > 1) {
    ChunkHeader header;
    TS_CHECK(DecodeChunkHeader(*chunk.payload, &header).ok());
    lane = core->tenants.Find(header.tenant)->lane;
  }
  for (const auto& each : core->lanes) {
    if (each.get() != lane) {
      TS_CHECK(each->windows->Add(LoggedChunk{chunk.lsn, nullptr}).ok());
    }
  }
  TS_CHECK(lane->windows->Add(chunk).ok());  // this process encoded it a moment ago
}

class Recovery {
 public:
  Recovery(Core* core, Parts parts)
      : core_(core),
        files_(parts.file_system),
        env_(parts.env),
        store_(std::move(parts.store)),
        servers_(std::move(parts.servers)),
        claim_(core, files_) {}

  Status Run();

 private:
  Status OpenDirectory();
  Status OpenStores();
  Status OpenServers(const std::vector<ServerEntry>& recorded);
  Status OpenServer(const std::string& connection, const std::string& shown, bool create,
                    std::unique_ptr<Store>* store);
  Status OpenEmbedded(std::unique_ptr<Store>* store);
  Status ReadMarkers();
  Status BeginAnew(OpeningLane* opening, Lsn applied);
  Status LoadCatalogues();
  Status FinishClaim();
  Status OpenLog();
  Status Replay(const LoggedChunk& chunk);
  bool IsApplied(Lsn lsn, const Tenant& tenant) const;
  Status Learn(const LoggedChunk& chunk, const ChunkHeader& header, Tenant* tenant);
  Status DrainIfDue(OpeningLane* opening, Lsn last);
  void Tell(RecoveryEvent* event);

  const uint64_t start_ = MonotonicMicros();
  Core* const core_;
  FileSystem* const files_;
  rocksdb::Env* const env_;
  std::unique_ptr<Store> store_;
  std::vector<std::pair<std::string, std::unique_ptr<Store>>> servers_;
  ServerClaim claim_;
  std::vector<std::unique_ptr<OpeningLane>> opening_;
  std::map<TenantId, Lane*> begun_;  // have keys of a replay in a store, but no name yet
  ChunkNumbers numbers_;             // working memory
  std::vector<std::string_view> times_;
};

Status Recovery::Run() {
  TS_RETURN_IF_ERROR(OpenDirectory());
  TS_RETURN_IF_ERROR(OpenStores());
  TS_RETURN_IF_ERROR(ReadMarkers());
  TS_RETURN_IF_ERROR(LoadCatalogues());
  RecoveryEvent event;
  event.applied_lsn = LowestStored(core_->lanes);
  for (const auto& opening : opening_) {
    Options options = core_->options;
    if (opening->lane->name.empty() || !options.wait_for_servers) {
      options.stop_waiting = nullptr;
    }
    opening->lane->windows = std::make_unique<WindowSet>(
        options, opening->lane->store.get(), opening->marker.applied, &core_->metrics.ingest);
    event.replay_continued = event.replay_continued || opening->marker.replay.has_value();
  }
  TS_RETURN_IF_ERROR(FinishClaim());
  TS_RETURN_IF_ERROR(OpenLog());
  for (const auto& opening : opening_) {
    if (opening->marker.replay.has_value()) {
      return Status::Corruption(opening->lane->Prefix() + "a key replay up to LSN " +
                                std::to_string(opening->marker.replay->last) +
                                " was interrupted, but the log ends at LSN " +
                                std::to_string(core_->log->last()));
    }
    Marker now;
    TS_RETURN_IF_ERROR(opening->lane->store->ReadMarker(&now));
    opening->lane->stored = now.applied;
  }
  TS_RETURN_IF_ERROR(core_->log->Release(LowestStored(core_->lanes)));
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

Status Recovery::OpenStores() {
  std::vector<ServerEntry> recorded;
  std::vector<std::string> writers;
  const Status listed = ReadServerList(files_, core_->path, &recorded, &writers);
  // Where it is lost the log says whether the servers are the database's.
  if (!listed.ok() && !(core_->options.take_over && !core_->options.servers.empty())) {
    return listed;
  }
  if (servers_.empty() && store_ == nullptr) {
    TS_RETURN_IF_ERROR(OpenServers(recorded));
  }
  if (servers_.empty()) {
    std::unique_ptr<Store> store = std::move(store_);
    if (store == nullptr) {
      TS_RETURN_IF_ERROR(OpenEmbedded(&store));
    }
    servers_.emplace_back("", std::move(store));
  }
  for (auto& [name, store] : servers_) {
    auto lane = std::make_unique<Lane>();
    lane->name = name;
    lane->store = std::move(store);
    opening_.push_back(std::make_unique<OpeningLane>(core_, lane.get()));
    core_->lanes.push_back(std::move(lane));
  }
  return claim_.TakeOver(recorded, std::move(writers));
}

// Those that the options name, or those that there were.
Status Recovery::OpenServers(const std::vector<ServerEntry>& recorded) {
  std::vector<std::string> connections = core_->options.servers;
  if (connections.empty()) {
    for (const ServerEntry& server : recorded) {
      connections.push_back(server.connection);
    }
  }
  if (connections.empty()) {
    return Status::Ok();
  }
  if (files_->Exists(StorePath(core_->path))) {
    return Status::InvalidArgument(
        core_->path +
        " has its store inside; to bring it to servers, export it and import it into a new "
        "database");
  }
  // First those that are there. What is made elsewhere by a mistaken name would be in the way.
  std::vector<std::pair<std::string, std::string>> absent;  // connection, and without the password
  std::vector<ServerEntry> missing = recorded;
  for (const std::string& connection : connections) {
    std::string shown;
    TS_RETURN_IF_ERROR(PublicConnection(connection, &shown));
    std::unique_ptr<Store> store;
    const Status status = OpenServer(connection, shown, false, &store);
    if (status.IsNotFound()) {
      absent.emplace_back(connection, shown);
      continue;
    }
    TS_RETURN_IF_ERROR(status);
    std::erase_if(missing,
                  [&](const ServerEntry& entry) { return entry.id == store->server_id(); });
    servers_.emplace_back(shown, std::move(store));
  }
  if (!missing.empty()) {
    return ServerClaim::LeftOut(missing.front(), absent.empty() ? "" : absent.front().second);
  }
  for (const auto& [connection, shown] : absent) {
    const bool create = core_->options.create_if_missing || !recorded.empty();
    std::unique_ptr<Store> store;
    TS_RETURN_IF_ERROR(OpenServer(connection, shown, create, &store));
    servers_.emplace_back(shown, std::move(store));
  }
  return Status::Ok();
}

Status Recovery::OpenServer(const std::string& connection, const std::string& shown, bool create,
                            std::unique_ptr<Store>* store) {
  ServerStoreOptions options;
  options.connection = connection;
  options.create = create;
  options.logger = core_->options.logger;
  options.stop_waiting = core_->options.stop_waiting;
  Status status = OpenServerStore(options, store);
  return status.ok() ? status : Status(status.code(), shown + ": " + status.message());
}

Status Recovery::OpenEmbedded(std::unique_ptr<Store>* store) {
  TS_RETURN_IF_ERROR(ExpectStoreBesideLog(files_, core_->path));
  RocksStoreOptions options;
  options.path = StorePath(core_->path);
  options.create = core_->options.create_if_missing;
  options.block_cache_bytes = core_->options.block_cache_bytes;
  options.ingest_lines_min = core_->options.ingest_lines_min;
  options.logger = core_->options.logger;
  options.file_system = files_;
  options.env = env_;
  return RocksStore::Open(options, store);
}

// A server that is new to the database begins where the one that is the furthest behind stands.
Status Recovery::ReadMarkers() {
  std::vector<OpeningLane*> empty;
  std::optional<Lsn> lowest;
  for (const auto& opening : opening_) {
    Marker& marker = opening->marker;
    Status status = opening->lane->store->ReadMarker(&marker);
    if (status.IsNotFound()) {
      empty.push_back(opening.get());
      continue;
    }
    TS_RETURN_IF_ERROR(status);
    if (!core_->database_id.empty() && core_->database_id != marker.database_id) {
      return Status::Corruption(opening->lane->name + " holds another database than " +
                                opening_.front()->lane->name);
    }
    core_->database_id = marker.database_id;
    lowest = std::min(lowest.value_or(marker.applied), marker.applied);
  }
  if (!lowest.has_value()) {
    std::vector<std::string> segments;
    if (files_->List(LogPath(core_->path), &segments).ok() && !segments.empty()) {
      return Status::Corruption((opening_.front()->lane->name.empty()
                                     ? "the store in " + StorePath(core_->path)
                                     : "every server") +
                                " is empty, but there is a log beside it: restore the store from "
                                "a backup, or move the log away to begin anew");
    }
    // Whoever made the directory may have died before its name was durable.
    TS_RETURN_IF_ERROR(files_->SyncDirectory(ParentDirectory(core_->path)));
    TS_RETURN_IF_ERROR(MakeRandomId(&core_->database_id));
  }
  for (OpeningLane* opening : empty) {
    TS_RETURN_IF_ERROR(BeginAnew(opening, lowest.value_or(0)));
  }
  for (const auto& opening : opening_) {
    opening->lane->stored = opening->marker.applied;
  }
  return Status::Ok();
}

Status Recovery::BeginAnew(OpeningLane* opening, Lsn applied) {
  opening->marker = {};
  opening->marker.applied = applied;
  opening->marker.database_id = core_->database_id;
  return opening->lane->store->Initialise(opening->marker);
}

Status Recovery::LoadCatalogues() {
  std::vector<std::unique_ptr<StoreView>> views;
  for (const auto& opening : opening_) {
    TS_RETURN_IF_ERROR(opening->lane->store->NewView(&views.emplace_back()));
    TS_RETURN_IF_ERROR(views.back()->ReadAhead(&opening->ahead));
  }
  if (views.size() == 1) {
    return core_->tenants.Load(views.front().get(),
                               [this](TenantId) { return opening_.front()->lane; });
  }
  std::unique_ptr<RoutedView> all;
  RoutedView::Missing missing;
  const Status made = RoutedView::Make(std::move(views), &all, &missing);
  if (made.Is(StatusCode::kTryAgain) && missing.tenant != 0) {  // nothing moves now
    return RoutedView::Lost(missing, opening_[missing.part]->lane->name);
  }
  TS_RETURN_IF_ERROR(made);
  TS_RETURN_IF_ERROR(core_->tenants.Load(
      all.get(), [&](TenantId tenant) { return opening_[all->PartOf(tenant)]->lane; }));
  std::map<TenantId, TenantHome> homes;
  TS_RETURN_IF_ERROR(all->ReadHomes(&homes));
  for (const auto& [tenant, home] : homes) {
    if (core_->tenants.Find(tenant) == nullptr) {
      begun_[tenant] = opening_[all->PartOf(tenant)]->lane;
    }
  }
  // A move that was interrupted after the tenant had arrived.
  const std::vector<RoutedView::Stray> strays = all->strays();
  all.reset();
  for (const RoutedView::Stray& stray : strays) {
    Lane* const lane = opening_[stray.part]->lane;
    Status left = lane->store->MoveOut(stray.tenant, stray.generation);
    if (left.ok()) {
      left = lane->store->RemoveLeft(stray.tenant, stray.generation, [this] {
        return core_->options.stop_waiting != nullptr && *core_->options.stop_waiting;
      });
    }
    if (left.Is(StatusCode::kFenced)) {
      return left;
    }
    // It does no harm: readers leave it out.
    if (!left.ok()) {
      core_->Log(LogLevel::kWarning,
                 lane->Prefix() + "what it has left of tenant '" +
                     core_->tenants.Find(stray.tenant)->name +
                     "', which moved, is removed at a later open: " + left.ToString());
    }
  }
  return Status::Ok();
}

// Before anything is replayed.
Status Recovery::FinishClaim() {
  std::vector<Lsn> highest;
  for (const auto& opening : opening_) {
    highest.push_back(opening->marker.applied);
    for (const auto& [tenant, lsn] : opening->ahead) {
      highest.back() = std::max(highest.back(), lsn);
    }
  }
  return claim_.Finish(LowestStored(core_->lanes), highest);
}

Status Recovery::OpenLog() {
  BatchLogOptions options;
  options.file_system = files_;
  options.segment_bytes = core_->options.log_segment_bytes;
  options.logger = core_->options.logger;
  options.listener = core_->options.listener;
  options.metrics = &core_->metrics.log;
  return BatchLog::Open(
      options, LogPath(core_->path), core_->database_id, LowestStored(core_->lanes),
      [this](const LoggedChunk& chunk) { return Replay(chunk); },
      [core = core_](const LoggedChunk& chunk) { Deliver(core, chunk); }, &core_->log);
}

// Whether the tenant's store has the chunk already. A tenant that no store has yet has nothing.
bool Recovery::IsApplied(Lsn lsn, const Tenant& tenant) const {
  for (const auto& opening : opening_) {
    if (opening->lane == tenant.lane) {
      const auto found = opening->ahead.find(tenant.id);
      return lsn <= opening->marker.applied ||
             (found != opening->ahead.end() && lsn <= found->second);
    }
  }
  return false;
}

Status Recovery::Replay(const LoggedChunk& chunk) {
  ChunkHeader header;
  Status status = DecodeChunkHeader(*chunk.payload, &header);
  Tenant* tenant = core_->tenants.Find(header.tenant);
  const bool applied = status.ok() && tenant != nullptr && IsApplied(chunk.lsn, *tenant);
  if (status.ok() && !applied) {
    status = Learn(chunk, header, tenant);
    tenant = core_->tenants.Find(header.tenant);
  }
  for (const auto& opening : opening_) {
    const bool here = status.ok() && !applied && opening->lane == tenant->lane;
    if (here && chunk.lsn <= opening->marker.applied) {
      status = Status::Corruption(
          opening->lane->Prefix() + "tenant '" + tenant->name +
          "' is not there, although it is at LSN " + std::to_string(opening->marker.applied) +
          "; was a server left out that had its lines? Name all servers of the database");
    }
    if (status.ok() && chunk.lsn > opening->marker.applied) {
      status = opening->lane->windows->Add(here ? chunk : LoggedChunk{chunk.lsn, nullptr});
    }
  }
  if (!status.ok()) {
    return {status.code(), LogPath(core_->path) + ": record at LSN " + std::to_string(chunk.lsn) +
                               ": " + status.message()};
  }
  core_->metrics.recovery.chunks.Add(1);
  core_->metrics.recovery.lines.Add(applied ? 0 : header.lines);
  for (const auto& opening : opening_) {
    TS_RETURN_IF_ERROR(DrainIfDue(opening.get(), chunk.lsn));
  }
  return Status::Ok();
}

Status Recovery::Learn(const LoggedChunk& chunk, const ChunkHeader& header, Tenant* tenant) {
  if ((header.flags & kChunkNewTenant) != 0) {
    const auto begun = begun_.find(header.tenant);
    TS_RETURN_IF_ERROR(
        begun == begun_.end()
            ? core_->tenants.Learn(header.tenant, header.tenant_name, &tenant)
            : core_->tenants.Learn(header.tenant, header.tenant_name, begun->second, &tenant));
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
  TS_RETURN_IF_ERROR(tenant->FindBatch(std::string(header.batch), &state));
  state->sum.Add(BatchSumOf(header, chunk.lsn));
  state->record_lsn = chunk.lsn;
  return Status::Ok();
}

// The window of an interrupted key replay is drained as it was cut; others when they are full, so
// that a long tail takes no more memory than a running engine (L9).
Status Recovery::DrainIfDue(OpeningLane* opening, Lsn last) {
  const std::optional<ReplayProgress>& replay = opening->marker.replay;
  if (replay.has_value() ? last < replay->last : !opening->lane->windows->full()) {
    return Status::Ok();
  }
  opening->lane->windows->Want(last);
  TS_RETURN_IF_ERROR(opening->drainer.DrainOne());
  opening->marker.replay.reset();
  core_->tenants.ForgetBatches(opening->lane, last);
  return Status::Ok();
}

}  // namespace

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
