#include "window/join_windows.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace tallystone {
namespace {

// Appends `more`, then puts all in order.
template <typename Entry, typename Before>
void Join(std::vector<Entry>&& more, std::vector<Entry>* all, const Before& before) {
  const auto middle = static_cast<std::ptrdiff_t>(all->size());
  all->insert(all->end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
  std::inplace_merge(all->begin(), all->begin() + middle, all->end(), before);
}

template <typename Entry>
void JoinByKey(std::vector<Entry>&& more, std::vector<Entry>* all) {
  Join(std::move(more), all,
       [](const Entry& left, const Entry& right) { return left.first < right.first; });
}

void Take(SortedWindow&& window, SortedWindow* joined) {
  TS_CHECK(window.first == joined->first && window.last == joined->last);
  joined->lines += window.lines;
  const auto shift = static_cast<uint32_t>(joined->postings.size());
  for (KeyDelta& delta : window.deltas) {
    delta.posting_begin += shift;
    delta.posting_end += shift;
  }
  joined->postings.insert(joined->postings.end(), window.postings.begin(), window.postings.end());
  Join(std::move(window.deltas), &joined->deltas,
       [](const KeyDelta& left, const KeyDelta& right) { return left.key < right.key; });
  Join(std::move(window.blocks), &joined->blocks,
       [](const LoggedChunk& left, const LoggedChunk& right) { return left.lsn < right.lsn; });
  TS_CHECK(std::adjacent_find(joined->blocks.begin(), joined->blocks.end(),
                              [](const LoggedChunk& left, const LoggedChunk& right) {
                                return left.lsn == right.lsn;
                              }) == joined->blocks.end());
  JoinByKey(std::move(window.rejected_lines), &joined->rejected_lines);
  JoinByKey(std::move(window.batches), &joined->batches);
  JoinByKey(std::move(window.tenants), &joined->tenants);
  JoinByKey(std::move(window.items), &joined->items);
  JoinByKey(std::move(window.aliases), &joined->aliases);
  JoinByKey(std::move(window.records), &joined->records);
  JoinByKey(std::move(window.dead_letters), &joined->dead_letters);
}

}  // namespace

SortedWindow JoinWindows(std::vector<SortedWindow> windows) {
  TS_CHECK(!windows.empty());
  SortedWindow joined = std::move(windows.front());
  for (size_t index = 1; index < windows.size(); ++index) {
    Take(std::move(windows[index]), &joined);
  }
  return joined;
}

}  // namespace tallystone
