// EngineImpl: the rooms of the engine wired together behind the public interface.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ingest/batch_session.h"
#include "ingest/core.h"
#include "ingest/drainer.h"
#include "ingest/recovery.h"
#include "ingest/workspace.h"
#include "inspect/queries.h"
#include "tallystone/engine.h"

namespace tallystone {

class EngineImpl final : public Engine {
 public:
  // Engine::Open with replaced parts, for tests.
  static Status OpenWith(const Options& options, const std::string& path, Parts parts,
                         std::unique_ptr<Engine>* engine);

  explicit EngineImpl(std::unique_ptr<Core> core);
  ~EngineImpl() override;

  Status Ingest(const IngestOptions& options, const Batch& batch, BatchResult* result) override;
  Status NewBatchWriter(const IngestOptions& options, std::string_view tenant, std::string_view id,
                        std::unique_ptr<BatchWriter>* writer) override;
  Status Sync() override;
  Status Flush() override;
  Status Compact(const CompactOptions& options, CompactReport* report) override;
  Status MoveTenant(std::string_view tenant, const std::string& server) override;
  Status Close() override;

  Status GetItem(const ItemKey& key, ItemInfo* item) override;
  Status GetBalance(const ItemKey& key, Balance* balance) override;
  Status GetBatch(std::string_view tenant, std::string_view id, BatchInfo* info) override;
  Status GetDeadLetter(const DeadLetterKey& key, DeadLetter* letter) override;
  Status NewBalanceCursor(const Filter& filter, std::unique_ptr<Cursor<Balance>>* cursor) override;
  Status NewItemCursor(const Filter& filter, std::unique_ptr<Cursor<ItemInfo>>* cursor) override;
  Status NewTransactionCursor(const Filter& filter,
                              std::unique_ptr<Cursor<Transaction>>* cursor) override;
  Status NewBatchCursor(const Filter& filter, std::unique_ptr<Cursor<BatchInfo>>* cursor) override;
  Status NewDeadLetterCursor(const Filter& filter,
                             std::unique_ptr<Cursor<DeadLetter>>* cursor) override;
  Status GetLineResults(std::string_view tenant, std::string_view id,
                        std::vector<LineResult>* results) override;

  Status NewReviewCursor(const Filter& filter, std::unique_ptr<Cursor<Review>>* cursor) override;
  Status AcceptReview(const AcceptAnswer& answer, ReviewResult* result) override;
  Status RejectReview(const RejectAnswer& answer, ReviewResult* result) override;
  Status SplitItem(const SplitRequest& request, ReviewResult* result) override;
  Status SetMapping(std::string_view tenant, const MappingSettings& settings) override;
  Status GetMapping(std::string_view tenant, MappingSettings* settings) override;
  Status RetryDeadLetter(const IngestOptions& options, const DeadLetterKey& key,
                         const TextLine* corrected, LineResult* result) override;
  Status DropDeadLetter(const DeadLetterKey& key) override;
  [[nodiscard]] EngineStats stats() const override;
  [[nodiscard]] MetricsSnapshot metrics() const override;

 private:
  // These require a CoreCall.
  Status Book(const IngestOptions& options, const Batch& batch, Tenant* tenant,
              BatchSession* session, BatchResult* result);
  Status BringToStore();
  Status WaitApplied(Lsn lsn);
  void WatchMoves();
  Status NewView(SharedView* view);
  Status FindKey(const ItemKey& key, StockKey* found, ItemInfo* item);
  template <typename Record>
  Status MakeCursor(Status (*make)(SharedView, const Filter&, std::unique_ptr<Cursor<Record>>*),
                    const Filter& filter, std::unique_ptr<Cursor<Record>>* cursor);

  std::unique_ptr<Core> core_;
  Workspaces workspaces_;
  std::vector<std::unique_ptr<Drainer>> drainers_;  // after core_: their threads end first
  std::mutex moves_mutex_;
  std::condition_variable moves_ended_;
  bool moves_stop_ = false;
  std::thread moves_;  // where there are several servers
};

}  // namespace tallystone
