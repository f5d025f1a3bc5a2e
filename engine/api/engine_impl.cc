#include "api/engine_impl.h"

#include <algorithm>

#include "api/batch_writer_impl.h"
#include "base/check.h"
#include "ingest/batch_session.h"
#include "ingest/dead_letters.h"
#include "ingest/review.h"
#include "ingest/tenant_mover.h"
#include "inspect/repair.h"
#include "inspect/reviews.h"
#include "model/batch_lines.h"
#include "tallystone/limits.h"

namespace tallystone {

namespace {

// Between two looks for moves that somebody asked for.
constexpr std::chrono::milliseconds kMovesPause(500);

// The engine's own batches: answers of a review, and settings.
Status CheckBatchId(std::string_view id) {
  TS_RETURN_IF_ERROR(CheckName(id, limits::kBatchIdBytesMax, "the batch id"));
  return id.starts_with("review/") || id.starts_with("mapping/")
             ? Status::InvalidArgument(
                   "batch ids that begin with review/ or mapping/ are the "
                   "engine's own: use another one")
             : Status::Ok();
}

// Lets go of a session's batch while the tenant's mutex is still held.
class Releaser {
 public:
  explicit Releaser(BatchSession* session) : session_(session) {}
  ~Releaser() { session_->Release(); }
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;

 private:
  BatchSession* const session_;
};

}  // namespace

Status Engine::Open(const Options& options, const std::string& path,
                    std::unique_ptr<Engine>* engine) {
  return EngineImpl::OpenWith(options, path, {}, engine);
}

Status EngineImpl::OpenWith(const Options& options, const std::string& path, Parts parts,
                            std::unique_ptr<Engine>* engine) {
  engine->reset();
  std::unique_ptr<Core> core;
  const RepairPlace place{.path = path, .files = parts.file_system, .env = parts.env};
  Status status = Recover(options, path, std::move(parts), &core);
  if (status.Is(StatusCode::kFormatMismatch)) {
    const Status upgraded = UpgradeStore(options, place);
    if (upgraded.ok()) {
      status = Recover(options, path,
                       {.file_system = place.files, .env = place.env, .store = nullptr}, &core);
    } else if (!upgraded.Is(StatusCode::kFormatMismatch)) {
      status = upgraded;
    }
  }
  TS_RETURN_IF_ERROR(status);
  auto made = std::make_unique<EngineImpl>(std::move(core));
  // What cannot go on now waits in the log for the next time; the database is sound.
  if (const Status moved = ContinueMoves(made->core_.get()); !moved.ok()) {
    made->core_->Log(LogLevel::kWarning, "a move of lines goes on later: " + moved.ToString());
  }
  *engine = std::move(made);
  return Status::Ok();
}

EngineImpl::EngineImpl(std::unique_ptr<Core> core)
    : core_(std::move(core)), workspaces_(core_.get()) {
  for (const auto& lane : core_->lanes) {
    drainers_.push_back(std::make_unique<Drainer>(core_.get(), lane.get()));
    drainers_.back()->Start();
  }
  if (core_->lanes.size() > 1) {
    moves_ = std::thread([this] { WatchMoves(); });
  }
}

// Somebody may write down at any time that a tenant shall move.
void EngineImpl::WatchMoves() {
  RequestedMoves requested(core_.get());
  std::unique_lock lock(moves_mutex_);
  while (!moves_ended_.wait_for(lock, kMovesPause, [this] { return moves_stop_; })) {
    lock.unlock();
    {
      const CoreCall call(core_.get());
      if (call.status().ok()) {
        requested.Run();
      }
    }
    lock.lock();
  }
}

Status EngineImpl::MoveTenant(std::string_view tenant, const std::string& server) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  Tenant* const found = core_->tenants.Find(tenant);
  if (found == nullptr) {
    return Status::NotFound("there is no tenant '" + std::string(tenant) + "'");
  }
  Lane* lane = nullptr;
  TS_RETURN_IF_ERROR(FindLane(*core_, server, &lane));
  return tallystone::MoveTenant(core_.get(), found, lane);
}

EngineImpl::~EngineImpl() {
  Close().PermitUnchecked();
}

