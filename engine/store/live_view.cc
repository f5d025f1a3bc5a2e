#include "store/live_view.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "store/merge_cursor.h"
#include "window/join_windows.h"
#include "window/leave_out_chunks.h"
#include "window/merge_windows.h"
#include "window/reject_keys.h"
#include "window/sort_window.h"

namespace tallystone {
namespace {

template <typename Key, typename Value>
const Value* FindSorted(const std::vector<std::pair<Key, Value>>& entries, const Key& key) {
  auto found =
      std::lower_bound(entries.begin(), entries.end(), key,
                       [](const auto& entry, const Key& wanted) { return entry.first < wanted; });
  return found != entries.end() && found->first == key ? &found->second : nullptr;
}

// Takes the newer of two values of a key that is only ever written whole.
template <typename Value>
std::optional<Value> Newer(const Value* /*base*/, const Value& change) {
  return change;
}

// A sum, with what the overlay adds.
template <typename Value>
std::optional<Value> Added(const Value* base, const Value& change) {
  if (base == nullptr) {
    return change;
  }
  Value sum = *base;
  sum.Add(change);
  return sum;
}

}  // namespace

// The store's blocks and the overlay's, by LSN.
class LiveBlockCursor final : public Cursor<StoredBlock> {
 public:
  LiveBlockCursor(std::unique_ptr<Cursor<StoredBlock>> store, const LiveView* view, Lsn from)
      : store_(std::move(store)), view_(view), from_(from) {}

  void SeekToFirst() override {
    store_->SeekToFirst();
    const auto& blocks = view_->overlay_.blocks;
    next_ = static_cast<size_t>(
        std::lower_bound(blocks.begin(), blocks.end(), from_,
                         [](const LoggedChunk& chunk, Lsn lsn) { return chunk.lsn < lsn; }) -
        blocks.begin());
    Find();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    if (in_store_) {
      store_->Next();
    } else {
      ++next_;
    }
    Find();
  }
  [[nodiscard]] const StoredBlock& value() const override {
    return in_store_ ? store_->value() : current_;
  }
  [[nodiscard]] Status status() const override { return store_->status(); }

 private:
  void Find() {
    const auto& blocks = view_->overlay_.blocks;
    const bool in_overlay = next_ < blocks.size();
    in_store_ = store_->Valid() && (!in_overlay || store_->value().lsn < blocks[next_].lsn);
    valid_ = in_store_ || (in_overlay && store_->status().ok());
    if (valid_ && !in_store_) {
      current_ = view_->OverlayBlock(next_);
    }
  }

