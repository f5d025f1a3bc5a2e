// TopList: the first few of many records.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace tallystone::tool {

// Keeps the `max` records that rank before all others. Before(a, b): a ranks before b.
template <typename Record, typename Before>
class TopList {
 public:
  explicit TopList(size_t max, Before before = {}) : max_(max), before_(before) {}

  void Offer(const Record& record) {
    if (records_.size() < max_) {
      records_.push_back(record);
    } else if (max_ > 0 && before_(record, records_.front())) {
      std::pop_heap(records_.begin(), records_.end(), before_);
      records_.back() = record;
    } else {
      return;
    }
    std::push_heap(records_.begin(), records_.end(), before_);
  }

  // In their order. Leaves the list empty.
  std::vector<Record> Take() {
    std::sort_heap(records_.begin(), records_.end(), before_);
    return std::exchange(records_, {});
  }

 private:
  size_t max_;
  Before before_;
  std::vector<Record> records_;  // a heap: the one that ranks last is in front
};

}  // namespace tallystone::tool
