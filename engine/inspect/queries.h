// Queries: the public cursors, over a live view.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "store/live_view.h"
#include "tallystone/engine.h"

namespace tallystone {

// A Filter with its names looked up. kNotFound names the tenant or item that is not there.
struct ResolvedFilter {
  TenantId tenant = 0;  // 0 = all
  ItemId item = 0;      // 0 = all
  std::string batch;    // "" = all
  Lsn first_lsn = 0;
  Lsn last_lsn = UINT64_MAX;
};
Status Resolve(LiveView* view, const Filter& filter, ResolvedFilter* resolved);

// The number of an item. kNotFound.
Status ResolveItem(LiveView* view, const ItemKey& key, StockKey* found);

ItemInfo MakeItemInfo(const LiveView& view, StockKey key, const StoredItem& item);
BatchInfo MakeBatchInfo(const LiveView& view, const BatchRef& ref, const BatchSum& sum);
DeadLetter MakeDeadLetter(const LiveView& view, const LineRef& ref, const StoredDeadLetter& stored);
Balance MakeBalance(ItemInfo item, const BalanceSum& sum);

// The items of the tenants that were asked for, in memory.
class ItemTable {
 public:
  explicit ItemTable(LiveView* view) : view_(view) {}
  // kCorruption if there is no such item. Valid as long as the table.
  Status Find(StockKey key, const StoredItem** item);

 private:
  Status Load(TenantId tenant);
  LiveView* const view_;
  std::map<TenantId, std::vector<StoredItem>> items_;  // by number - 1
};

// Items looked up one by one, and all of a tenant once that has cost as much. Not thread-safe.
class ItemReader {
 public:
  explicit ItemReader(LiveView* view) : view_(view), table_(view) {}
  // kNotFound or kCorruption if there is no such item. Valid until the next call.
  Status Find(StockKey key, const StoredItem** item);

 private:
  static constexpr size_t kLookupsMax = 10'000;

  LiveView* const view_;
  ItemTable table_;
  std::map<StockKey, StoredItem> found_;
};

// Each cursor keeps `view` alive.
using SharedView = std::shared_ptr<LiveView>;
Status MakeItemCursor(SharedView view, const Filter& filter,
                      std::unique_ptr<Cursor<ItemInfo>>* cursor);
Status MakeBalanceCursor(SharedView view, const Filter& filter,
                         std::unique_ptr<Cursor<Balance>>* cursor);
Status MakeBatchCursor(SharedView view, const Filter& filter,
                       std::unique_ptr<Cursor<BatchInfo>>* cursor);
Status MakeDeadLetterCursor(SharedView view, const Filter& filter,
                            std::unique_ptr<Cursor<DeadLetter>>* cursor);
Status MakeTransactionCursor(SharedView view, const Filter& filter,
                             std::unique_ptr<Cursor<Transaction>>* cursor);

// Point reads.
Status ReadItem(LiveView* view, const ItemKey& key, ItemInfo* item);
Status ReadBalance(LiveView* view, const ItemKey& key, Balance* balance);
Status ReadBatch(LiveView* view, std::string_view tenant, std::string_view id, BatchInfo* info);
Status GetBatchSum(LiveView* view, std::string_view tenant, std::string_view id, BatchSum* sum);
Status ReadDeadLetter(LiveView* view, const DeadLetterKey& key, DeadLetter* letter);
Status ReadLineResults(LiveView* view, std::string_view tenant, std::string_view id,
                       std::vector<LineResult>* results);

}  // namespace tallystone
