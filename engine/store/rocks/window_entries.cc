#include "store/rocks/window_entries.h"

namespace tallystone::rocks {
namespace {

template <typename Entries, typename KeyOf>
bool Ascending(const Entries& entries, const KeyOf& key_of) {
  return std::adjacent_find(entries.begin(), entries.end(),
                            [&](const auto& left, const auto& right) {
                              return !(key_of(left) < key_of(right));
                            }) == entries.end();
}

}  // namespace

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

}  // namespace tallystone::rocks
