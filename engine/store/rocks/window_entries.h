// WindowEntries: the keys and values that a window brings to the store, sorted by family and key.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/canary.h"
#include "base/check.h"
#include "model/stored_codec.h"
#include "store/rocks/families.h"
#include "store/rocks/keys.h"
#include "window/sorted_window.h"

namespace tallystone::rocks {

enum class WindowPart : uint8_t {
  kAll,   // Store::Apply
  kRest,  // Store::ApplyRest: everything but the deltas
};

template <typename Key>
void CheckAscends(const Key& key, const Key** before) {
  TS_CHECK(*before == nullptr || **before < key);
  *before = &key;
}

// Hands entries to a sink, which has
//   void Put(Family, std::string_view key, std::string_view head, std::string_view tail);
//     the value is `head` with `tail` behind it
//   void Merge(Family, std::string_view key, std::string_view operand);
//   void Delete(Family, std::string_view key);
// and keeps its first error. Families must be asked for in their order; the keys of one come
// ascending: sorted files cannot be made of anything else, so what the layer above promises is
// checked on the way.
template <typename Sink>
class WindowEntries {
 public:
  explicit WindowEntries(Sink* sink) : sink_(sink) {}

  void AddMarker(const Marker& marker);
  void AddDelta(const KeyDelta& delta);
  // Everything of the window that belongs to a family.
  void AddFamily(Family family, const SortedWindow& window, WindowPart part, const Marker& marker);

 private:
  void Put(Family family, std::string_view tail = {}) { sink_->Put(family, key_, value_, tail); }
  template <typename Entries, typename KeyOf, typename Encode, typename PutGroup>
  void AddGroups(const Entries& entries, const KeyOf& key_of, const Encode& encode,
                 const PutGroup& put);
  void AddDeltas(const SortedWindow& window);
  void AddBlocks(const SortedWindow& window);
  void AddPostings(const SortedWindow& window);
  void AddItems(const SortedWindow& window);
  void AddRecords(const SortedWindow& window);
  void AddCatalogue(const SortedWindow& window);
  void AddBatches(const SortedWindow& window);
  void AddDeadLetters(const SortedWindow& window);

