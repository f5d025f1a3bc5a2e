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

// What the layer above promises; sorted files cannot be made of anything else.
void CheckSorted(const SortedWindow& window);

// Hands entries to a sink, which has
//   void Put(Family, std::string_view key, std::string_view head, std::string_view tail);
//     the value is `head` with `tail` behind it
//   void Merge(Family, std::string_view key, std::string_view operand);
//   void Delete(Family, std::string_view key);
// and keeps its first error. Families must be asked for in their order; the keys of one come
// ascending.
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
  void AddDeltas(const SortedWindow& window);
  void AddBlocks(const SortedWindow& window);
  void AddPostings(const SortedWindow& window);
  void AddCatalogue(const SortedWindow& window);
  void AddBatches(const SortedWindow& window);
  void AddDeadLetters(const SortedWindow& window);

  Sink* const sink_;
  std::string key_, value_;
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
  EncodeBalanceKey(delta.key, &key_);
  value_.clear();
  EncodeBalanceSum(delta.sum, &value_);
  sink_->Merge(Family::kBalances, key_, value_);
}

template <typename Sink>
void WindowEntries<Sink>::AddDeltas(const SortedWindow& window) {
  for (const KeyDelta& delta : window.deltas) {
    if (!delta.rejected) {
      AddDelta(delta);
    }
  }
}

template <typename Sink>
void WindowEntries<Sink>::AddBlocks(const SortedWindow& window) {
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
    Put(Family::kBlocks, *chunk.payload);
  }
}

template <typename Sink>
void WindowEntries<Sink>::AddPostings(const SortedWindow& window) {
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

template <typename Sink>
void WindowEntries<Sink>::AddCatalogue(const SortedWindow& window) {
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

template <typename Sink>
void WindowEntries<Sink>::AddBatches(const SortedWindow& window) {
  static_assert(kBatchKind < kDeadLetterKind);
  for (const auto& [ref, sum] : window.batches) {
    TS_CHECK(ref.batch.find('\0') == std::string::npos);
    EncodeBatchKey(ref, &key_);
    value_.clear();
    EncodeBatchSum(sum, &value_);
    sink_->Merge(Family::kBatches, key_, value_);
  }
}

template <typename Sink>
void WindowEntries<Sink>::AddDeadLetters(const SortedWindow& window) {
  for (const auto& [ref, letter] : window.dead_letters) {
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
