#include "tallystone/inspector.h"

#include <chrono>
#include <thread>

#include "base/check.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "batchlog/batch_log.h"
#include "ingest/recovery.h"
#include "inspect/open_inspector.h"
#include "inspect/overview.h"
#include "inspect/preview.h"
#include "inspect/queries.h"
#include "inspect/reviews.h"
#include "inspect/settings.h"
#include "inspect/state_digest.h"
#include "inspect/store_entries.h"
#include "inspect/verify.h"
#include "store/memory/memory_store.h"
#include "store/rocks/rocks_store.h"

namespace tallystone {
namespace {

// A writer at work may recycle a segment or remove a file between our reading of the store and of
// the log; then both are read again.
constexpr int kOpenAttempts = 20;
constexpr std::chrono::milliseconds kOpenDelay(20);

class InspectorImpl final : public Inspector {
 public:
  InspectorImpl(const Options& options, FileSystem* files, rocksdb::Env* env)
      : options_(options), files_(files), env_(env) {}
  ~InspectorImpl() override {
    preview_.reset();
    view_.reset();  // before the store it reads
  }

  Status Open(const std::string& path);
  Status OpenNothing();

  Status GetStatus(const ProgressFunction& progress, DatabaseStatus* status) override;
  Status GetOverview(const OverviewOptions& options, DatabaseOverview* overview) override;
  Status Verify(const ProgressFunction& progress, VerifyReport* report) override {
    return VerifyView(view_.get(), progress, report);
  }
  Status VerifyQuick(const ProgressFunction& progress, VerifyReport* report) override {
    return VerifyQuickly(view_.get(), progress, report);
  }
  Status Preview(const IngestOptions& options, const Batch& batch,
                 std::vector<LineResult>* results) override {
    return preview_->Run(options, batch, results);
  }
  Status GetItem(const ItemKey& key, ItemInfo* item) override {
    return preview_->Knows(key.tenant) ? preview_->GetItem(key, item)
                                       : ReadItem(view_.get(), key, item);
  }
  Status GetBalance(const ItemKey& key, Balance* balance) override {
    return ReadBalance(view_.get(), key, balance);
  }
  Status GetBatch(std::string_view tenant, std::string_view id, BatchInfo* info) override {
    return ReadBatch(view_.get(), tenant, id, info);
  }
  Status GetDeadLetter(const DeadLetterKey& key, DeadLetter* letter) override {
    return ReadDeadLetter(view_.get(), key, letter);
  }
  Status NewBalanceCursor(const Filter& filter, std::unique_ptr<Cursor<Balance>>* cursor) override {
    return MakeBalanceCursor(view_, filter, cursor);
  }
  Status NewItemCursor(const Filter& filter, std::unique_ptr<Cursor<ItemInfo>>* cursor) override {
    return MakeItemCursor(view_, filter, cursor);
  }
  Status NewTransactionCursor(const Filter& filter,
                              std::unique_ptr<Cursor<Transaction>>* cursor) override {
    return MakeTransactionCursor(view_, filter, cursor);
  }
  Status NewBatchCursor(const Filter& filter, std::unique_ptr<Cursor<BatchInfo>>* cursor) override {
    return MakeBatchCursor(view_, filter, cursor);
  }
  Status NewDeadLetterCursor(const Filter& filter,
                             std::unique_ptr<Cursor<DeadLetter>>* cursor) override {
    return MakeDeadLetterCursor(view_, filter, cursor);
  }
  Status NewReviewCursor(const Filter& filter, std::unique_ptr<Cursor<Review>>* cursor) override {
    return MakeReviewCursor(view_, filter, cursor);
  }
  Status GetMapping(std::string_view tenant, MappingSettings* settings) override {
    return ReadMappingOf(view_.get(), tenant, settings);
  }
  Status Explain(std::string_view tenant, const MappingQuery& query,
                 MappingExplanation* explanation) override {
    return preview_->Explain(std::string(tenant), query, explanation);
  }
  Status GetLineResults(std::string_view tenant, std::string_view id,
                        std::vector<LineResult>* results) override {
    return ReadLineResults(view_.get(), tenant, id, results);
  }
  Status NewEntryCursor(StoreFamily family, const EntryRange& range,
                        std::unique_ptr<Cursor<StoreEntry>>* cursor) override {
    return MakeEntryCursor(view_, family, range, cursor);
  }
  Status GetSettings(std::vector<Setting>* settings) override {
    return ReadSettings(view_.get(), store_.get(), options_, settings);
  }
  [[nodiscard]] uint64_t as_of_lsn() const override { return view_->as_of(); }

 private:
  Status TryOpen(const std::string& path);
  Status ReadLog(const std::string& path, const Marker& marker, std::vector<LoggedChunk>* chunks);
  Status Lay(std::vector<LoggedChunk> chunks);

