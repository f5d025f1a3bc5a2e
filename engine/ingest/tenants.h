// Tenants: who has stock, with their catalogues and the batches under way.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "catalog/tenant_catalogue.h"
#include "model/stored.h"
#include "store/store.h"

namespace tallystone {

struct Lane;
class WindowSet;

// A batch as far as its chunks were appended to the log, durable or not.
struct BatchState {
  BatchSum sum;
  Lsn record_lsn = 0;    // its last chunk; at or below the store's marker: the store knows it all
  bool writing = false;  // a BatchWriter has it
};

// What the store had of a batch when it was read without the tenant's mutex.
struct StoredBatch {
  Status status;
  BatchSum sum;
  uint64_t forgotten = 0;  // Tenant::forgotten just before
};

// One tenant. Everything below `mutex` is protected by it; a tenant's lines are mapped and appended
// under it, so they stand in the log in the order of their decisions (law L3).
struct Tenant {
  Tenant(TenantId number, std::string_view tenant_name, Lane* way)
      : id(number), name(tenant_name), lane(way) {}

  // The state of a batch: from memory, or from the store. A batch that is nowhere has an empty
  // state. The pointer is valid until the mutex is released. Requires mutex.
  // `ahead`, if given, spares it the look into the store.
  Status FindBatch(const std::string& batch, BatchState** state,
                   const StoredBatch* ahead = nullptr);

  // What the store has of a batch. Does not need the mutex.
  StoredBatch ReadBatch(const std::string& batch) const;

  // Of its lane.
  [[nodiscard]] Store* store() const;
  [[nodiscard]] WindowSet* windows() const;

  const TenantId id;
  const std::string name;
  // Changed with the mutex held, read without: a lane is never taken away.
  std::atomic<Lane*> lane;
  std::mutex mutex;
  TenantCatalogue catalogue;
  bool logged = false;  // a chunk with its name was appended
  // Where it was to move when the answer was lost: it may be there, so until that is known nothing
  // of it is logged for the server that it came from.
  const Lane* adrift = nullptr;
  std::unordered_map<std::string, BatchState> batches;
  // How often batches were taken out of `batches`: what was read of the store before may be older
  // than what was known then. Changed with the mutex held, read without.
  std::atomic<uint64_t> forgotten = 0;
};

// Thread-safe. Tenants are never removed.
class Tenants {
 public:
  // Gives the lane of a tenant that no store has yet.
  using Router = std::function<Lane*(std::string_view name)>;

  Tenants(uint64_t items_max, Router router) : items_max_(items_max), router_(std::move(router)) {}

  // The tenants, items and aliases of the lanes' stores, seen as one; lane_of gives the lane of the
  // tenant that has this number. kCorruption if they contradict each other.
  Status Load(StoreView* view, const std::function<Lane*(TenantId tenant)>& lane_of);

  Tenant* Find(std::string_view name) const;  // null = there is none
  Tenant* Find(TenantId id) const;
  Tenant* FindOrCreate(std::string_view name);
  // A tenant that a chunk of the log names. kCorruption if number and name contradict what is
  // known.
  Status Learn(TenantId id, std::string_view name, Tenant** tenant);
  // The same where it is known to be a lane's.
  Status Learn(TenantId id, std::string_view name, Lane* lane, Tenant** tenant);

  [[nodiscard]] std::vector<Tenant*> All() const;

  // Forgets batches of a lane's tenants that its store knows whole. Tenants that are busy are left
  // for the next time.
  void ForgetBatches(const Lane* lane, Lsn applied);

  // How many more items may be made. Concurrent writers may each see the last place: a limit on
  // memory, not a count to rely on.
  [[nodiscard]] uint64_t room() const;
  void AddItems(uint64_t count) { items_ += count; }
  void RemoveItems(uint64_t count) { items_ -= count; }
  [[nodiscard]] uint64_t items() const { return items_; }
  [[nodiscard]] uint64_t size() const;
  // Batches that are kept in memory, without those of tenants that are busy.
  [[nodiscard]] uint64_t batches() const;

 private:
  Status LoadItems(StoreView* view);
  Status LoadAliases(StoreView* view);
  Status LoadRecords(StoreView* view);
  Tenant* Insert(TenantId id, std::string_view name, Lane* lane) TS_REQUIRES(mutex_);

  const uint64_t items_max_;
  const Router router_;
  std::atomic<uint64_t> items_ = 0;
  mutable SharedMutex mutex_;
  std::map<TenantId, std::unique_ptr<Tenant>> by_id_ TS_GUARDED_BY(mutex_);
  std::map<std::string_view, Tenant*> by_name_ TS_GUARDED_BY(mutex_);
};

}  // namespace tallystone
