#include "store/memory/memory_store.h"

#include "base/check.h"
#include "model/chunk.h"
#include "store/memory/memory_view.h"

namespace tallystone {
namespace {

void AddDelta(const KeyDelta& delta, MemoryState* state) {
  auto [balance, added] = state->balances.emplace(delta.key, delta.sum);
  if (!added) {
    balance->second.Add(delta.sum);
  }
}

void AddPostings(const SortedWindow& window, const KeyDelta& delta, MemoryState* state) {
  if (delta.posting_begin == delta.posting_end) {
    return;
  }
  std::vector<Posting>& postings = state->postings[delta.key];
  postings.insert(postings.end(), window.postings.begin() + delta.posting_begin,
                  window.postings.begin() + delta.posting_end);
}

void AddBlocks(const SortedWindow& window, MemoryState* state) {
  std::map<Lsn, std::vector<uint32_t>> rejected(window.rejected_lines.begin(),
                                                window.rejected_lines.end());
  for (const LoggedChunk& chunk : window.blocks) {
    state->blocks[chunk.lsn] = StoredBlock{chunk.lsn, *chunk.payload, rejected[chunk.lsn]};
  }
}

// Everything but the deltas.
void AddRest(const SortedWindow& window, MemoryState* state) {
  for (const KeyDelta& delta : window.deltas) {
    if (!delta.rejected) {
      AddPostings(window, delta, state);
    }
  }
  AddBlocks(window, state);
  for (const auto& [ref, sum] : window.batches) {
    auto [batch, added] = state->batches.emplace(ref, sum);
    if (!added) {
      batch->second.Add(sum);
    }
  }
  for (const auto& [ref, letter] : window.dead_letters) {
    if (letter) {
      state->dead_letters[ref] = *letter;
    } else {
      state->dead_letters.erase(ref);
    }
  }
  for (const auto& [tenant, name] : window.tenants) {
    state->tenants[tenant] = name;
  }
  for (const auto& [key, item] : window.items) {
    state->items[key] = item;
  }
  state->aliases.insert(window.aliases.begin(), window.aliases.end());
  for (const auto& [ref, value] : window.records) {
    if (value.empty()) {
      state->records.erase(ref);
    } else {
      state->records[ref] = value;
    }
  }
}

template <typename Map, typename Key, typename Value>
Status Find(const Map& map, const Key& key, Value* value) {
  auto found = map.find(key);
  if (found == map.end()) {
    return Status::NotFound("not in the store");
  }
  *value = found->second;
  return Status::Ok();
}

Status Closed() {
  return Status::Unavailable("the store is closed");
}

}  // namespace

std::shared_ptr<const MemoryState> MemoryDisk::Share() {
  const MutexLock lock(&mutex_);
  shared_ = true;
  return state_;
}

template <typename Look>
auto MemoryDisk::Peek(const Look& look) const {
  const MutexLock lock(&mutex_);
  return look(*state_);
}

template <typename Change>
void MemoryDisk::Write(const Change& change) {
  const MutexLock lock(&mutex_);
  if (shared_) {
    state_ = std::make_shared<MemoryState>(*state_);
    shared_ = false;
  }
  change(state_.get());
}

MemoryStore::MemoryStore(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {
  TS_CHECK(disk_ != nullptr);
}

std::shared_ptr<MemoryDisk> MemoryStore::Disk() const {
  const MutexLock lock(&mutex_);
  return disk_;
}

Status MemoryStore::NewView(std::unique_ptr<StoreView>* view) {
  view->reset();
  const std::shared_ptr<MemoryDisk> disk = Disk();
  if (disk == nullptr) {
    return Closed();
  }
  *view = NewMemoryView(disk->Share());
  return Status::Ok();
}

Status MemoryStore::GetBalance(StockKey key, BalanceSum* sum) {
  const std::shared_ptr<MemoryDisk> disk = Disk();
  return disk == nullptr
             ? Closed()
             : disk->Peek([&](const MemoryState& state) { return Find(state.balances, key, sum); });
}

Status MemoryStore::GetBatch(const BatchRef& ref, BatchSum* sum) {
  const std::shared_ptr<MemoryDisk> disk = Disk();
  return disk == nullptr
             ? Closed()
             : disk->Peek([&](const MemoryState& state) { return Find(state.batches, ref, sum); });
}

Status MemoryStore::ReadMarker(Marker* marker) {
  const std::shared_ptr<MemoryDisk> disk = Disk();
  if (disk == nullptr) {
    return Closed();
  }
  return disk->Peek([&](const MemoryState& state) {
    if (!state.marker) {
      return Status::NotFound("the store has no marker");
    }
    *marker = *state.marker;
    return Status::Ok();
  });
}

Status MemoryStore::Initialise(const Marker& marker) {
  const std::shared_ptr<MemoryDisk> disk = Disk();
  if (disk == nullptr) {
    return Closed();
  }
  disk->Write([&](MemoryState* state) { state->marker = marker; });
  return Status::Ok();
}

Status MemoryStore::Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) {
  const std::shared_ptr<MemoryDisk> disk = Disk();
  if (disk == nullptr) {
    return Closed();
  }
  disk->Write([&](MemoryState* state) {
    for (const KeyDelta& delta : window.deltas) {
      if (!delta.rejected) {
        AddDelta(delta, state);
      }
    }
    AddRest(window, state);
    state->marker = marker;
  });
  if (info != nullptr) {
    info->ingested = false;
  }
  return Status::Ok();
}

Status MemoryStore::ApplyKey(const KeyDelta* delta, const Marker& progress) {
  const std::shared_ptr<MemoryDisk> disk = Disk();
  if (disk == nullptr) {
    return Closed();
  }
  disk->Write([&](MemoryState* state) {
    if (delta != nullptr) {
      AddDelta(*delta, state);
    }
    state->marker = progress;
  });
  return Status::Ok();
}

Status MemoryStore::ApplyRest(const SortedWindow& window, const Marker& marker) {
  const std::shared_ptr<MemoryDisk> disk = Disk();
  if (disk == nullptr) {
    return Closed();
  }
  disk->Write([&](MemoryState* state) {
    AddRest(window, state);
    state->marker = marker;
  });
  return Status::Ok();
}

void MemoryStore::Forget(TenantId tenant) {
  const std::shared_ptr<MemoryDisk> disk = Disk();
  TS_CHECK(disk != nullptr);
  disk->Write([&](MemoryState* state) {
    const auto is_key = [&](const auto& entry) { return entry.first.tenant == tenant; };
    std::erase_if(state->balances, is_key);
    std::erase_if(state->postings, is_key);
    std::erase_if(state->batches, is_key);
    std::erase_if(state->dead_letters, is_key);
    std::erase_if(state->items, is_key);
    std::erase_if(state->aliases, is_key);
    std::erase_if(state->records, is_key);
    state->tenants.erase(tenant);
    std::erase_if(state->blocks, [&](const auto& entry) {
      ChunkHeader header;
      return DecodeChunkHeader(entry.second.payload, &header).ok() && header.tenant == tenant;
    });
  });
}

Status MemoryStore::Recover() {
  return Disk() == nullptr ? Closed() : Status::Ok();
}

Status MemoryStore::Close() {
  const MutexLock lock(&mutex_);
  disk_.reset();
  return Status::Ok();
}

}  // namespace tallystone