  Sink* const sink_;
  std::string key_, value_, part_;
};

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

// `encode` makes part_ of an entry (none if it leaves it empty), `put` an entry of the parts of a
// group in value_.
template <typename Sink>
template <typename Entries, typename KeyOf, typename Encode, typename PutGroup>
void WindowEntries<Sink>::AddGroups(const Entries& entries, const KeyOf& key_of,
                                    const Encode& encode, const PutGroup& put) {
  StockKey before;
  GroupKey group;
  value_.clear();
  for (const auto& entry : entries) {
    const StockKey key = key_of(entry);
    TS_CHECK(before < key);
    before = key;
    if (GroupOf(key) != group) {
      if (!value_.empty()) {
        put(group);
        value_.clear();
      }
      group = GroupOf(key);
    }
    part_.clear();
    encode(entry);
    if (!part_.empty()) {
      AddPart(PlaceOf(key), part_, &value_);
    }
  }
  if (!value_.empty()) {
    put(group);
    value_.clear();
  }
}

template <typename Sink>
void WindowEntries<Sink>::AddFamily(Family family, const SortedWindow& window, WindowPart part,
                                    const Marker& marker) {
  switch (family) {
    case Family::kDefault:
      if (part != WindowPart::kAll || !CanaryIs(Canary::kMarkerOutsideTheBatch)) {
        AddMarker(marker);
      }
      return;
    case Family::kBalances:
      if (part == WindowPart::kAll) {
        AddDeltas(window);
      }
      return;
    case Family::kBlocks:
      return AddBlocks(window);
    case Family::kPostings:
      return AddPostings(window);
    case Family::kCatalogue:
      return AddCatalogue(window);
    case Family::kBatches:
      AddBatches(window);
      return AddDeadLetters(window);
  }
}

template <typename Sink>
void WindowEntries<Sink>::AddMarker(const Marker& marker) {
  key_ = kMarkerKey;
  value_.clear();
  EncodeMarker(marker, &value_);
  Put(Family::kDefault);
}

template <typename Sink>
void WindowEntries<Sink>::AddDelta(const KeyDelta& delta) {
  value_.clear();
  part_.clear();
  EncodeBalanceSum(delta.sum, &part_);
  AddPart(PlaceOf(delta.key), part_, &value_);
  EncodeBalanceKey(GroupOf(delta.key), &key_);
  sink_->Merge(Family::kBalances, key_, value_);
}

template <typename Sink>
void WindowEntries<Sink>::AddDeltas(const SortedWindow& window) {
  AddGroups(
      window.deltas, [](const KeyDelta& delta) { return delta.key; },
      [&](const KeyDelta& delta) {
        if (!delta.rejected) {
          EncodeBalanceSum(delta.sum, &part_);
        }
      },
      [&](GroupKey group) {
        EncodeBalanceKey(group, &key_);
        sink_->Merge(Family::kBalances, key_, value_);
      });
}

template <typename Sink>
void WindowEntries<Sink>::AddBlocks(const SortedWindow& window) {
  auto rejected = window.rejected_lines.begin();
  const Lsn* before = nullptr;
  const Lsn* before_rejected = nullptr;
  for (const auto& [lsn, lines] : window.rejected_lines) {
    CheckAscends(lsn, &before_rejected);
  }
  for (const LoggedChunk& chunk : window.blocks) {
    CheckAscends(chunk.lsn, &before);
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
    Put(Family::kBlocks, *chunk.payload);
  }
}

template <typename Sink>
void WindowEntries<Sink>::AddPostings(const SortedWindow& window) {
  const std::span<const Posting> postings(window.postings);
  AddGroups(
      window.deltas, [](const KeyDelta& delta) { return delta.key; },
      [&](const KeyDelta& delta) {
        TS_CHECK(delta.posting_begin <= delta.posting_end && delta.posting_end <= postings.size());
        if (!delta.rejected && delta.posting_begin < delta.posting_end) {
          EncodePostings(
              postings.subspan(delta.posting_begin, delta.posting_end - delta.posting_begin),
              &part_);
        }
      },
      [&](GroupKey group) {
        EncodePostingKey(group, window.last, &key_);
        Put(Family::kPostings);
      });
}

template <typename Sink>
void WindowEntries<Sink>::AddItems(const SortedWindow& window) {
  AddGroups(
      window.items, [](const auto& item) { return item.first; },
      [&](const auto& item) { EncodeStoredItem(item.second, &part_); },
      [&](GroupKey group) {
        EncodeItemKey(group, window.last, &key_);
        Put(Family::kCatalogue);
      });
}

template <typename Sink>
void WindowEntries<Sink>::AddRecords(const SortedWindow& window) {
  const RecordRef* before = nullptr;
  for (const auto& [ref, value] : window.records) {
    CheckAscends(ref, &before);
    EncodeRecordKey(ref, &key_);
    if (value.empty()) {
      sink_->Delete(Family::kCatalogue, key_);
    } else {
      value_ = value;
      Put(Family::kCatalogue);
    }
  }
}

template <typename Sink>
void WindowEntries<Sink>::AddCatalogue(const SortedWindow& window) {
  static_assert(kAliasKind < kItemKind && kItemKind < kRecordKind && kRecordKind < kTenantKind);
  value_.clear();
  InOrder(
      window.aliases, [](const auto& alias) -> const auto& { return alias; },
      [&](const auto& alias) {
        EncodeAliasKey(alias.first, alias.second, &key_);
        Put(Family::kCatalogue);
      });
  AddItems(window);
  AddRecords(window);
  InOrder(
      window.tenants, [](const auto& tenant) { return tenant.first; },
      [&](const auto& tenant) {
        EncodeTenantKey(tenant.first, &key_);
        value_ = tenant.second;
        Put(Family::kCatalogue);
      });
}

template <typename Sink>
void WindowEntries<Sink>::AddBatches(const SortedWindow& window) {
  static_assert(kBatchKind < kDeadLetterKind);
  const BatchRef* before = nullptr;
  for (const auto& [ref, sum] : window.batches) {
    CheckAscends(ref, &before);
    TS_CHECK(ref.batch.find('\0') == std::string::npos);
    EncodeBatchKey(ref, &key_);
    value_.clear();
    EncodeBatchSum(sum, &value_);
    sink_->Merge(Family::kBatches, key_, value_);
  }
}

template <typename Sink>
void WindowEntries<Sink>::AddDeadLetters(const SortedWindow& window) {
  const LineRef* before = nullptr;
  for (const auto& [ref, letter] : window.dead_letters) {
    CheckAscends(ref, &before);
    if (CanaryIs(Canary::kDeadLetterForgotten)) {
      continue;
    }
    TS_CHECK(ref.batch.find('\0') == std::string::npos);
    EncodeDeadLetterKey(ref, &key_);
    if (!letter) {
      sink_->Delete(Family::kBatches, key_);
      continue;
    }
    value_.clear();
    EncodeStoredDeadLetter(*letter, &value_);
    Put(Family::kBatches);
  }
}

}  // namespace tallystone::rocks
