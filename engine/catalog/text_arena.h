// TextArena: memory for texts that live as long as their catalogue, with one way back.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace tallystone {

// Not thread-safe. Views stay valid until the arena is destroyed or rewound to before them.
class TextArena {
 public:
  struct Mark {
    size_t blocks = 0;
    size_t used = 0;
  };

  // `size` bytes in one piece, to be filled by the caller. 0 gives null.
  char* Allocate(size_t size) {
    if (size == 0) {
      return nullptr;
    }
    if (blocks_.empty() || size > blocks_.back().size - used_) {
      AddBlock(size);
    }
    char* place = blocks_.back().bytes.get() + used_;
    used_ += size;
    return place;
  }

  std::string_view Copy(std::string_view text) {
    char* place = Allocate(text.size());
    if (place != nullptr) {
      std::memcpy(place, text.data(), text.size());
    }
    return {place, text.size()};
  }

  [[nodiscard]] Mark mark() const { return {blocks_.size(), used_}; }

  // Gives back everything allocated since `mark` was taken.
  void Rewind(Mark mark) {
    TS_CHECK(mark.blocks <= blocks_.size());
    blocks_.resize(mark.blocks);
    used_ = mark.used;
  }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };

  // Blocks grow with the catalogue: small tenants stay small, large ones take few blocks.
  void AddBlock(size_t size_min) {
    constexpr size_t kFirstBytes = 1024;
    constexpr size_t kBlockBytesMax = 256 * 1024;
    size_t size = blocks_.empty() ? kFirstBytes : blocks_.back().size * 2;
    size = size < kBlockBytesMax ? size : kBlockBytesMax;
    size = size < size_min ? size_min : size;
    blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
    used_ = 0;
  }

  std::vector<Block> blocks_;
  size_t used_ = 0;  // of the last block
};

}  // namespace tallystone
