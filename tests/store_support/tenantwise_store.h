// TenantwiseStore: a store in memory whose transactions do not cross tenants, and which can be cut
// off between two of them, before or after its own commit.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/chunk.h"
#include "store/memory/memory_store.h"
#include "store/store.h"
#include "store/tenant_pieces.h"

namespace tallystone::testing {

// What outlives the stores that are opened on it, one after the other.
struct TenantwiseDisk {
  std::mutex mutex;
  MemoryStore store;
  std::map<TenantId, Lsn> applied;  // of each tenant
  std::map<TenantId, TenantHome> homes;
  std::string server_id;
  StoreClaim claim;
  Status claimed;  // what WriteClaim answers, if it is not OK
};

// Thread-safe as a store must be.
class TenantwiseStore : public Store {
 public:
  enum class Cut { kNone, kBefore, kAfter };

  explicit TenantwiseStore(std::shared_ptr<TenantwiseDisk> disk) : disk_(std::move(disk)) {}

  // Asked for every transaction of a tenant: where the connection is lost. Set before use.
  void CutBy(std::function<Cut()> cut) { cut_ = std::move(cut); }
  // Every window and key replay of a key with this item number is refused, in every tenant.
  void RefuseItem(ItemId item) { refused_item_ = item; }

  Status NewView(std::unique_ptr<StoreView>* view) override;
  Status GetBalance(StockKey key, BalanceSum* sum) override {
    return disk_->store.GetBalance(key, sum);
  }
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override {
    return disk_->store.GetBatch(ref, sum);
  }
  Status ReadMarker(Marker* marker) override { return disk_->store.ReadMarker(marker); }
  Status Initialise(const Marker& marker) override { return disk_->store.Initialise(marker); }
  Status Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) override {
    if (info != nullptr) {
      info->ingested = false;
    }
    return ApplyTenants(window, marker, false);
  }
  Status ApplyKey(const KeyDelta* delta, const Marker& progress) override;
  Status ApplyRest(const SortedWindow& window, const Marker& marker) override {
    return ApplyTenants(window, marker, true);
  }
  Status ReadClaim(StoreClaim* claim) override {
    std::lock_guard lock(disk_->mutex);
    *claim = disk_->claim;
    return Status::Ok();
  }
  Status WriteClaim(const StoreClaim& claim) override {
    std::lock_guard lock(disk_->mutex);
    if (disk_->claimed.ok()) {
      disk_->claim = claim;
    }
    return disk_->claimed;
  }
  Status MoveIn(const TenantArrival& arrival, StoreView* from, bool* unknown) override;
  Status MoveOut(TenantId tenant, uint64_t generation) override;
  Status RemoveLeft(TenantId tenant, uint64_t generation,
                    const std::function<bool()>& stop) override;
  Status RequestMove(TenantId tenant, const std::string& server_id) override {
    std::lock_guard lock(disk_->mutex);
    disk_->homes[tenant].move_to = server_id;
    return Status::Ok();
  }
  Status Recover() override { return Status::Ok(); }
  Status Close() override { return Status::Ok(); }
  [[nodiscard]] std::string server_id() const override { return disk_->server_id; }

 private:
  class View;

  static SortedWindow ShareOf(const SortedWindow& window, TenantId tenant);
  static std::set<TenantId> TenantsOf(const SortedWindow& window);
  Status ApplyTenants(const SortedWindow& window, const Marker& marker, bool rest);
  Status ApplyTenant(const SortedWindow& share, TenantId tenant, const Marker& marker, bool rest);
  [[nodiscard]] bool Refuses(const KeyDelta& delta) const {
    return !delta.rejected && refused_item_ != 0 && delta.key.item == refused_item_;
  }

  const std::shared_ptr<TenantwiseDisk> disk_;
  std::function<Cut()> cut_ = [] { return Cut::kNone; };
  ItemId refused_item_ = 0;
};

// The memory's view, and which tenants are ahead of its marker.
class TenantwiseStore::View final : public StoreView {
 public:
  View(std::unique_ptr<StoreView> base, std::map<TenantId, Lsn> ahead,
       std::map<TenantId, TenantHome> homes)
      : base_(std::move(base)), ahead_(std::move(ahead)), homes_(std::move(homes)) {}