  std::unique_ptr<Cursor<StoredBlock>> store_;
  const LiveView* view_;
  Lsn from_;
  size_t next_ = 0;
  bool valid_ = false;
  bool in_store_ = false;
  StoredBlock current_;
};

Status LiveView::Make(std::unique_ptr<StoreView> store, LogStretch log,
                      std::unique_ptr<LiveView>* view) {
  std::unique_ptr<LiveView> made(new LiveView);
  made->store_ = std::move(store);
  TS_RETURN_IF_ERROR(made->Build(std::move(log)));
  *view = std::move(made);
  return Status::Ok();
}

Status LiveView::Make(std::vector<std::unique_ptr<StoreView>> stores, LogStretch log,
                      std::unique_ptr<LiveView>* view, RoutedView::Missing* missing) {
  if (stores.size() == 1) {
    return Make(std::move(stores.front()), std::move(log), view);
  }
  std::unique_ptr<RoutedView> routed;
  TS_RETURN_IF_ERROR(RoutedView::Make(std::move(stores), &routed, missing));
  std::unique_ptr<LiveView> made(new LiveView);
  made->routed_ = routed.get();
  made->store_ = std::move(routed);
  TS_RETURN_IF_ERROR(made->Build(std::move(log)));
  *view = std::move(made);
  return Status::Ok();
}

Status LiveView::Build(LogStretch log) {
  TS_RETURN_IF_ERROR(store_->ReadMarker(&marker_));
  replay_ = marker_.replay;
  for (size_t part = 0; routed_ != nullptr && part < routed_->parts(); ++part) {
    Marker marker;
    TS_RETURN_IF_ERROR(routed_->part(part)->ReadMarker(&marker));
    replay_ = marker.replay.has_value() ? marker.replay : replay_;
  }
  TS_RETURN_IF_ERROR(BuildOverlay(std::move(log)));
  return LoadTenants();
}

Status LiveView::BuildOverlay(LogStretch log) {
  overlay_.last = marker_.applied;
  if (log.last <= marker_.applied) {
    return Status::Ok();
  }
  if (log.first > marker_.applied + 1) {
    return Status::Corruption("the log begins at LSN " + std::to_string(log.first) +
                              ", the store ends at LSN " + std::to_string(marker_.applied));
  }
  log.first = marker_.applied + 1;
  std::erase_if(log.chunks, [&](const LoggedChunk& chunk) { return chunk.lsn < log.first; });
  std::map<TenantId, Lsn> ahead;
  TS_RETURN_IF_ERROR(store_->ReadAhead(&ahead));
  TS_RETURN_IF_ERROR(LeaveOutApplied(ahead, &log.chunks));
  if (routed_ == nullptr) {
    TS_RETURN_IF_ERROR(SortPart(marker_, std::move(log), &overlay_));
  } else {
    // Each store may be in the middle of a key replay of its own. The last part is for tenants
    // that no store has yet.
    std::vector<SortedWindow> windows(routed_->parts() + 1);
    for (size_t part = 0; part < windows.size(); ++part) {
      Marker marker;
      if (part < routed_->parts()) {
        TS_RETURN_IF_ERROR(routed_->part(part)->ReadMarker(&marker));
      }
      LogStretch own = log;
      TS_RETURN_IF_ERROR(LeaveOutTenants(
          [&](TenantId tenant) { return routed_->PartOf(tenant) != part; }, &own.chunks));
      TS_RETURN_IF_ERROR(SortPart(marker, std::move(own), &windows[part]));
    }
    overlay_ = JoinWindows(std::move(windows));
  }
  for (const KeyDelta& delta : overlay_.deltas) {
    if (!delta.rejected && delta.sum.lines > 0) {
      balances_.emplace_back(delta.key, delta.sum);
    }
  }
  return Status::Ok();
}

// The chunks of one store, with its marker, as what they add to it.
Status LiveView::SortPart(const Marker& marker, LogStretch log, SortedWindow* sorted) {
  const ItemLookup lookup = [this](StockKey key, StoredItem* item) {
    return FindStoredItem(store_.get(), key, item);
  };
  if (!marker.replay.has_value()) {
    return SortWindow(log, lookup, sorted);
  }
  const ReplayProgress& replay = *marker.replay;
  LogStretch behind{replay.last + 1, log.last, {}};
  if (!behind.empty()) {
    log.last = replay.last;
    const auto middle = std::find_if(log.chunks.begin(), log.chunks.end(),
                                     [&](const auto& chunk) { return chunk.lsn > replay.last; });
    behind.chunks.assign(std::make_move_iterator(middle),
                         std::make_move_iterator(log.chunks.end()));
    log.chunks.erase(middle, log.chunks.end());
  }
  TS_RETURN_IF_ERROR(SortWindow(log, lookup, sorted));
  TS_RETURN_IF_ERROR(RejectKeys(replay.rejected, lookup, sorted));
  // The store has the sums of keys that are done, but not their postings yet.
  for (KeyDelta& delta : sorted->deltas) {
    if (replay.keys_done > 0 && delta.key <= replay.done) {
      delta.sum = {};
    }
  }
  if (behind.empty()) {
    return Status::Ok();
  }
  const SortedWindow first = std::move(*sorted);
  const ItemLookup both = [&](StockKey key, StoredItem* item) {
    const StoredItem* found = FindSorted(first.items, key);
    if (found != nullptr) {
      *item = *found;
      return Status::Ok();
    }
    return lookup(key, item);
  };
  SortedWindow rest;
  TS_RETURN_IF_ERROR(SortWindow(behind, both, &rest));
  *sorted = MergeWindows(first, rest);
  return Status::Ok();
}

Status LiveView::LoadTenants() {
  auto cursor = Tenants();
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    tenants_.insert(cursor->value());
  }
  return cursor->status();
}

