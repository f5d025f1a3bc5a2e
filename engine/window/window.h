// Window: a run of consecutive durable chunks, folded in memory, not yet in the store (DESIGN 4.4).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "model/chunk.h"
#include "model/ids.h"
#include "model/stored.h"
#include "tallystone/status.h"
#include "window/sorted_window.h"

namespace tallystone {

// Not thread-safe: WindowSet's lock protects the one that fills; one that drains is not changed any
// more.
class Window {
 public:
  // Takes the next chunk. kCorruption if its payload cannot be read; the window is then unchanged.
  Status Fold(const LoggedChunk& chunk);

  // What the window says of one key. Null = nothing.
  struct Delta {
    Int128 on_hand = 0;
    Int128 value = 0;
    uint64_t lines = 0;
    Lsn last_lsn = 0;
    std::string_view last_time;  // points into a chunk of the window
  };
  [[nodiscard]] const Delta* Find(StockKey key) const;

  // What the window says of one dead letter. Looks at the chunks that have any, from the newest
  // back.
  enum class LetterState : uint8_t { kUnknown, kPresent, kResolved };
  LetterState FindLetter(const LineRef& ref, StoredDeadLetter* letter) const;

  [[nodiscard]] const std::vector<LoggedChunk>& chunks() const { return chunks_; }
  [[nodiscard]] bool empty() const { return chunks_.empty(); }
  [[nodiscard]] uint64_t lines() const { return lines_; }
  // Of its chunks, as the log has them.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  [[nodiscard]] Lsn first() const { return chunks_.empty() ? 0 : chunks_.front().lsn; }
  [[nodiscard]] Lsn last() const { return chunks_.empty() ? 0 : chunks_.back().lsn; }

 private:
  std::vector<LoggedChunk> chunks_;
  boost::unordered_flat_map<uint64_t, Delta> deltas_;
  std::vector<uint32_t> letter_chunks_;  // indexes of chunks with failed, retried or dropped lines
  ChunkNumbers numbers_;                 // working memory of Fold
  std::vector<std::string_view> times_;  // likewise
  uint64_t lines_ = 0;  // lines and records: what counts against the window's limit
  uint64_t bytes_ = 0;
};

}  // namespace tallystone
