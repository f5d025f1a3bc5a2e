#include "ingest/tenants.h"

#include "base/check.h"
#include "ingest/lane.h"

namespace tallystone {

Store* Tenant::store() const {
  return lane.load()->store.get();
}

WindowSet* Tenant::windows() const {
  return lane.load()->windows.get();
}

StoredBatch Tenant::ReadBatch(const std::string& batch) const {
  StoredBatch read;
  read.forgotten = forgotten;
  read.status = store()->GetBatch({id, batch}, &read.sum);
  return read;
}

Status Tenant::FindBatch(const std::string& batch, BatchState** state, const StoredBatch* ahead) {
  auto found = batches.find(batch);
  if (found == batches.end()) {
    // A batch that was appended after `ahead` was read, drained and forgotten since, is in the
    // store only now.
    const StoredBatch read =
        ahead != nullptr && ahead->forgotten == forgotten ? *ahead : ReadBatch(batch);
    if (!read.status.ok() && !read.status.IsNotFound()) {
      return read.status;
    }
    BatchState stored;
    stored.sum = read.sum;
    found = batches.emplace(batch, stored).first;
  }
  *state = &found->second;
  return Status::Ok();
}

Status Tenants::Load(StoreView* view, const std::function<Lane*(TenantId tenant)>& lane_of) {
  auto cursor = view->Tenants();
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    Tenant* tenant = nullptr;
    const auto& [id, name] = cursor->value();
    TS_RETURN_IF_ERROR(Learn(id, name, lane_of(id), &tenant));
  }
  TS_RETURN_IF_ERROR(cursor->status());
  TS_RETURN_IF_ERROR(LoadItems(view));
  TS_RETURN_IF_ERROR(LoadAliases(view));
  return LoadRecords(view);
}

Status Tenants::LoadItems(StoreView* view) {
  Tenant* tenant = nullptr;
  auto cursor = view->Items({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const auto& [key, item] = cursor->value();
    if (tenant == nullptr || tenant->id != key.tenant) {
      tenant = Find(key.tenant);
    }
    if (tenant == nullptr) {
      return Status::Corruption("the store has an item of tenant number " +
                                std::to_string(key.tenant) + ", which it does not know");
    }
    TS_RETURN_IF_ERROR(tenant->catalogue.LearnItem(key.item, item));
    AddItems(1);
  }
  return cursor->status();
}

Status Tenants::LoadAliases(StoreView* view) {
  auto cursor = view->Aliases(0);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    Tenant* tenant = Find(cursor->value().first.tenant);
    if (tenant == nullptr) {
      return Status::Corruption("the store has an alias of tenant number " +
                                std::to_string(cursor->value().first.tenant) +
                                ", which it does not know");
    }
    TS_RETURN_IF_ERROR(
        tenant->catalogue.LearnAlias(cursor->value().first.item, cursor->value().second));
  }
  return cursor->status();
}

Status Tenants::LoadRecords(StoreView* view) {
  auto cursor = view->Records(0);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const auto& [ref, value] = cursor->value();
    Tenant* tenant = Find(ref.tenant);
    if (tenant == nullptr) {
      return Status::Corruption("the store has a record of tenant number " +
                                std::to_string(ref.tenant) + ", which it does not know");
    }
    tenant->catalogue.LearnRecord({ref.kind, ref.key, value});
  }
  return cursor->status();
}

Tenant* Tenants::Find(std::string_view name) const {
  const ReaderLock lock(&mutex_);
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Tenant* Tenants::Find(TenantId id) const {
  const ReaderLock lock(&mutex_);
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

Tenant* Tenants::Insert(TenantId id, std::string_view name, Lane* lane) {
  auto made = std::make_unique<Tenant>(id, name, lane);
  Tenant* tenant = made.get();
  by_id_.emplace(id, std::move(made));
  by_name_.emplace(tenant->name, tenant);
  return tenant;
}

Tenant* Tenants::FindOrCreate(std::string_view name) {
  Tenant* tenant = Find(name);
  if (tenant != nullptr) {
    return tenant;
  }
  const WriterLock lock(&mutex_);
  auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    return found->second;
  }
  return Insert(by_id_.empty() ? 1 : by_id_.rbegin()->first + 1, name, router_(name));
}

Status Tenants::Learn(TenantId id, std::string_view name, Tenant** tenant) {
  return Learn(id, name, router_(name), tenant);
}

Status Tenants::Learn(TenantId id, std::string_view name, Lane* lane, Tenant** tenant) {
  const WriterLock lock(&mutex_);
  auto by_id = by_id_.find(id);
  auto by_name = by_name_.find(name);
  if (by_id == by_id_.end() && by_name == by_name_.end() && id != 0) {
    *tenant = Insert(id, name, lane);
  } else if (by_id != by_id_.end() && by_name != by_name_.end() &&
             by_id->second.get() == by_name->second) {
    *tenant = by_name->second;
  } else {
    return Status::Corruption("tenant number " + std::to_string(id) + " is '" + std::string(name) +
                              "' here and another elsewhere");
  }
  (*tenant)->logged = true;
  return Status::Ok();
}

std::vector<Tenant*> Tenants::All() const {
  const ReaderLock lock(&mutex_);
  std::vector<Tenant*> all;
  for (const auto& [id, tenant] : by_id_) {
    all.push_back(tenant.get());
  }
  return all;
}

void Tenants::ForgetBatches(const Lane* lane, Lsn applied) {
  const ReaderLock lock(&mutex_);
  for (auto& [id, tenant] : by_id_) {
    if (tenant->lane != lane) {
      continue;
    }
    std::unique_lock busy(tenant->mutex, std::try_to_lock);
    if (busy.owns_lock()) {
      const size_t gone = std::erase_if(tenant->batches, [&](const auto& entry) {
        return !entry.second.writing && entry.second.record_lsn <= applied;
      });
      tenant->forgotten += gone > 0 ? 1 : 0;
    }
  }
}

// Must not wait for a tenant: its writer may wait for the drain, and the drain for this mutex.
uint64_t Tenants::batches() const {
  const ReaderLock lock(&mutex_);
  uint64_t count = 0;
  for (const auto& [id, tenant] : by_id_) {
    const std::unique_lock idle(tenant->mutex, std::try_to_lock);
    count += idle.owns_lock() ? tenant->batches.size() : 0;
  }
  return count;
}

uint64_t Tenants::room() const {
  const uint64_t items = items_;
  return items >= items_max_ ? 0 : items_max_ - items;
}

uint64_t Tenants::size() const {
  const ReaderLock lock(&mutex_);
  return by_id_.size();
}

}  // namespace tallystone
