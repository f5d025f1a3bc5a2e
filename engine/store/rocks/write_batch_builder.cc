#include "store/rocks/write_batch_builder.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "base/canary.h"
#include "base/check.h"
#include "model/stored_codec.h"
#include "store/rocks/database.h"
#include "store/rocks/keys.h"
#include "store/rocks/status_map.h"

namespace tallystone::rocks {
namespace {

// Fills a batch; families must be filled in order, keys of a family ascending.
class Builder {
 public:
  Builder(const FamilyHandles& families, rocksdb::WriteBatch* batch)
      : families_(families), batch_(batch) {
    batch_->Clear();
  }

  void Put(Family family) { Note(batch_->Put(Handle(family), key_, value_)); }
  void Merge(Family family) { Note(batch_->Merge(Handle(family), key_, value_)); }
  void Delete(Family family) { Note(batch_->Delete(Handle(family), key_)); }

  void AddMarker(const Marker& marker);
  void AddDelta(const KeyDelta& delta);
  void AddDeltas(const SortedWindow& window);
  void AddBlocks(const SortedWindow& window);
  void AddPostings(const SortedWindow& window);
  void AddCatalogue(const SortedWindow& window);
  void AddBatches(const SortedWindow& window);
  void AddDeadLetters(const SortedWindow& window);

  [[nodiscard]] Status status() const { return MapStatus(status_, "building a write"); }

 private:
  rocksdb::ColumnFamilyHandle* Handle(Family family) const {
    return families_[static_cast<size_t>(family)];
  }
  void Note(const rocksdb::Status& status) {
    if (!status.ok() && status_.ok()) {
      status_ = status;
    }
  }

  const FamilyHandles& families_;
  rocksdb::WriteBatch* const batch_;
  rocksdb::Status status_;
  std::string key_, value_;
};

void Builder::AddMarker(const Marker& marker) {
  key_ = kMarkerKey;
  value_.clear();
  EncodeMarker(marker, &value_);
  Put(Family::kDefault);
}

void Builder::AddDelta(const KeyDelta& delta) {
  EncodeBalanceKey(delta.key, &key_);
  value_.clear();
  EncodeBalanceSum(delta.sum, &value_);
  Merge(Family::kBalances);
}

void Builder::AddDeltas(const SortedWindow& window) {
  for (const KeyDelta& delta : window.deltas) {
    if (!delta.rejected) {
      AddDelta(delta);
    }
  }
}

void Builder::AddBlocks(const SortedWindow& window) {
  auto rejected = window.rejected_lines.begin();
  Lsn before = 0;
  for (const LoggedChunk& chunk : window.blocks) {
    TS_CHECK(chunk.lsn > before);
    before = chunk.lsn;
    while (rejected != window.rejected_lines.end() && rejected->first < chunk.lsn) {
      ++rejected;
    }
    EncodeBlockKey(chunk.lsn, &key_);
    value_.clear();
    if (rejected != window.rejected_lines.end() && rejected->first == chunk.lsn) {
      EncodeStoredBlock({}, rejected->second, &value_);
    } else {
      EncodeStoredBlock({}, {}, &value_);
    }
    // The payload ends the value; it goes into the batch without a copy in between.
    const rocksdb::Slice key(key_);
    const rocksdb::Slice value[] = {value_, *chunk.payload};
    Note(batch_->Put(Handle(Family::kBlocks), rocksdb::SliceParts(&key, 1),
                     rocksdb::SliceParts(value, 2)));
  }
}

void Builder::AddPostings(const SortedWindow& window) {
  const std::span<const Posting> postings(window.postings);
  for (const KeyDelta& delta : window.deltas) {
    if (delta.rejected || delta.posting_begin == delta.posting_end) {
      continue;
    }
    TS_CHECK(delta.posting_begin < delta.posting_end && delta.posting_end <= postings.size());
    EncodePostingKey(delta.key, window.last, &key_);
    value_.clear();
    EncodePostings(postings.subspan(delta.posting_begin, delta.posting_end - delta.posting_begin),
                   &value_);
    Put(Family::kPostings);
  }
}

// Calls use(entry) for each of `entries` in ascending order; of equal keys only the last. For the
// parts of a window that come in the order of the log.
template <typename Entries, typename KeyOf, typename Use>
void InOrder(const Entries& entries, const KeyOf& key_of, const Use& use) {
  std::vector<size_t> order(entries.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    return key_of(entries[left]) < key_of(entries[right]);
  });
  for (size_t index = 0; index < order.size(); ++index) {
    if (index + 1 == order.size() ||
        key_of(entries[order[index]]) < key_of(entries[order[index + 1]])) {
      use(entries[order[index]]);
    }
  }
}

void Builder::AddCatalogue(const SortedWindow& window) {
  static_assert(kAliasKind < kItemKind && kItemKind < kTenantKind);
  value_.clear();
  InOrder(
      window.aliases, [](const auto& alias) -> const auto& { return alias; },
      [&](const auto& alias) {
        EncodeAliasKey(alias.first, alias.second, &key_);
        Put(Family::kCatalogue);
      });
  for (const auto& [stock, item] : window.items) {
    EncodeItemKey(stock, &key_);
    value_.clear();
    EncodeStoredItem(item, &value_);
    Put(Family::kCatalogue);
  }
  InOrder(
      window.tenants, [](const auto& tenant) { return tenant.first; },
      [&](const auto& tenant) {
        EncodeTenantKey(tenant.first, &key_);
        value_ = tenant.second;
        Put(Family::kCatalogue);
      });
}

void Builder::AddBatches(const SortedWindow& window) {
  static_assert(kBatchKind < kDeadLetterKind);
  for (const auto& [ref, sum] : window.batches) {
    TS_CHECK(ref.batch.find('\0') == std::string::npos);
    EncodeBatchKey(ref, &key_);
    value_.clear();
    EncodeBatchSum(sum, &value_);
    Merge(Family::kBatches);
  }
}

void Builder::AddDeadLetters(const SortedWindow& window) {
  for (const auto& [ref, letter] : window.dead_letters) {
    if (CanaryIs(Canary::kDeadLetterForgotten)) {
      continue;
    }
    TS_CHECK(ref.batch.find('\0') == std::string::npos);
    EncodeDeadLetterKey(ref, &key_);
    if (!letter) {
      Delete(Family::kBatches);
      continue;
    }
    value_.clear();
    EncodeStoredDeadLetter(*letter, &value_);
    Put(Family::kBatches);
  }
}

template <typename Entries, typename KeyOf>
bool Ascending(const Entries& entries, const KeyOf& key_of) {
  return std::adjacent_find(entries.begin(), entries.end(),
                            [&](const auto& left, const auto& right) {
                              return !(key_of(left) < key_of(right));
                            }) == entries.end();
}

// What the layer above promises; sorted files cannot be made of anything else.
void CheckSorted(const SortedWindow& window) {
  const auto first = [](const auto& entry) -> const auto& {
    return entry.first;
  };
  TS_CHECK(Ascending(window.deltas, [](const KeyDelta& delta) { return delta.key; }));
  TS_CHECK(Ascending(window.items, first));
  TS_CHECK(Ascending(window.batches, first));
  TS_CHECK(Ascending(window.dead_letters, first));
  TS_CHECK(Ascending(window.rejected_lines, first));
}

}  // namespace

