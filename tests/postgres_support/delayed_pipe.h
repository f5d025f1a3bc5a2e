// One direction of a connection: bytes that leave in order, each piece not before it is due.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace tallystone::testing {

// Not thread-safe.
class DelayedPipe {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kBytesMax = 64 << 20;  // waiting here; whoever fills it must wait

  enum class State : uint8_t {
    kOpen,
    kEnded,   // everything is out, and so is the end
    kBroken,  // the other side is gone
  };

  void Push(std::string_view bytes, Clock::time_point due);
  // Nothing follows.
  void PushEnd(Clock::time_point due);

  // Writes what is due and has room.
  State Flush(int descriptor, Clock::time_point now);

  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  [[nodiscard]] bool full() const { return bytes_ >= kBytesMax; }
  // When the first piece may leave; for a pipe that is not empty.
  [[nodiscard]] Clock::time_point due() const { return pieces_.front().due; }

 private:
  struct Piece {
    Clock::time_point due;
    std::string bytes;
    bool end = false;
  };

  std::deque<Piece> pieces_;
  size_t written_ = 0;  // of the first piece
  size_t bytes_ = 0;
};

}  // namespace tallystone::testing
