// MergeCursor: a sorted cursor and a sorted overlay, walked as one.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tallystone/engine.h"

namespace tallystone {

// Overlay entries are combined with the base's value under the same key (null = none there); a
// result of nullopt hides the key. `overlay` must outlive the cursor.
template <typename Key, typename Value, typename Change>
class MergeCursor final : public Cursor<std::pair<Key, Value>> {
 public:
  using Combine = std::function<std::optional<Value>(const Value* base, const Change& change)>;

  MergeCursor(std::unique_ptr<Cursor<std::pair<Key, Value>>> base,
              const std::vector<std::pair<Key, Change>>& overlay, Key from, Combine combine)
      : base_(std::move(base)),
        overlay_(overlay),
        from_(std::move(from)),
        combine_(std::move(combine)) {}

  void SeekToFirst() override {
    base_->SeekToFirst();
    next_ = std::lower_bound(overlay_.begin(), overlay_.end(), from_,
                             [](const auto& entry, const Key& key) { return entry.first < key; }) -
            overlay_.begin();
    Find();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override { Find(); }
  [[nodiscard]] const std::pair<Key, Value>& value() const override { return current_; }
  [[nodiscard]] Status status() const override { return base_->status(); }

 private:
  // Takes the smallest key that is left, from the base, the overlay or both.
  void Find() {
    valid_ = false;
    while (!valid_) {
      const bool in_base = base_->Valid();
      const bool in_overlay = static_cast<size_t>(next_) < overlay_.size();
      if ((!in_base && !in_overlay) || !base_->status().ok()) {
        return;
      }
      if (in_base && (!in_overlay || base_->value().first < overlay_[next_].first)) {
        current_ = base_->value();
        valid_ = true;
        base_->Next();
        continue;
      }
      const auto& [key, change] = overlay_[next_];
      const bool both = in_base && base_->value().first == key;
      std::optional<Value> combined = combine_(both ? &base_->value().second : nullptr, change);
      if (combined.has_value()) {
        current_ = {key, std::move(*combined)};
        valid_ = true;
      }
      ++next_;
      if (both) {
        base_->Next();
      }
    }
  }

  std::unique_ptr<Cursor<std::pair<Key, Value>>> base_;
  const std::vector<std::pair<Key, Change>>& overlay_;
  Key from_;
  Combine combine_;
  ptrdiff_t next_ = 0;
  bool valid_ = false;
  std::pair<Key, Value> current_;
};

}  // namespace tallystone