Status EngineImpl::Close() {
  if (core_->closed.exchange(true)) {
    return Status::Ok();
  }
  if (moves_.joinable()) {
    {
      const std::lock_guard lock(moves_mutex_);
      moves_stop_ = true;
    }
    moves_ended_.notify_all();
    moves_.join();
  }
  std::unique_lock lock(core_->calls);
  Status status = core_->log->Sync(core_->log->last());
  if (status.ok()) {
    status = WaitApplied(core_->log->durable());
  }
  for (const auto& drainer : drainers_) {
    drainer->Stop();
  }
  core_->log.reset();
  for (const auto& lane : core_->lanes) {
    Status closed = lane->store->Close();
    if (status.ok()) {
      status = std::move(closed);
    }
  }
  core_->lock.reset();
  return status;
}

// Asks all lanes first: they drain side by side.
Status EngineImpl::WaitApplied(Lsn lsn) {
  for (const auto& lane : core_->lanes) {
    lane->windows->Want(lsn);
  }
  Status status;
  for (const auto& lane : core_->lanes) {
    Status of_lane = lane->windows->WaitApplied(lsn);
    if (status.ok() && !of_lane.ok()) {
      status = {of_lane.code(), lane->Prefix() + of_lane.message()};
    }
  }
  return status;
}

Status EngineImpl::Sync() {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return core_->log->Sync(core_->log->last());
}

Status EngineImpl::BringToStore() {
  TS_RETURN_IF_ERROR(core_->log->Sync(core_->log->last()));
  return WaitApplied(core_->log->durable());
}

Status EngineImpl::Flush() {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return BringToStore();
}

Status EngineImpl::Compact(const CompactOptions& options, CompactReport* report) {
  *report = {};
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  TS_RETURN_IF_ERROR(BringToStore());
  for (const auto& lane : core_->lanes) {
    TS_RETURN_IF_ERROR(lane->store->Compact(options, report));
  }
  return Status::Ok();
}

Status EngineImpl::Ingest(const IngestOptions& options, const Batch& batch, BatchResult* result) {
  *result = {};
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  TS_RETURN_IF_ERROR(CheckName(batch.tenant(), limits::kTenantBytesMax, "the tenant"));
  TS_RETURN_IF_ERROR(CheckBatchId(batch.id()));
  if (batch.size() > limits::kBatchLinesMax) {
    return Status::InvalidArgument(
        "batch '" + batch.id() + "' has " + std::to_string(batch.size()) + " lines; at most " +
        std::to_string(limits::kBatchLinesMax) + " are allowed: use a BatchWriter");
  }
  Tenant* tenant = core_->tenants.FindOrCreate(batch.tenant());
  BatchSession session(core_.get(), options, tenant, batch.id());
  Status status = Book(options, batch, tenant, &session, result);
  session.Count(status);
  if (status.ok()) {
    core_->metrics.ingest.ingest_micros.Record(result->processing_time_us);
  }
  return status;
}

Status EngineImpl::Book(const IngestOptions& options, const Batch& batch, Tenant* tenant,
                        BatchSession* session, BatchResult* result) {
  std::vector<LineResult>* results = options.line_results ? &result->lines : nullptr;
  session->LookAhead();
  {
    const Workspaces::Loan work(&workspaces_);
    PrepareLines(batch.lines().lines(), 1, &work->prepared);
    std::lock_guard lock(tenant->mutex);
    const Releaser releaser(session);
    TS_RETURN_IF_ERROR(session->Begin());
    if (options.bad_lines == BadLinePolicy::kRejectBatch && session->state()->sum.lines == 0) {
      std::vector<LineResult> tried;
      Status status = session->TryAll(work.get(), work->prepared, &tried);
      if (!status.ok()) {
        session->ResultNow(result);
        result->lines = std::move(tried);
        return status;
      }
    }
    TS_RETURN_IF_ERROR(session->Add(work.get(), work->prepared, true, results));
  }
  TS_RETURN_IF_ERROR(core_->log->Sync(session->lsn()));
  return session->Result(result, results);
}

