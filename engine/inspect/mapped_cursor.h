// MappedCursor: the records that are made of those of another cursor.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "inspect/queries.h"
#include "tallystone/engine.h"

namespace tallystone {

// Walks `Inner`, shows what `accept` lets through and ends where `in_range` ends. Accept fills the
// record.
template <typename Inner, typename Record>
class MappedCursor final : public Cursor<Record> {
 public:
  using Accept = std::function<Status(const Inner& inner, Record* record, bool* take)>;
  using InRange = std::function<bool(const Inner& inner)>;

  MappedCursor(SharedView view, std::unique_ptr<Cursor<Inner>> inner, InRange in_range,
               Accept accept)
      : view_(std::move(view)),
        inner_(std::move(inner)),
        in_range_(std::move(in_range)),
        accept_(std::move(accept)) {}

  void SeekToFirst() override {
    status_ = Status::Ok();
    inner_->SeekToFirst();
    Find();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    inner_->Next();
    Find();
  }
  [[nodiscard]] const Record& value() const override { return record_; }
  [[nodiscard]] Status status() const override { return status_.ok() ? inner_->status() : status_; }

 private:
  void Find() {
    for (valid_ = false; inner_->Valid() && in_range_(inner_->value()); inner_->Next()) {
      status_ = accept_(inner_->value(), &record_, &valid_);
      if (valid_ || !status_.ok()) {
        valid_ = valid_ && status_.ok();
        return;
      }
    }
  }

  SharedView view_;
  std::unique_ptr<Cursor<Inner>> inner_;
  InRange in_range_;
  Accept accept_;
  bool valid_ = false;
  Record record_;
  Status status_;
};

}  // namespace tallystone
