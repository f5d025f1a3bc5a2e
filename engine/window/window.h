// Window: a stretch of the log that the store has not passed yet (DESIGN 4.4).
#pragma once

#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "model/stored.h"
#include "tallystone/status.h"
#include "window/sorted_window.h"

namespace tallystone {

// Not thread-safe: WindowSet's lock protects the one that fills; one that drains is not changed any
// more.
class Window {
 public:
  // Takes the next chunk, or passes the place of one that is another store's (no payload), which
  // takes no memory. kCorruption if the chunk's header cannot be read; the window is then
  // unchanged.
  Status Add(const LoggedChunk& chunk);

  // What the window says of one dead letter. Looks at the chunks that have any, from the newest
  // back.
  enum class LetterState : uint8_t { kUnknown, kPresent, kResolved };
  LetterState FindLetter(const LineRef& ref, StoredDeadLetter* letter) const;

  [[nodiscard]] const LogStretch& stretch() const { return stretch_; }
  [[nodiscard]] const std::vector<LoggedChunk>& chunks() const { return stretch_.chunks; }
  // Also places count: a store's marker has to pass them.
  [[nodiscard]] bool empty() const { return stretch_.empty(); }
  [[nodiscard]] uint64_t lines() const { return lines_; }
  // Of its chunks, as the log has them.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  [[nodiscard]] Lsn first() const { return empty() ? 0 : stretch_.first; }
  [[nodiscard]] Lsn last() const { return empty() ? 0 : stretch_.last; }

 private:
  LogStretch stretch_;
  std::vector<uint32_t> letter_chunks_;  // indexes of chunks with failed, retried or dropped lines
  uint64_t lines_ = 0;  // lines and records: what counts against the window's limit
  uint64_t bytes_ = 0;
};

}  // namespace tallystone