Status EngineImpl::NewBatchWriter(const IngestOptions& options, std::string_view tenant,
                                  std::string_view id, std::unique_ptr<BatchWriter>* writer) {
  writer->reset();
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  TS_RETURN_IF_ERROR(CheckName(tenant, limits::kTenantBytesMax, "the tenant"));
  TS_RETURN_IF_ERROR(CheckBatchId(id));
  if (options.bad_lines == BadLinePolicy::kRejectBatch) {
    return Status::InvalidArgument(
        "policy kRejectBatch needs the whole batch: use Ingest, not a BatchWriter");
  }
  auto made = std::make_unique<BatchWriterImpl>(
      core_.get(), &workspaces_, options, core_->tenants.FindOrCreate(tenant), std::string(id));
  TS_RETURN_IF_ERROR(made->Begin());
  *writer = std::move(made);
  return Status::Ok();
}

Status EngineImpl::FindKey(const ItemKey& key, StockKey* found, ItemInfo* item) {
  Tenant* tenant = core_->tenants.Find(key.tenant);
  if (tenant == nullptr) {
    return Status::NotFound("there is no tenant '" + key.tenant + "'");
  }
  std::lock_guard lock(tenant->mutex);
  const ItemId number = key.code.empty() ? key.item : tenant->catalogue.FindByCode(key.code);
  NewItem view;
  if (!tenant->catalogue.View(number, &view)) {
    return Status::NotFound("tenant '" + key.tenant + "' has no item " +
                            (key.code.empty() ? std::to_string(key.item) : "'" + key.code + "'"));
  }
  *found = {tenant->id, number};
  *item = {tenant->name,           number,
           std::string(view.code), std::string(view.description),
           std::string(view.gtin), std::string(view.unit)};
  return Status::Ok();
}

Status EngineImpl::GetItem(const ItemKey& key, ItemInfo* item) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  StockKey found;
  return FindKey(key, &found, item);
}

Status EngineImpl::GetBalance(const ItemKey& key, Balance* balance) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  StockKey found;
  ItemInfo item;
  TS_RETURN_IF_ERROR(FindKey(key, &found, &item));
  BalanceSum sum;
  const std::shared_lock routes(core_->routes);
  TS_RETURN_IF_ERROR(core_->tenants.Find(found.tenant)->windows()->GetBalance(found, &sum));
  *balance = MakeBalance(std::move(item), sum);
  return Status::Ok();
}

// The chunks are taken before the store's view: what the drain moves meanwhile is then in both, and
// the view knows which chunks it has.
Status EngineImpl::NewView(SharedView* view) {
  LogStretch pending = PendingChunks(core_->lanes);
  std::vector<std::unique_ptr<StoreView>> stores;
  const std::shared_lock routes(core_->routes);
  for (const auto& lane : core_->lanes) {
    TS_RETURN_IF_ERROR(lane->store->NewView(&stores.emplace_back()));
  }
  std::unique_ptr<LiveView> made;
  TS_RETURN_IF_ERROR(LiveView::Make(std::move(stores), std::move(pending), &made));
  *view = std::move(made);
  return Status::Ok();
}

template <typename Record>
Status EngineImpl::MakeCursor(Status (*make)(SharedView, const Filter&,
                                             std::unique_ptr<Cursor<Record>>*),
                              const Filter& filter, std::unique_ptr<Cursor<Record>>* cursor) {
  cursor->reset();
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  SharedView view;
  TS_RETURN_IF_ERROR(NewView(&view));
  return make(std::move(view), filter, cursor);
}

Status EngineImpl::NewBalanceCursor(const Filter& filter,
                                    std::unique_ptr<Cursor<Balance>>* cursor) {
  return MakeCursor(MakeBalanceCursor, filter, cursor);
}

Status EngineImpl::NewItemCursor(const Filter& filter, std::unique_ptr<Cursor<ItemInfo>>* cursor) {
  return MakeCursor(MakeItemCursor, filter, cursor);
}

Status EngineImpl::NewTransactionCursor(const Filter& filter,
                                        std::unique_ptr<Cursor<Transaction>>* cursor) {
  return MakeCursor(MakeTransactionCursor, filter, cursor);
}

Status EngineImpl::NewBatchCursor(const Filter& filter,
                                  std::unique_ptr<Cursor<BatchInfo>>* cursor) {
  return MakeCursor(MakeBatchCursor, filter, cursor);
}

Status EngineImpl::NewDeadLetterCursor(const Filter& filter,
                                       std::unique_ptr<Cursor<DeadLetter>>* cursor) {
  return MakeCursor(MakeDeadLetterCursor, filter, cursor);
}