TenantId LiveView::FindTenant(std::string_view name) const {
  for (const auto& [tenant, tenant_name] : tenants_) {
    if (tenant_name == name) {
      return tenant;
    }
  }
  return 0;
}

const std::string& LiveView::TenantName(TenantId tenant) const {
  static const std::string kNone;
  auto found = tenants_.find(tenant);
  return found == tenants_.end() ? kNone : found->second;
}

Status LiveView::GetItem(StockKey key, StoredItem* item) {
  const StoredItem* found = FindSorted(overlay_.items, key);
  if (found != nullptr) {
    *item = *found;
    return Status::Ok();
  }
  return FindStoredItem(store_.get(), key, item);
}

Status LiveView::ReadMarker(Marker* marker) {
  *marker = marker_;
  marker->applied = overlay_.last;
  marker->replay.reset();
  return Status::Ok();
}

Status LiveView::GetBalance(StockKey key, BalanceSum* sum) {
  const BalanceSum* change = FindSorted(balances_, key);
  BalanceSum base;
  Status status = store_->GetBalance(key, &base);
  if (!status.ok() && !(status.IsNotFound() && change != nullptr)) {
    return status;
  }
  if (change != nullptr) {
    base.Add(*change);
  }
  *sum = std::move(base);
  return Status::Ok();
}

Status LiveView::GetBlock(Lsn lsn, StoredBlock* block) {
  if (overlay_.last > marker_.applied && lsn > overlay_.last) {
    return Status::NotFound("there is no chunk at LSN " + std::to_string(lsn));
  }
  const size_t index = IndexOfChunk(overlay_.blocks, lsn);
  if (index == overlay_.blocks.size()) {
    return store_->GetBlock(lsn, block);
  }
  *block = OverlayBlock(index);
  return Status::Ok();
}

StoredBlock LiveView::OverlayBlock(size_t index) const {
  const LoggedChunk& chunk = overlay_.blocks[index];
  StoredBlock block{chunk.lsn, *chunk.payload, {}};
  const std::vector<uint32_t>* rejected = FindSorted(overlay_.rejected_lines, chunk.lsn);
  if (rejected != nullptr) {
    block.rejected = *rejected;
  }
  return block;
}

Status LiveView::GetBatch(const BatchRef& ref, BatchSum* sum) {
  const BatchSum* change = FindSorted(overlay_.batches, ref);
  BatchSum base;
  Status status = store_->GetBatch(ref, &base);
  if (!status.ok() && !(status.IsNotFound() && change != nullptr)) {
    return status;
  }
  if (change != nullptr) {
    base.Add(*change);
  }
  *sum = base;
  return Status::Ok();
}

Status LiveView::GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) {
  const auto* change = FindSorted(overlay_.dead_letters, ref);
  if (change == nullptr) {
    return store_->GetDeadLetter(ref, letter);
  }
  if (!change->has_value()) {
    return Status::NotFound("the dead letter was resolved");
  }
  *letter = **change;
  return Status::Ok();
}

std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> LiveView::Balances(StockKey from) {
  return std::make_unique<MergeCursor<StockKey, BalanceSum, BalanceSum>>(
      store_->Balances(from), balances_, from, Added<BalanceSum>);
}

std::unique_ptr<Cursor<StoredBlock>> LiveView::Blocks(Lsn from) {
  return std::make_unique<LiveBlockCursor>(store_->Blocks(from), this, from);
}

