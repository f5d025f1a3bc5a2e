// LiveView: a store and what the log holds above its marker, read as one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/routed_view.h"
#include "store/store.h"

namespace tallystone {

// A StoreView whose answers contain every given chunk. Where the store stands in the middle of a
// key replay, keys behind its progress marker are taken from the store and the others from the
// chunks.
class LiveView final : public StoreView {
 public:
  // Chunks of `log` that the store already contains are ignored. kCorruption if there is a gap
  // between the store's marker and the rest.
  static Status Make(std::unique_ptr<StoreView> store, LogStretch log,
                     std::unique_ptr<LiveView>* view);
  // The same of several stores with tenants of their own. kCorruption, kTryAgain and *missing also
  // as for a RoutedView.
  static Status Make(std::vector<std::unique_ptr<StoreView>> stores, LogStretch log,
                     std::unique_ptr<LiveView>* view, RoutedView::Missing* missing = nullptr);

  [[nodiscard]] Lsn as_of() const { return overlay_.last; }
  [[nodiscard]] const Marker& store_marker() const { return marker_; }
  // A key replay that is under way in the store, or in one of the stores.
  [[nodiscard]] const std::optional<ReplayProgress>& replay() const { return replay_; }
  [[nodiscard]] const SortedWindow& overlay() const { return overlay_; }
  [[nodiscard]] const std::map<TenantId, std::string>& tenant_names() const { return tenants_; }
  // 0 = there is no such tenant.
  [[nodiscard]] TenantId FindTenant(std::string_view name) const;
  // "" = there is no such tenant.
  [[nodiscard]] const std::string& TenantName(TenantId tenant) const;
  // Which of the stores it was made of has the tenant; their number = none.
  [[nodiscard]] size_t PartOf(TenantId tenant) const {
    return routed_ == nullptr ? 0 : routed_->PartOf(tenant);
  }
  Status GetItem(StockKey key, StoredItem* item);
  // The balance as it is in the store, without the chunks above the marker.
  [[nodiscard]] StoreView* store() const { return store_.get(); }
  Status GetStoreBalance(StockKey key, BalanceSum* sum) { return store_->GetBalance(key, sum); }

  Status ReadMarker(Marker* marker) override;
  Status GetBalance(StockKey key, BalanceSum* sum) override;
  Status GetBlock(Lsn lsn, StoredBlock* block) override;
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override;
  Status GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) override;
  std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> Balances(StockKey from) override;
  std::unique_ptr<Cursor<StoredBlock>> Blocks(Lsn from) override;
  std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> Batches(BatchRef from) override;
  std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> DeadLetters(LineRef from) override;
  std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> Tenants() override;
  std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> Items(StockKey from) override;
  std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> Aliases(TenantId from) override;
  std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> Records(TenantId from) override;
  Status GetPostings(StockKey key, std::vector<Posting>* postings) override;

 private:
  LiveView() = default;
  Status Build(LogStretch log);
  Status BuildOverlay(LogStretch log);
  Status SortPart(const Marker& marker, LogStretch log, SortedWindow* sorted);
  Status LoadTenants();
  StoredBlock OverlayBlock(size_t index) const;
  friend class LiveBlockCursor;

  std::unique_ptr<StoreView> store_;
  RoutedView* routed_ = nullptr;  // the same, if it is one
  Marker marker_;
  std::optional<ReplayProgress> replay_;
  SortedWindow
      overlay_;  // of everything that is not in the store; `last` is set even if it is empty
  std::vector<std::pair<StockKey, BalanceSum>> balances_;  // of overlay_, without rejected keys
  std::map<TenantId, std::string> tenants_;
};

// The item with this number in a view of a store. kNotFound.
Status FindStoredItem(StoreView* view, StockKey key, StoredItem* item);

}  // namespace tallystone