Status EngineImpl::GetBatch(std::string_view tenant, std::string_view id, BatchInfo* info) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  SharedView view;
  TS_RETURN_IF_ERROR(NewView(&view));
  return ReadBatch(view.get(), tenant, id, info);
}

Status EngineImpl::GetDeadLetter(const DeadLetterKey& key, DeadLetter* letter) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  SharedView view;
  TS_RETURN_IF_ERROR(NewView(&view));
  return ReadDeadLetter(view.get(), key, letter);
}

Status EngineImpl::GetLineResults(std::string_view tenant, std::string_view id,
                                  std::vector<LineResult>* results) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  SharedView view;
  TS_RETURN_IF_ERROR(NewView(&view));
  return ReadLineResults(view.get(), tenant, id, results);
}

Status EngineImpl::RetryDeadLetter(const IngestOptions& options, const DeadLetterKey& key,
                                   const TextLine* corrected, LineResult* result) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return tallystone::RetryDeadLetter(core_.get(), options, key, corrected, result);
}

Status EngineImpl::DropDeadLetter(const DeadLetterKey& key) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return tallystone::DropDeadLetter(core_.get(), key);
}

Status EngineImpl::NewReviewCursor(const Filter& filter, std::unique_ptr<Cursor<Review>>* cursor) {
  return MakeCursor(MakeReviewCursor, filter, cursor);
}

Status EngineImpl::AcceptReview(const AcceptAnswer& answer, ReviewResult* result) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return tallystone::AcceptReview(core_.get(), answer, result);
}

Status EngineImpl::RejectReview(const RejectAnswer& answer, ReviewResult* result) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return tallystone::RejectReview(core_.get(), answer, result);
}

Status EngineImpl::SplitItem(const SplitRequest& request, ReviewResult* result) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return tallystone::SplitItem(core_.get(), request, result);
}

Status EngineImpl::SetMapping(std::string_view tenant, const MappingSettings& settings) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return tallystone::SetMapping(core_.get(), tenant, settings);
}

Status EngineImpl::GetMapping(std::string_view tenant, MappingSettings* settings) {
  const CoreCall call(core_.get());
  TS_RETURN_IF_ERROR(call.status());
  return tallystone::GetMapping(core_.get(), tenant, settings);
}

EngineStats EngineImpl::stats() const {
  EngineStats stats;
  if (core_->closed) {
    return stats;
  }
  const MetricsSnapshot metrics = this->metrics();
  stats.logged_lsn = metrics.logged_lsn;
  stats.applied_lsn = metrics.applied_lsn;
  stats.tenants = metrics.tenants;
  stats.items = metrics.items;
  stats.batches = metrics.batches;
  stats.window_lines = metrics.window_lines;
  for (const uint64_t lines : metrics.lines) {
    stats.lines_logged += lines;
  }
  stats.log_syncs = metrics.log_sync_micros.count;
  stats.windows_drained = metrics.drain_micros.count;
  stats.windows_ingested = metrics.windows_ingested;
  stats.keys_replayed = metrics.keys_replayed;
  stats.keys_rejected = metrics.keys_rejected;
  stats.replayed_lines = metrics.recovered_lines;
  const std::shared_lock lock(core_->calls, std::try_to_lock);
  if (lock.owns_lock() && core_->log != nullptr) {
    stats.log_first_lsn = core_->log->first();
  }
  return stats;
}

MetricsSnapshot EngineImpl::metrics() const {
  // First: what is applied by now was logged before, whatever is drained meanwhile.
  Lsn applied = UINT64_MAX;
  for (const auto& lane : core_->lanes) {
    applied = std::min(applied, lane->windows->applied());
  }
  MetricsSnapshot snapshot = core_->metrics.Snapshot();
  snapshot.applied_lsn = applied;
  for (const auto& lane : core_->lanes) {
    snapshot.window_lines += lane->windows->lines();
    snapshot.window_lines_max += core_->options.window_lines_max;
    snapshot.store_unavailable = snapshot.store_unavailable || !lane->windows->stalled().ok();
  }
  snapshot.tenants = core_->tenants.size();
  snapshot.items = core_->tenants.items();
  snapshot.batches = core_->tenants.batches();
  return snapshot;
}

}  // namespace tallystone