  Status ReadMarker(Marker* marker) override { return base_->ReadMarker(marker); }
  Status ReadAhead(std::map<TenantId, Lsn>* ahead) override {
    *ahead = ahead_;
    return Status::Ok();
  }
  Status ReadHomes(std::map<TenantId, TenantHome>* homes) override {
    *homes = homes_;
    return Status::Ok();
  }
  Status GetBalance(StockKey key, BalanceSum* sum) override { return base_->GetBalance(key, sum); }
  Status GetBlock(Lsn lsn, StoredBlock* block) override { return base_->GetBlock(lsn, block); }
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override { return base_->GetBatch(ref, sum); }
  Status GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) override {
    return base_->GetDeadLetter(ref, letter);
  }
  std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> Balances(StockKey from) override {
    return base_->Balances(from);
  }
  std::unique_ptr<Cursor<StoredBlock>> Blocks(Lsn from) override { return base_->Blocks(from); }
  std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> Batches(BatchRef from) override {
    return base_->Batches(from);
  }
  std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> DeadLetters(LineRef from) override {
    return base_->DeadLetters(from);
  }
  std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> Tenants() override {
    return base_->Tenants();
  }
  std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> Items(StockKey from) override {
    return base_->Items(from);
  }
  std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> Aliases(TenantId from) override {
    return base_->Aliases(from);
  }
  std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> Records(TenantId from) override {
    return base_->Records(from);
  }
  Status GetPostings(StockKey key, std::vector<Posting>* postings) override {
    return base_->GetPostings(key, postings);
  }

 private:
  const std::unique_ptr<StoreView> base_;
  const std::map<TenantId, Lsn> ahead_;
  const std::map<TenantId, TenantHome> homes_;
};

inline Status TenantwiseStore::NewView(std::unique_ptr<StoreView>* view) {
  view->reset();
  std::lock_guard lock(disk_->mutex);
  Marker marker;
  Status status = disk_->store.ReadMarker(&marker);
  if (!status.ok() && !status.IsNotFound()) {
    return status;
  }
  std::map<TenantId, Lsn> ahead = disk_->applied;
  std::erase_if(ahead, [&](const auto& entry) { return entry.second <= marker.applied; });
  std::unique_ptr<StoreView> base;
  status = disk_->store.NewView(&base);
  if (status.ok()) {
    *view = std::make_unique<View>(std::move(base), std::move(ahead), disk_->homes);
  }
  return status;
}

inline std::set<TenantId> TenantwiseStore::TenantsOf(const SortedWindow& window) {
  std::set<TenantId> tenants;
  for (const LoggedChunk& chunk : window.blocks) {
    ChunkHeader header;
    TS_CHECK(DecodeChunkHeader(*chunk.payload, &header).ok());
    tenants.insert(header.tenant);
  }
  return tenants;
}

inline SortedWindow TenantwiseStore::ShareOf(const SortedWindow& window, TenantId tenant) {
  SortedWindow share = window;
  std::erase_if(share.deltas, [&](const auto& entry) { return entry.key.tenant != tenant; });
  std::erase_if(share.batches, [&](const auto& entry) { return entry.first.tenant != tenant; });
  std::erase_if(share.tenants, [&](const auto& entry) { return entry.first != tenant; });
  std::erase_if(share.items, [&](const auto& entry) { return entry.first.tenant != tenant; });
  std::erase_if(share.aliases, [&](const auto& entry) { return entry.first.tenant != tenant; });
  std::erase_if(share.records, [&](const auto& entry) { return entry.first.tenant != tenant; });
  std::erase_if(share.dead_letters,
                [&](const auto& entry) { return entry.first.tenant != tenant; });
  std::erase_if(share.blocks, [&](const LoggedChunk& chunk) {
    ChunkHeader header;
    return !DecodeChunkHeader(*chunk.payload, &header).ok() || header.tenant != tenant;
  });
  return share;
}

// The tenants that are not refused are written all the same.
inline Status TenantwiseStore::ApplyTenants(const SortedWindow& window, const Marker& marker,
                                            bool rest) {
  Status refusal;
  for (const TenantId tenant : TenantsOf(window)) {
    Status status = ApplyTenant(ShareOf(window, tenant), tenant, marker, rest);
    if (status.Is(StatusCode::kRejected)) {
      refusal = std::move(status);
    } else if (!status.ok()) {
      return status;
    }
  }
  if (!refusal.ok()) {
    return refusal;
  }
  std::lock_guard lock(disk_->mutex);
  return disk_->store.Initialise(marker);
}

