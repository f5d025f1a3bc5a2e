// RecordBuffer: the bytes of a stream, a window of which lies in one piece of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "import/byte_source.h"

namespace tallystone::tool {

// Holds what was read and not yet consumed. Grows (doubling) while a record does not fit, up to
// `bytes_max`. At least `slack` readable bytes follow the data. Their content means nothing, but
// what follows the end of the source is line ends, whatever was there before.
class RecordBuffer {
 public:
  struct Sizes {
    size_t bytes = 256 * 1024;            // at the beginning
    size_t bytes_max = 16 * 1024 * 1024;  // the longest record
    size_t slack = 0;
  };
  enum class Fill {
    kMore,   // at least one byte was added
    kEnd,    // the source has ended
    kFull,   // bytes_max unconsumed bytes are here already
    kError,  // see status()
  };

  // `source` is not owned.
  RecordBuffer(ByteSource* source, const Sizes& sizes);

  // Reads once. Moves the data: views into it are void afterwards.
  Fill More();

  [[nodiscard]] std::string_view data() const { return {bytes_.get() + begin_, end_ - begin_}; }
  void Consume(size_t count) { begin_ += count; }
  // Position of data() in the stream.
  [[nodiscard]] uint64_t offset() const { return base_ + begin_; }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  void MakeRoom();

  ByteSource* source_;
  Sizes sizes_;
  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0;  // without the slack
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t base_ = 0;  // position of bytes_[0] in the stream
  Status status_;
};

}  // namespace tallystone::tool