std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> LiveView::Batches(BatchRef from) {
  return std::make_unique<MergeCursor<BatchRef, BatchSum, BatchSum>>(
      store_->Batches(from), overlay_.batches, from, Added<BatchSum>);
}

std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> LiveView::DeadLetters(LineRef from) {
  using Change = std::optional<StoredDeadLetter>;
  return std::make_unique<MergeCursor<LineRef, StoredDeadLetter, Change>>(
      store_->DeadLetters(from), overlay_.dead_letters, from,
      [](const StoredDeadLetter*, const Change& change) { return change; });
}

std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> LiveView::Tenants() {
  return std::make_unique<MergeCursor<TenantId, std::string, std::string>>(
      store_->Tenants(), overlay_.tenants, TenantId{0}, Newer<std::string>);
}

std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> LiveView::Items(StockKey from) {
  return std::make_unique<MergeCursor<StockKey, StoredItem, StoredItem>>(
      store_->Items(from), overlay_.items, from, Newer<StoredItem>);
}

// Aliases have no unique key, so they are not merged: the store's, then the overlay's.
std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> LiveView::Aliases(TenantId from) {
  class Both final : public Cursor<std::pair<StockKey, std::string>> {
   public:
    using Entry = std::pair<StockKey, std::string>;
    Both(std::unique_ptr<Cursor<Entry>> store, const std::vector<Entry>& overlay, TenantId from)
        : store_(std::move(store)), overlay_(overlay), from_(from) {}
    void SeekToFirst() override {
      store_->SeekToFirst();
      next_ = 0;
      PassEarlier();
    }
    [[nodiscard]] bool Valid() const override {
      return store_->Valid() || (store_->status().ok() && next_ < overlay_.size());
    }
    void Next() override {
      if (store_->Valid()) {
        store_->Next();
      } else {
        ++next_;
        PassEarlier();
      }
    }
    [[nodiscard]] const Entry& value() const override {
      return store_->Valid() ? store_->value() : overlay_[next_];
    }
    [[nodiscard]] Status status() const override { return store_->status(); }

   private:
    void PassEarlier() {
      while (next_ < overlay_.size() && overlay_[next_].first.tenant < from_) {
        ++next_;
      }
    }

    std::unique_ptr<Cursor<Entry>> store_;
    const std::vector<Entry>& overlay_;
    const TenantId from_;
    size_t next_ = 0;
  };
  return std::make_unique<Both>(store_->Aliases(from), overlay_.aliases, from);
}

std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> LiveView::Records(TenantId from) {
  return std::make_unique<MergeCursor<RecordRef, std::string, std::string>>(
      store_->Records(from), overlay_.records, RecordRef{from, RecordKind{}, ""},
      [](const std::string*, const std::string& change) {
        return change.empty() ? std::nullopt : std::optional(change);
      });
}

Status LiveView::GetPostings(StockKey key, std::vector<Posting>* postings) {
  TS_RETURN_IF_ERROR(store_->GetPostings(key, postings));
  auto delta = std::lower_bound(
      overlay_.deltas.begin(), overlay_.deltas.end(), key,
      [](const KeyDelta& entry, const StockKey& wanted) { return entry.key < wanted; });
  if (delta != overlay_.deltas.end() && delta->key == key && !delta->rejected) {
    postings->insert(postings->end(), overlay_.postings.begin() + delta->posting_begin,
                     overlay_.postings.begin() + delta->posting_end);
  }
  return Status::Ok();
}

Status FindStoredItem(StoreView* view, StockKey key, StoredItem* item) {
  auto cursor = view->Items(key);
  cursor->SeekToFirst();
  if (cursor->Valid() && cursor->value().first == key) {
    *item = cursor->value().second;
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(cursor->status());
  return Status::NotFound("there is no item " + std::to_string(key.item) + " of tenant number " +
                          std::to_string(key.tenant));
}

}  // namespace tallystone
