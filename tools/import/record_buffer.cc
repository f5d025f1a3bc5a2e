#include "import/record_buffer.h"

#include <algorithm>
#include <cstring>

namespace tallystone::tool {

RecordBuffer::RecordBuffer(ByteSource* source, const Sizes& sizes)
    : source_(source), sizes_(sizes), capacity_(std::max<size_t>(sizes.bytes, 1)) {
  sizes_.bytes_max = std::max(sizes_.bytes_max, capacity_);
  bytes_ = std::make_unique<char[]>(capacity_ + sizes_.slack);
}

void RecordBuffer::MakeRoom() {
  if (begin_ == end_) {
    base_ += begin_;
    begin_ = end_ = 0;
  }
  if (end_ < capacity_) {
    return;
  }
  if (begin_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
    base_ += begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  // Grow rather than move again and again for the last few bytes of a long record.
  if (end_ > capacity_ / 2 && capacity_ < sizes_.bytes_max) {
    capacity_ = std::min(capacity_ * 2, sizes_.bytes_max);
    auto larger = std::make_unique<char[]>(capacity_ + sizes_.slack);
    std::memcpy(larger.get(), bytes_.get(), end_);
    bytes_ = std::move(larger);
  }
}

RecordBuffer::Fill RecordBuffer::More() {
  if (!status_.ok()) {
    return Fill::kError;
  }
  if (end_ - begin_ >= sizes_.bytes_max) {
    return Fill::kFull;
  }
  MakeRoom();
  size_t got = 0;
  status_ = source_->Read(bytes_.get() + end_, capacity_ - end_, &got);
  if (!status_.ok()) {
    return Fill::kError;
  }
  end_ += got;
  std::memset(bytes_.get() + end_, '\n', sizes_.slack);
  return got > 0 ? Fill::kMore : Fill::kEnd;
}

}  // namespace tallystone::tool
