// PageCursor: walks entries that are fetched page by page.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "tallystone/engine.h"

namespace tallystone::postgres {

template <typename Record>
class PageCursor : public Cursor<Record> {
 public:
  // fetch(after, rows, &page) appends at most about `rows` entries to the empty *page: the first of
  // all where `after` is null, else those behind *after. An empty page is the end.
  using Fetch = std::function<Status(const Record* after, int64_t rows, std::vector<Record>* page)>;

  PageCursor(Fetch fetch, int64_t rows_max) : fetch_(std::move(fetch)), rows_max_(rows_max) {}

  void SeekToFirst() override {
    page_.clear();
    at_ = 0;
    rows_ = std::min(kFirstRows, rows_max_);
    status_ = fetch_(nullptr, rows_, &page_);
  }
  [[nodiscard]] bool Valid() const override { return status_.ok() && at_ < page_.size(); }
  void Next() override {
    if (++at_ < page_.size()) {
      return;
    }
    const Record last = std::move(page_.back());
    page_.clear();
    at_ = 0;
    rows_ = std::min(rows_ * kGrowth, rows_max_);
    status_ = fetch_(&last, rows_, &page_);
  }
  [[nodiscard]] const Record& value() const override { return page_[at_]; }
  [[nodiscard]] Status status() const override { return status_; }

 private:
  // Many cursors are asked for one entry only.
  static constexpr int64_t kFirstRows = 16;
  static constexpr int64_t kGrowth = 8;

  const Fetch fetch_;
  const int64_t rows_max_;
  int64_t rows_ = kFirstRows;
  std::vector<Record> page_;
  size_t at_ = 0;
  Status status_;
};

}  // namespace tallystone::postgres