Status BuildMarkerBatch(const FamilyHandles& families, const Marker& marker,
                        rocksdb::WriteBatch* batch) {
  Builder builder(families, batch);
  builder.AddMarker(marker);
  return builder.status();
}

Status BuildKeyBatch(const FamilyHandles& families, const KeyDelta* delta, const Marker& progress,
                     rocksdb::WriteBatch* batch) {
  Builder builder(families, batch);
  builder.AddMarker(progress);
  if (delta != nullptr) {
    builder.AddDelta(*delta);
  }
  return builder.status();
}

Status BuildWindowBatch(const FamilyHandles& families, const SortedWindow& window, WindowPart part,
                        const Marker& marker, rocksdb::WriteBatch* batch) {
  CheckSorted(window);
  Builder builder(families, batch);
  if (part != WindowPart::kAll || !CanaryIs(Canary::kMarkerOutsideTheBatch)) {
    builder.AddMarker(marker);
  }
  if (part == WindowPart::kAll) {
    builder.AddDeltas(window);
  }
  builder.AddBlocks(window);
  builder.AddPostings(window);
  builder.AddCatalogue(window);
  builder.AddBatches(window);
  builder.AddDeadLetters(window);
  return builder.status();
}

Status BuildReplaceKeyBatch(const Database& database, StockKey stock, const BalanceSum& sum,
                            const std::vector<Posting>& postings, Lsn window_last,
                            rocksdb::WriteBatch* batch) {
  std::string key, value;
  EncodeBalanceKey(stock, &key);
  EncodeBalanceSum(sum, &value);
  rocksdb::Status status = sum.lines > 0
                               ? batch->Put(database.handle(Family::kBalances), key, value)
                               : batch->Delete(database.handle(Family::kBalances), key);
  const std::string prefix = key;
  const std::unique_ptr<rocksdb::Iterator> old(
      database.db()->NewIterator({}, database.handle(Family::kPostings)));
  for (old->Seek(prefix); status.ok() && old->Valid() && old->key().starts_with(prefix);
       old->Next()) {
    status = batch->Delete(database.handle(Family::kPostings), old->key());
  }
  if (status.ok()) {
    status = old->status();
  }
  if (status.ok() && !postings.empty()) {
    EncodePostingKey(stock, window_last, &key);
    value.clear();
    EncodePostings(postings, &value);
    status = batch->Put(database.handle(Family::kPostings), key, value);
  }
  return MapStatus(status, "building a write");
}

}  // namespace tallystone::rocks
