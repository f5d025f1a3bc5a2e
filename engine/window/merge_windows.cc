#include "window/merge_windows.h"

#include <map>

#include "base/check.h"

namespace tallystone {
namespace {

struct KeyPart {
  BalanceSum sum;
  std::vector<Posting> postings;
};

void AddDeltas(const SortedWindow& window, std::map<StockKey, KeyPart>* parts) {
  for (const KeyDelta& delta : window.deltas) {
    if (delta.rejected) {
      continue;
    }
    KeyPart& part = (*parts)[delta.key];
    part.sum.Add(delta.sum);
    part.postings.insert(part.postings.end(), window.postings.begin() + delta.posting_begin,
                         window.postings.begin() + delta.posting_end);
  }
}

template <typename Key, typename Value>
void Overlay(const std::vector<std::pair<Key, Value>>& earlier,
             const std::vector<std::pair<Key, Value>>& later,
             std::vector<std::pair<Key, Value>>* merged) {
  std::map<Key, Value> entries(earlier.begin(), earlier.end());
  for (const auto& [key, value] : later) {
    entries[key] = value;
  }
  merged->assign(entries.begin(), entries.end());
}

template <typename Entry>
void Concatenate(const std::vector<Entry>& earlier, const std::vector<Entry>& later,
                 std::vector<Entry>* merged) {
  *merged = earlier;
  merged->insert(merged->end(), later.begin(), later.end());
}

}  // namespace

SortedWindow MergeWindows(const SortedWindow& earlier, const SortedWindow& later) {
  TS_CHECK(later.first == earlier.last + 1);
  SortedWindow merged;
  merged.first = earlier.first;
  merged.last = later.last;
  merged.lines = earlier.lines + later.lines;
  std::map<StockKey, KeyPart> parts;
  AddDeltas(earlier, &parts);
  AddDeltas(later, &parts);
  for (auto& [key, part] : parts) {
    KeyDelta delta;
    delta.key = key;
    delta.sum = std::move(part.sum);
    delta.posting_begin = static_cast<uint32_t>(merged.postings.size());
    merged.postings.insert(merged.postings.end(), part.postings.begin(), part.postings.end());
    delta.posting_end = static_cast<uint32_t>(merged.postings.size());
    merged.deltas.push_back(std::move(delta));
  }
  std::map<BatchRef, BatchSum> batches(earlier.batches.begin(), earlier.batches.end());
  for (const auto& [ref, sum] : later.batches) {
    batches[ref].Add(sum);
  }
  merged.batches.assign(batches.begin(), batches.end());
  Concatenate(earlier.blocks, later.blocks, &merged.blocks);
  Concatenate(earlier.rejected_lines, later.rejected_lines, &merged.rejected_lines);
  Concatenate(earlier.tenants, later.tenants, &merged.tenants);
  Concatenate(earlier.aliases, later.aliases, &merged.aliases);
  Overlay(earlier.items, later.items, &merged.items);
  Overlay(earlier.records, later.records, &merged.records);
  Overlay(earlier.dead_letters, later.dead_letters, &merged.dead_letters);
  return merged;
}

}  // namespace tallystone
