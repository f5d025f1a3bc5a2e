#include "tallystone/inspector.h"

#include "base/check.h"
#include "base/file_system.h"
#include "inspect/chunks.h"
#include "inspect/names.h"
#include "inspect/open_inspector.h"
#include "inspect/opened_database.h"
#include "inspect/overview.h"
#include "inspect/preview.h"
#include "inspect/queries.h"
#include "inspect/reviews.h"
#include "inspect/settings.h"
#include "inspect/state_digest.h"
#include "inspect/store_entries.h"
#include "inspect/transfer_blocks.h"
#include "inspect/verify.h"
#include "store/memory/memory_store.h"

namespace tallystone {
namespace {

class InspectorImpl final : public Inspector {
 public:
  InspectorImpl(const Options& options, FileSystem* files, rocksdb::Env* env)
      : options_(options), files_(files), env_(env) {}

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
  Status PreviewRetry(const IngestOptions& options, const DeadLetterKey& key,
                      const TextLine* corrected, LineResult* result) override {
    return preview_->Retry(options, key, corrected, result);
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
    return ReadSettings(view_.get(), opened_.stores, options_, settings);
  }
  Status NewChunkCursor(const Filter& filter, std::unique_ptr<Cursor<ChunkInfo>>* cursor) override {
    return MakeChunkCursor(view_, {opened_.tail.first, opened_.tail.last}, filter, cursor);
  }
  Status NewLineCursor(std::string_view tenant, std::string_view id,
                       std::unique_ptr<Cursor<BatchLine>>* cursor) override {
    return MakeLineCursor(view_, items_.get(), tenant, id, cursor);
  }
  Status NewBlockCursor(std::unique_ptr<Cursor<TransferBlock>>* cursor) override {
    *cursor = MakeBlockCursor(view_);
    return Status::Ok();
  }
  Status NewNameCursor(const Filter& filter, std::unique_ptr<Cursor<ItemName>>* cursor) override {
    return MakeNameCursor(view_, filter, cursor);
  }
  Status FindLsn(uint64_t accepted_at_us, uint64_t* lsn) override {
    return FindLsnAccepted(view_.get(), accepted_at_us, lsn);
  }
  [[nodiscard]] uint64_t as_of_lsn() const override { return view_->as_of(); }
  [[nodiscard]] bool log_absent() const override { return opened_.log_absent; }

 private:
  void Prepare() {
    view_ = opened_.view;
    items_ = std::make_unique<ItemReader>(view_.get());
    preview_ = std::make_unique<tallystone::Preview>(view_.get(), options_.items_max);
  }

  const Options options_;
  FileSystem* const files_;
  rocksdb::Env* const env_;
  OpenedDatabase opened_;
  SharedView view_;
  std::unique_ptr<ItemReader> items_;
  std::unique_ptr<tallystone::Preview> preview_;
};

Status InspectorImpl::Open(const std::string& path) {
  TS_RETURN_IF_ERROR(OpenToRead(options_, path, files_, env_, &opened_));
  Prepare();
  return Status::Ok();
}

Status InspectorImpl::OpenNothing() {
  opened_.stores.push_back(std::make_unique<MemoryStore>());
  Store* const store = opened_.stores.front().get();
  TS_RETURN_IF_ERROR(store->Initialise({}));
  std::unique_ptr<StoreView> store_view;
  TS_RETURN_IF_ERROR(store->NewView(&store_view));
  std::unique_ptr<LiveView> view;
  TS_RETURN_IF_ERROR(LiveView::Make(std::move(store_view), {}, &view));
  opened_.view = std::move(view);
  Prepare();
  return Status::Ok();
}

Status InspectorImpl::GetStatus(const ProgressFunction& progress, DatabaseStatus* status) {
  *status = {};
  status->as_of_lsn = view_->as_of();
  status->applied_lsn = view_->store_marker().applied;
  status->replay_unfinished = view_->replay().has_value();
  status->log_first_lsn = opened_.tail.first;
  status->log_last_lsn = opened_.tail.last;
  status->log_tail_torn = opened_.tail.torn;
  for (const auto& [ref, sum] : view_->overlay().batches) {
    status->tail_lines += sum.lines;
  }
  status->log_bytes = opened_.log_bytes;
  StoreSizes sizes;
  TS_RETURN_IF_ERROR(SumSizes(opened_.stores, &sizes));
  status->store_bytes = sizes.bytes;
  return DigestState(view_.get(), progress, {}, status);
}

Status InspectorImpl::GetOverview(const OverviewOptions& options, DatabaseOverview* overview) {
  *overview = {};
  overview->log_first_lsn = opened_.tail.first;
  overview->log_last_lsn = opened_.tail.last;
  overview->log_tail_torn = opened_.tail.torn;
  overview->log_bytes = opened_.log_bytes;
  overview->read_at_us = opened_.read_at_us;
  return MakeOverview(view_.get(), opened_.stores, options, overview);
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