  const Options options_;
  FileSystem* const files_;
  rocksdb::Env* const env_;
  std::unique_ptr<Store> store_;
  RocksStore* rocks_ = nullptr;  // the same; null: there is no database
  SharedView view_;
  std::unique_ptr<tallystone::Preview> preview_;
  LogTail tail_;
  uint64_t log_bytes_ = 0;
  uint64_t store_bytes_ = 0;
  uint64_t read_at_us_ = 0;
};

Status InspectorImpl::Open(const std::string& path) {
  TS_RETURN_IF_ERROR(FindDatabase(files_, path));
  Status status;
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    status = TryOpen(path);
    if (!status.Is(StatusCode::kTryAgain)) {
      return status;
    }
    view_.reset();
    store_.reset();
    std::this_thread::sleep_for(kOpenDelay);
  }
  return status;
}

Status InspectorImpl::TryOpen(const std::string& path) {
  RocksStoreOptions options;
  options.path = StorePath(path);
  options.read_only = true;
  options.file_system = files_;
  options.env = env_;
  options.block_cache_bytes = options_.block_cache_bytes;
  options.logger = options_.logger;
  TS_RETURN_IF_ERROR(RocksStore::Open(options, &store_));
  rocks_ = static_cast<RocksStore*>(store_.get());
  Marker marker;
  Status status = store_->ReadMarker(&marker);
  if (status.IsNotFound()) {
    return Status::NotFound(path +
                            " has no Tallystone database yet (its creation was interrupted)");
  }
  TS_RETURN_IF_ERROR(status);
  std::vector<LoggedChunk> chunks;
  TS_RETURN_IF_ERROR(ReadLog(path, marker, &chunks));
  read_at_us_ = NowMicros();
  return Lay(std::move(chunks));
}

Status InspectorImpl::ReadLog(const std::string& path, const Marker& marker,
                              std::vector<LoggedChunk>* chunks) {
  const std::string log = LogPath(path);
  if (files_->Exists(log)) {
    BatchLogOptions options;
    options.file_system = files_;
    options.segment_bytes = options_.log_segment_bytes;
    options.logger = options_.logger;
    TS_RETURN_IF_ERROR(BatchLog::Read(
        options, log, marker.database_id, marker.applied,
        [&](const LoggedChunk& chunk) {
          chunks->push_back(chunk);
          return Status::Ok();
        },
        &tail_));
    std::vector<std::string> names;
    TS_RETURN_IF_ERROR(files_->List(log, &names));
    log_bytes_ = 0;
    for (const std::string& name : names) {
      std::unique_ptr<File> file;
      uint64_t size = 0;
      if (files_->Open(log + "/" + name, OpenMode::kRead, &file).ok() && file->Size(&size).ok()) {
        log_bytes_ += size;
      }
    }
  }
  return RocksStore::BytesOnDisk(StorePath(path), &store_bytes_);
}

Status InspectorImpl::Lay(std::vector<LoggedChunk> chunks) {
  std::unique_ptr<StoreView> store_view;
  TS_RETURN_IF_ERROR(store_->NewView(&store_view));
  std::unique_ptr<LiveView> view;
  TS_RETURN_IF_ERROR(LiveView::Make(std::move(store_view), std::move(chunks), &view));
  view_ = std::move(view);
  preview_ = std::make_unique<tallystone::Preview>(view_.get(), options_.items_max);
  return Status::Ok();
}

Status InspectorImpl::OpenNothing() {
  store_ = std::make_unique<MemoryStore>();
  TS_RETURN_IF_ERROR(store_->Initialise({}));
  return Lay({});
}

Status InspectorImpl::GetStatus(const ProgressFunction& progress, DatabaseStatus* status) {
  *status = {};
  status->as_of_lsn = view_->as_of();
  status->applied_lsn = view_->store_marker().applied;
  status->replay_unfinished = view_->store_marker().replay.has_value();
  status->log_first_lsn = tail_.first;
  status->log_last_lsn = tail_.last;
  status->log_tail_torn = tail_.torn;
  for (const auto& [ref, sum] : view_->overlay().batches) {
    status->tail_lines += sum.lines;
  }
  status->log_bytes = log_bytes_;
  status->store_bytes = store_bytes_;
  return DigestState(view_.get(), progress, status);
}

Status InspectorImpl::GetOverview(const OverviewOptions& options, DatabaseOverview* overview) {
  *overview = {};
  overview->log_first_lsn = tail_.first;
  overview->log_last_lsn = tail_.last;
  overview->log_tail_torn = tail_.torn;
  overview->log_bytes = log_bytes_;
  overview->store_bytes = store_bytes_;
  overview->read_at_us = read_at_us_;
  if (rocks_ == nullptr) {
    return Status::Ok();
  }
  return MakeOverview(view_.get(), rocks_, options, overview);
}

}  // namespace

Status Inspector::Open(const Options& options, const std::string& path,
                       std::unique_ptr<Inspector>* inspector) {
  return OpenInspector(options, path, FileSystem::Posix(), nullptr, inspector);
}

Status OpenInspector(const Options& options, const std::string& path, FileSystem* files,
                     rocksdb::Env* env, std::unique_ptr<Inspector>* inspector) {
  inspector->reset();
  auto made = std::make_unique<InspectorImpl>(options, files, env);
  TS_RETURN_IF_ERROR(made->Open(path));
  *inspector = std::move(made);
  return Status::Ok();
}

std::unique_ptr<Inspector> Inspector::OpenEmpty(const Options& options) {
  auto made = std::make_unique<InspectorImpl>(options, FileSystem::Posix(), nullptr);
  const Status status = made->OpenNothing();
  TS_CHECK(status.ok());  // memory only
  return made;
}

}  // namespace tallystone
