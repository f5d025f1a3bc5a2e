#include "inspect/queries.h"

#include "base/check.h"
#include "ingest/stored_lines.h"
#include "inspect/mapped_cursor.h"
#include "model/chunk.h"

namespace tallystone {
namespace {

Status NoTenant(std::string_view name) {
  return Status::NotFound("there is no tenant '" + std::string(name) + "'");
}

Status NoBatch(std::string_view tenant, std::string_view id) {
  return Status::NotFound("tenant '" + std::string(tenant) + "' has no batch '" + std::string(id) +
                          "'");
}

bool KeyInRange(const ResolvedFilter& filter, StockKey key) {
  return (filter.tenant == 0 || key.tenant == filter.tenant) &&
         (filter.item == 0 || key.item == filter.item);
}

}  // namespace

Status Resolve(LiveView* view, const Filter& filter, ResolvedFilter* resolved) {
  *resolved = {};
  resolved->batch = filter.batch;
  resolved->first_lsn = filter.first_lsn;
  resolved->last_lsn = filter.last_lsn == 0 ? UINT64_MAX : filter.last_lsn;
  if (filter.tenant.empty()) {
    return filter.code.empty() && filter.item == 0
               ? Status::Ok()
               : Status::InvalidArgument("an item can only be asked for together with its tenant");
  }
  resolved->tenant = view->FindTenant(filter.tenant);
  if (resolved->tenant == 0) {
    return NoTenant(filter.tenant);
  }
  if (filter.code.empty() && filter.item == 0) {
    return Status::Ok();
  }
  StockKey key;
  TS_RETURN_IF_ERROR(ResolveItem(view, {filter.tenant, filter.code, filter.item}, &key));
  resolved->item = key.item;
  return Status::Ok();
}

Status ResolveItem(LiveView* view, const ItemKey& key, StockKey* found) {
  const TenantId tenant = view->FindTenant(key.tenant);
  if (tenant == 0) {
    return NoTenant(key.tenant);
  }
  if (key.code.empty()) {
    *found = {tenant, key.item};
    StoredItem item;
    return view->GetItem(*found, &item);
  }
  auto cursor = view->Items({tenant, 0});
  for (cursor->SeekToFirst(); cursor->Valid() && cursor->value().first.tenant == tenant;
       cursor->Next()) {
    if (cursor->value().second.code == key.code) {
      *found = cursor->value().first;
      return Status::Ok();
    }
  }
  TS_RETURN_IF_ERROR(cursor->status());
  return Status::NotFound("tenant '" + key.tenant + "' has no item with code '" + key.code + "'");
}

ItemInfo MakeItemInfo(const LiveView& view, StockKey key, const StoredItem& item) {
  return {view.TenantName(key.tenant), key.item, item.code, item.description, item.gtin, item.unit};
}

BatchInfo MakeBatchInfo(const LiveView& view, const BatchRef& ref, const BatchSum& sum) {
  BatchInfo info;
  info.tenant = view.TenantName(ref.tenant);
  info.batch = ref.batch;
  info.lines = sum.lines;
  info.items_processed = sum.booked();
  info.items_failed = sum.not_booked();
  info.retried = sum.retried;
  info.dropped = sum.dropped;
  info.first_lsn = sum.first_lsn;
  info.last_lsn = sum.last_lsn;
  info.accepted_at_us = sum.accepted_at_us;
  info.finished = sum.finished;
  return info;
}

DeadLetter MakeDeadLetter(const LiveView& view, const LineRef& ref,
                          const StoredDeadLetter& stored) {
  DeadLetter letter;
  letter.key = {view.TenantName(ref.tenant), ref.batch, ref.line};
  letter.cause = stored.cause;
  letter.detail = stored.detail;
  letter.attempts = stored.attempts;
  letter.lsn = stored.lsn;
  letter.failed_at_us = stored.failed_at_us;
  letter.code = stored.code;
  letter.description = stored.description;
  letter.quantity = stored.quantity;
  letter.unit_cost = stored.unit_cost;
  letter.vendor = stored.vendor;
  letter.gtin = stored.gtin;
  letter.unit = stored.unit;
  letter.document = stored.document;
  letter.time = stored.time;
  letter.line_id = stored.line_id;
  letter.vendor_code = stored.vendor_code;
  letter.raw = stored.raw;
  return letter;
}

Balance MakeBalance(ItemInfo item, const BalanceSum& sum) {
  return {std::move(item), {sum.on_hand}, {sum.value}, sum.lines, sum.last_lsn, sum.last_time};
}

Status ItemTable::Load(TenantId tenant) {
  std::vector<StoredItem>& items = items_[tenant];
  auto cursor = view_->Items({tenant, 0});
  for (cursor->SeekToFirst(); cursor->Valid() && cursor->value().first.tenant == tenant;
       cursor->Next()) {
    const ItemId number = cursor->value().first.item;
    if (number != items.size() + 1) {
      return Status::Corruption("items of tenant '" + view_->TenantName(tenant) +
                                "' have a gap before number " + std::to_string(number));
    }
    items.push_back(cursor->value().second);
  }
  return cursor->status();
}

Status ItemTable::Find(StockKey key, const StoredItem** item) {
  auto found = items_.find(key.tenant);
  if (found == items_.end()) {
    TS_RETURN_IF_ERROR(Load(key.tenant));
    found = items_.find(key.tenant);
  }
  if (key.item == 0 || key.item > found->second.size()) {
    return Status::Corruption("a line names item " + std::to_string(key.item) + " of tenant '" +
                              view_->TenantName(key.tenant) +
                              "', which the catalogue does not have");
  }
  *item = &found->second[key.item - 1];
  return Status::Ok();
}

Status ItemReader::Find(StockKey key, const StoredItem** item) {
  auto found = found_.find(key);
  if (found == found_.end()) {
    if (found_.size() == kLookupsMax) {
      return table_.Find(key, item);
    }
    StoredItem stored;
    TS_RETURN_IF_ERROR(view_->GetItem(key, &stored));
    found = found_.emplace(key, std::move(stored)).first;
  }
  *item = &found->second;
  return Status::Ok();
}

Status MakeItemCursor(SharedView view, const Filter& filter,
                      std::unique_ptr<Cursor<ItemInfo>>* cursor) {
  using Inner = std::pair<StockKey, StoredItem>;
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  auto inner = view->Items({resolved.tenant, resolved.item});
  LiveView* raw = view.get();
  *cursor = std::make_unique<MappedCursor<Inner, ItemInfo>>(
      std::move(view), std::move(inner),
      [resolved](const Inner& entry) { return KeyInRange(resolved, entry.first); },
      [raw](const Inner& entry, ItemInfo* item, bool* take) {
        *item = MakeItemInfo(*raw, entry.first, entry.second);
        *take = true;
        return Status::Ok();
      });
  return Status::Ok();
}

Status MakeBalanceCursor(SharedView view, const Filter& filter,
                         std::unique_ptr<Cursor<Balance>>* cursor) {
  using Inner = std::pair<StockKey, BalanceSum>;
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  const StockKey from{resolved.tenant, resolved.item};
  auto inner = view->Balances(from);
  // Items come in the same order, so one walk beside the other finds each.
  std::shared_ptr<Cursor<std::pair<StockKey, StoredItem>>> items = view->Items(from);
  items->SeekToFirst();
  LiveView* raw = view.get();
  *cursor = std::make_unique<MappedCursor<Inner, Balance>>(
      std::move(view), std::move(inner),
      [resolved](const Inner& entry) { return KeyInRange(resolved, entry.first); },
      [raw, items](const Inner& entry, Balance* balance, bool* take) {
        if (!items->Valid() || entry.first < items->value().first) {
          items->SeekToFirst();
        }
        while (items->Valid() && items->value().first < entry.first) {
          items->Next();
        }
        TS_RETURN_IF_ERROR(items->status());
        if (!items->Valid() || items->value().first != entry.first) {
          return Status::Corruption(
              "there is a balance for item " + std::to_string(entry.first.item) + " of tenant '" +
              raw->TenantName(entry.first.tenant) + "', which the catalogue does not have");
        }
        *balance =
            MakeBalance(MakeItemInfo(*raw, entry.first, items->value().second), entry.second);
        *take = true;
        return Status::Ok();
      });
  return Status::Ok();
}

Status MakeBatchCursor(SharedView view, const Filter& filter,
                       std::unique_ptr<Cursor<BatchInfo>>* cursor) {
  using Inner = std::pair<BatchRef, BatchSum>;
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  auto inner = view->Batches({resolved.tenant, resolved.tenant == 0 ? "" : resolved.batch});
  LiveView* raw = view.get();
  *cursor = std::make_unique<MappedCursor<Inner, BatchInfo>>(
      std::move(view), std::move(inner),
      [resolved](const Inner& entry) {
        return resolved.tenant == 0 || entry.first.tenant == resolved.tenant;
      },
      [raw, resolved](const Inner& entry, BatchInfo* info, bool* take) {
        *info = MakeBatchInfo(*raw, entry.first, entry.second);
        *take = resolved.batch.empty() || entry.first.batch == resolved.batch;
        return Status::Ok();
      });
  return Status::Ok();
}

Status MakeDeadLetterCursor(SharedView view, const Filter& filter,
                            std::unique_ptr<Cursor<DeadLetter>>* cursor) {
  using Inner = std::pair<LineRef, StoredDeadLetter>;
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  auto inner = view->DeadLetters({resolved.tenant, resolved.tenant == 0 ? "" : resolved.batch, 0});
  LiveView* raw = view.get();
  const std::string code = filter.code;
  *cursor = std::make_unique<MappedCursor<Inner, DeadLetter>>(
      std::move(view), std::move(inner),
      [resolved](const Inner& entry) {
        return resolved.tenant == 0 || entry.first.tenant == resolved.tenant;
      },
      [raw, resolved, code](const Inner& entry, DeadLetter* letter, bool* take) {
        *take = (resolved.batch.empty() || entry.first.batch == resolved.batch) &&
                (code.empty() || entry.second.code == code);
        if (*take) {
          *letter = MakeDeadLetter(*raw, entry.first, entry.second);
        }
        return Status::Ok();
      });
  return Status::Ok();
}

Status ReadItem(LiveView* view, const ItemKey& key, ItemInfo* item) {
  StockKey found;
  TS_RETURN_IF_ERROR(ResolveItem(view, key, &found));
  StoredItem stored;
  TS_RETURN_IF_ERROR(view->GetItem(found, &stored));
  *item = MakeItemInfo(*view, found, stored);
  return Status::Ok();
}

Status ReadBalance(LiveView* view, const ItemKey& key, Balance* balance) {
  StockKey found;
  TS_RETURN_IF_ERROR(ResolveItem(view, key, &found));
  StoredItem stored;
  TS_RETURN_IF_ERROR(view->GetItem(found, &stored));
  BalanceSum sum;
  TS_RETURN_IF_ERROR(view->GetBalance(found, &sum));
  *balance = MakeBalance(MakeItemInfo(*view, found, stored), sum);
  return Status::Ok();
}

Status GetBatchSum(LiveView* view, std::string_view tenant, std::string_view id, BatchSum* sum) {
  const TenantId number = view->FindTenant(tenant);
  if (number == 0) {
    return NoTenant(tenant);
  }
  Status status = view->GetBatch({number, std::string(id)}, sum);
  return status.IsNotFound() ? NoBatch(tenant, id) : status;
}

Status ReadBatch(LiveView* view, std::string_view tenant, std::string_view id, BatchInfo* info) {
  BatchSum sum;
  TS_RETURN_IF_ERROR(GetBatchSum(view, tenant, id, &sum));
  *info = MakeBatchInfo(*view, {view->FindTenant(tenant), std::string(id)}, sum);
  return Status::Ok();
}

Status ReadDeadLetter(LiveView* view, const DeadLetterKey& key, DeadLetter* letter) {
  const TenantId tenant = view->FindTenant(key.tenant);
  if (tenant == 0) {
    return NoTenant(key.tenant);
  }
  const LineRef ref{tenant, key.batch, key.line};
  StoredDeadLetter stored;
  Status status = view->GetDeadLetter(ref, &stored);
  if (status.ok()) {
    *letter = MakeDeadLetter(*view, ref, stored);
  }
  return status.IsNotFound()
             ? Status::NotFound("there is no dead letter for line " + std::to_string(key.line) +
                                " of batch '" + key.batch + "' of tenant '" + key.tenant + "'")
             : status;
}

Status ReadLineResults(LiveView* view, std::string_view tenant, std::string_view id,
                       std::vector<LineResult>* results) {
  results->clear();
  BatchSum sum;
  TS_RETURN_IF_ERROR(GetBatchSum(view, tenant, id, &sum));
  const BatchRef ref{view->FindTenant(tenant), std::string(id)};
  Status status;
  StoredLines lines(ref, sum, {}, view);
  while ((status = lines.Next()).ok()) {
    results->push_back(lines.result());
  }
  return status.IsNotFound() ? Status::Ok() : status;
}

}  // namespace tallystone
