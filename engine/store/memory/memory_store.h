// MemoryStore: a store in std::map, the oracle of the tests. Durable for as long as its MemoryDisk
// lives.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/store.h"

namespace tallystone {

// Everything a store keeps.
struct MemoryState {
  std::optional<Marker> marker;
  std::map<StockKey, BalanceSum> balances;
  std::map<Lsn, StoredBlock> blocks;
  std::map<StockKey, std::vector<Posting>> postings;
  std::map<BatchRef, BatchSum> batches;
  std::map<LineRef, StoredDeadLetter> dead_letters;
  std::map<TenantId, std::string> tenants;
  std::map<StockKey, StoredItem> items;
  std::set<std::pair<StockKey, std::string>> aliases;
  std::map<RecordRef, std::string> records;
};

// What is on the "disk": shared by the stores that are opened on it one after the other.
// Thread-safe.
class MemoryDisk {
 public:
  // The state of this moment; nobody changes it any more: the next Write works on a copy.
  [[nodiscard]] std::shared_ptr<const MemoryState> Share();

  // Runs look(state) while nobody writes; returns what it returns.
  template <typename Look>
  auto Peek(const Look& look) const;

  // Runs change(&state) as one step.
  template <typename Change>
  void Write(const Change& change);

 private:
  mutable Mutex mutex_;
  std::shared_ptr<MemoryState> state_ TS_GUARDED_BY(mutex_) = std::make_shared<MemoryState>();
  bool shared_ TS_GUARDED_BY(mutex_) = false;  // *state_ was handed out
};

class MemoryStore : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>());

  Status NewView(std::unique_ptr<StoreView>* view) override;
  Status GetBalance(StockKey key, BalanceSum* sum) override;
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override;
  Status ReadMarker(Marker* marker) override;
  Status Initialise(const Marker& marker) override;
  Status Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) override;
  Status ApplyKey(const KeyDelta* delta, const Marker& progress) override;
  Status ApplyRest(const SortedWindow& window, const Marker& marker) override;
  // For tests: nothing of the tenant is left.
  void Forget(TenantId tenant);
  Status Recover() override;
  Status Close() override;

 private:
  // Null after Close.
  std::shared_ptr<MemoryDisk> Disk() const;

  mutable Mutex mutex_;
  std::shared_ptr<MemoryDisk> disk_ TS_GUARDED_BY(mutex_);
};

}  // namespace tallystone
