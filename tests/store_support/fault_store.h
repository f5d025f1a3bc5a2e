// FaultStore: a store that fails as told, in front of one that works.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace tallystone::testing {

// Thread-safe. Only the writes Initialise, Apply, ApplyKey and ApplyRest fail; Recover, NewView and
// reads fail by FailRecover and FailReads.
class FaultStore : public Store {
 public:
  // Called around each ApplyKey with its 0-based number since the store was made; `key` is null
  // where the step has no delta. May end the process.
  using KeyCallback = std::function<void(uint64_t step, const StockKey* key)>;

  explicit FaultStore(std::unique_ptr<Store> base) : base_(std::move(base)) {}

  [[nodiscard]] Store* base() const { return base_.get(); }

  // A window whose deltas have `key` (and do not say it is rejected) is refused as kRejected, and
  // so is the key's own step.
  void RefuseKey(StockKey key) {
    std::lock_guard lock(mutex_);
    refused_.insert(key);
  }
  void AllowAllKeys() {
    std::lock_guard lock(mutex_);
    refused_.clear();
  }
  // The next `count` writes answer `status` and do nothing.
  void FailWrites(uint64_t count, Status status) { Queue(count, std::move(status), false); }
  // The next `count` writes happen, and answer `status` all the same.
  void FailWritesAfterApplying(uint64_t count, Status status) {
    Queue(count, std::move(status), true);
  }
  // Only window writes (Apply, ApplyRest) or only key steps take from the queue.
  enum class Target : uint8_t { kAllWrites, kWindows, kKeys };
  void AimFaultsAt(Target target) {
    std::lock_guard lock(mutex_);
    target_ = target;
  }
  // Takes back every fault that has not happened yet.
  void StopFailing() {
    std::lock_guard lock(mutex_);
    faults_.clear();
    recover_faults_.clear();
    read_status_ = Status::Ok();
  }
  // The next `count` Recovers answer `status`.
  void FailRecover(uint64_t count, Status status) {
    std::lock_guard lock(mutex_);
    recover_faults_.insert(recover_faults_.end(), count, status);
  }
  // Every read answers this until it is OK again.
  void FailReads(Status status) {
    std::lock_guard lock(mutex_);
    read_status_ = std::move(status);
  }
  void OnBeforeKey(KeyCallback callback) { before_key_ = std::move(callback); }
  void OnAfterKey(KeyCallback callback) { after_key_ = std::move(callback); }
  // Around every Apply and ApplyRest. May end the process.
  void OnBeforeWindow(std::function<void()> callback) { before_window_ = std::move(callback); }
  void OnAfterWindow(std::function<void()> callback) { after_window_ = std::move(callback); }

  [[nodiscard]] uint64_t windows() const { return Count(windows_); }  // calls of Apply
  [[nodiscard]] uint64_t keys() const { return Count(keys_); }        // calls of ApplyKey
  [[nodiscard]] uint64_t rests() const { return Count(rests_); }      // calls of ApplyRest
  [[nodiscard]] uint64_t recoveries() const { return Count(recoveries_); }