inline Status TenantwiseStore::ApplyTenant(const SortedWindow& share, TenantId tenant,
                                           const Marker& marker, bool rest) {
  const Cut cut = cut_();
  if (cut == Cut::kBefore) {
    return Status::TryAgain("the connection was cut before the commit");
  }
  if (!rest && std::any_of(share.deltas.begin(), share.deltas.end(),
                           [&](const KeyDelta& delta) { return Refuses(delta); })) {
    return Status::Rejected("an item is refused");
  }
  std::lock_guard lock(disk_->mutex);
  if (disk_->applied[tenant] < share.last) {
    Marker now;
    TS_CHECK(disk_->store.ReadMarker(&now).ok());
    const Status status =
        rest ? disk_->store.ApplyRest(share, now) : disk_->store.Apply(share, now, nullptr);
    TS_CHECK(status.ok());
    disk_->applied[tenant] = share.last;
  }
  (void)marker;
  return cut == Cut::kAfter ? Status::TryAgain("the connection was cut after the commit")
                            : Status::Ok();
}

inline Status TenantwiseStore::ApplyKey(const KeyDelta* delta, const Marker& progress) {
  const Cut cut = cut_();
  if (cut == Cut::kBefore) {
    return Status::TryAgain("the connection was cut before the commit");
  }
  if (delta != nullptr && Refuses(*delta)) {
    return Status::Rejected("an item is refused");
  }
  std::lock_guard lock(disk_->mutex);
  Marker now;
  TS_CHECK(disk_->store.ReadMarker(&now).ok());
  if (!(now == progress)) {
    TS_CHECK(disk_->store.ApplyKey(delta, progress).ok());
  }
  return cut == Cut::kAfter ? Status::TryAgain("the connection was cut after the commit")
                            : Status::Ok();
}

inline Status TenantwiseStore::MoveIn(const TenantArrival& arrival, StoreView* from,
                                      bool* unknown) {
  const Cut cut = cut_();
  if (cut == Cut::kBefore) {
    return Status::TryAgain("the connection was cut before the commit");
  }
  std::lock_guard lock(disk_->mutex);
  TenantHome& home = disk_->homes[arrival.tenant];
  if (home.generation < arrival.generation) {
    Marker now;
    TS_CHECK(disk_->store.ReadMarker(&now).ok());
    const Status status = ForEachPiece(from, arrival.tenant, arrival.applied,
                                       [&](const SortedWindow& piece, bool rest) {
                                         return rest ? disk_->store.ApplyRest(piece, now)
                                                     : disk_->store.Apply(piece, now, nullptr);
                                       });
    TS_CHECK(status.ok());
    SortedWindow name;
    name.tenants.emplace_back(arrival.tenant, arrival.name);
    TS_CHECK(disk_->store.ApplyRest(name, now).ok());
    home = {true, arrival.generation, ""};
    disk_->applied[arrival.tenant] = arrival.applied;
  }
  *unknown = cut == Cut::kAfter;
  return cut == Cut::kAfter ? Status::TryAgain("the connection was cut after the commit")
                            : Status::Ok();
}

inline Status TenantwiseStore::MoveOut(TenantId tenant, uint64_t generation) {
  const Cut cut = cut_();
  if (cut == Cut::kBefore) {
    return Status::TryAgain("the connection was cut before the commit");
  }
  std::lock_guard lock(disk_->mutex);
  if (disk_->applied.count(tenant) > 0) {
    TenantHome& home = disk_->homes[tenant];
    if (home.here && home.generation <= generation) {
      home = {false, home.generation, "", true};
    }
  }
  return cut == Cut::kAfter ? Status::TryAgain("the connection was cut after the commit")
                            : Status::Ok();
}

inline Status TenantwiseStore::RemoveLeft(TenantId tenant, uint64_t generation,
                                          const std::function<bool()>& stop) {
  const Cut cut = cut_();
  if (cut == Cut::kBefore || stop()) {
    return Status::TryAgain("the connection was cut before the commit");
  }
  std::lock_guard lock(disk_->mutex);
  const auto home = disk_->homes.find(tenant);
  if (home != disk_->homes.end() && home->second.leaving && home->second.generation <= generation) {
    disk_->store.Forget(tenant);
    home->second.leaving = false;
  }
  return cut == Cut::kAfter ? Status::TryAgain("the connection was cut after the commit")
                            : Status::Ok();
}

}  // namespace tallystone::testing
