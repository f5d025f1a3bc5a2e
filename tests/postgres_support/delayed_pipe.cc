#include "postgres_support/delayed_pipe.h"

#include <cerrno>

#include <sys/socket.h>

namespace tallystone::testing {

void DelayedPipe::Push(std::string_view bytes, Clock::time_point due) {
  if (bytes.empty()) {
    return;
  }
  bytes_ += bytes.size();
  // What came together goes together.
  if (!pieces_.empty() && pieces_.back().due == due && !pieces_.back().end) {
    pieces_.back().bytes += bytes;
    return;
  }
  pieces_.push_back({due, std::string(bytes), false});
}

void DelayedPipe::PushEnd(Clock::time_point due) {
  pieces_.push_back({due, "", true});
}

DelayedPipe::State DelayedPipe::Flush(int descriptor, Clock::time_point now) {
  while (!pieces_.empty() && pieces_.front().due <= now) {
    const Piece& piece = pieces_.front();
    if (piece.end) {
      return State::kEnded;
    }
    const ssize_t sent = ::send(descriptor, piece.bytes.data() + written_,
                                piece.bytes.size() - written_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      return errno == EAGAIN || errno == EINTR ? State::kOpen : State::kBroken;
    }
    written_ += static_cast<size_t>(sent);
    bytes_ -= static_cast<size_t>(sent);
    if (written_ == piece.bytes.size()) {
      pieces_.pop_front();
      written_ = 0;
    }
  }
  return State::kOpen;
}

}  // namespace tallystone::testing