  Status NewView(std::unique_ptr<StoreView>* view) override {
    view->reset();
    const Status fault = ReadFault();
    return fault.ok() ? base_->NewView(view) : fault;
  }
  Status GetBalance(StockKey key, BalanceSum* sum) override {
    const Status fault = ReadFault();
    return fault.ok() ? base_->GetBalance(key, sum) : fault;
  }
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override {
    const Status fault = ReadFault();
    return fault.ok() ? base_->GetBatch(ref, sum) : fault;
  }
  Status GetBlocks(const BatchRef& ref, Lsn first, Lsn last,
                   std::vector<StoredBlock>* blocks) override {
    const Status fault = ReadFault();
    return fault.ok() ? base_->GetBlocks(ref, first, last, blocks) : fault;
  }
  Status ReadMarker(Marker* marker) override {
    const Status fault = ReadFault();
    return fault.ok() ? base_->ReadMarker(marker) : fault;
  }
  Status Initialise(const Marker& marker) override {
    return Write(Target::kAllWrites, [&] { return base_->Initialise(marker); });
  }
  Status Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) override {
    Increase(&windows_);
    Run(before_window_);
    Status status = Refusal(window);
    if (status.ok()) {
      status = Write(Target::kWindows, [&] { return base_->Apply(window, marker, info); });
    }
    Run(after_window_);
    return status;
  }
  Status ApplyKey(const KeyDelta* delta, const Marker& progress) override {
    const uint64_t step = Increase(&keys_);
    const StockKey* key = delta != nullptr ? &delta->key : nullptr;
    if (before_key_) {
      before_key_(step, key);
    }
    Status status = key != nullptr ? Refusal(*key) : Status::Ok();
    if (status.ok()) {
      status = Write(Target::kKeys, [&] { return base_->ApplyKey(delta, progress); });
    }
    if (after_key_) {
      after_key_(step, key);
    }
    return status;
  }
  Status ApplyRest(const SortedWindow& window, const Marker& marker) override {
    Increase(&rests_);
    Run(before_window_);
    const Status status = Write(Target::kWindows, [&] { return base_->ApplyRest(window, marker); });
    Run(after_window_);
    return status;
  }
  Status TakeOver() override { return base_->TakeOver(); }
  Status ReadClaim(StoreClaim* claim) override { return base_->ReadClaim(claim); }
  Status WriteClaim(const StoreClaim& claim) override { return base_->WriteClaim(claim); }
  Status MoveIn(const TenantArrival& arrival, StoreView* from, bool* unknown) override {
    return base_->MoveIn(arrival, from, unknown);
  }
  Status MoveOut(TenantId tenant, uint64_t generation) override {
    return base_->MoveOut(tenant, generation);
  }
  Status RemoveLeft(TenantId tenant, uint64_t generation,
                    const std::function<bool()>& stop) override {
    return base_->RemoveLeft(tenant, generation, stop);
  }
  Status RequestMove(TenantId tenant, const std::string& server_id) override {
    return base_->RequestMove(tenant, server_id);
  }
  Status Recover() override {
    Increase(&recoveries_);
    std::unique_lock lock(mutex_);
    if (!recover_faults_.empty()) {
      Status fault = std::move(recover_faults_.front());
      recover_faults_.pop_front();
      return fault;
    }
    lock.unlock();
    return base_->Recover();
  }
  Status Compact(const CompactOptions& options, CompactReport* report) override {
    return base_->Compact(options, report);
  }
  Status Describe(std::vector<Setting>* settings) override { return base_->Describe(settings); }
  [[nodiscard]] std::string server_id() const override { return base_->server_id(); }
  Status Close() override { return base_->Close(); }

 private:
  struct Fault {
    Status status;
    bool applied = false;
  };

  static void Run(const std::function<void()>& callback) {
    if (callback) {
      callback();
    }
  }
  void Queue(uint64_t count, Status status, bool applied) {
    std::lock_guard lock(mutex_);
    faults_.insert(faults_.end(), count, Fault{std::move(status), applied});
  }
  uint64_t Increase(uint64_t* counter) {
    std::lock_guard lock(mutex_);
    return (*counter)++;
  }
  uint64_t Count(const uint64_t& counter) const {
    std::lock_guard lock(mutex_);
    return counter;
  }
  Status ReadFault() const {
    std::lock_guard lock(mutex_);
    return read_status_;
  }
  Status Refusal(StockKey key) const {
    std::lock_guard lock(mutex_);
    if (refused_.count(key) == 0) {
      return Status::Ok();
    }
    return Status::Rejected("key " + std::to_string(key.tenant) + "/" + std::to_string(key.item) +
                            " is refused");
  }
  Status Refusal(const SortedWindow& window) const {
    for (const KeyDelta& delta : window.deltas) {
      Status refusal = delta.rejected ? Status::Ok() : Refusal(delta.key);
      if (!refusal.ok()) {
        return refusal;
      }
    }
    return Status::Ok();
  }
  template <typename Call>
  Status Write(Target kind, const Call& call) {
    Fault fault;
    {
      std::lock_guard lock(mutex_);
      if (!faults_.empty() && (target_ == Target::kAllWrites || target_ == kind)) {
        fault = std::move(faults_.front());
        faults_.pop_front();
      }
    }
    if (fault.status.ok() || fault.applied) {
      Status status = call();
      if (!status.ok() || fault.status.ok()) {
        return status;
      }
    }
    return fault.status;
  }

  const std::unique_ptr<Store> base_;
  mutable std::mutex mutex_;
  std::set<StockKey> refused_;
  std::deque<Fault> faults_;
  std::deque<Status> recover_faults_;
  Status read_status_;
  Target target_ = Target::kAllWrites;
  uint64_t windows_ = 0, keys_ = 0, rests_ = 0, recoveries_ = 0;
  KeyCallback before_key_, after_key_;
  std::function<void()> before_window_, after_window_;
};

}  // namespace tallystone::testing
