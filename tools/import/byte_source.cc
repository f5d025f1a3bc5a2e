#include "import/byte_source.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/stat.h>

#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

bool IsRegular(int fd) {
  struct stat info = {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

FdSource::FdSource(int fd, std::string name, uint64_t limit)
    : fd_(fd), limit_(limit), waits_(!IsRegular(fd)), name_(std::move(name)) {}

// Waits for input or a signal. A signal may be handled in another thread, so EINTR alone does not
// tell.
Status FdSource::WaitForInput() {
  struct pollfd ready[2] = {{fd_, POLLIN, 0}, {InterruptFd(), POLLIN, 0}};
  while (!Interrupted()) {
    if (poll(ready, InterruptFd() < 0 ? 1 : 2, -1) < 0 && errno != EINTR) {
      return Status::IoError("cannot wait for " + name_ + ": " + std::strerror(errno));
    }
    if (ready[0].revents != 0 && !Interrupted()) {
      return Status::Ok();
    }
  }
  return Status::Interrupted("interrupted while waiting for " + name_);
}

Status FdSource::Read(char* buffer, size_t size, size_t* got) {
  *got = 0;
  size = static_cast<size_t>(std::min<uint64_t>(size, limit_ - bytes_read_));
  while (size > 0) {
    if (waits_) {
      if (Status s = WaitForInput(); !s.ok()) {
        return s;
      }
    }
    const ssize_t count = read(fd_, buffer, size);
    if (count == 0 && waits_ && Interrupted()) {
      // The signal that ended us may have ended the writer too: this is not the end of its data.
      return Status::Interrupted("interrupted while reading " + name_);
    }
    if (count >= 0) {
      *got = static_cast<size_t>(count);
      bytes_read_ += *got;
      return Status::Ok();
    }
    if (errno != EINTR && errno != EAGAIN) {
      return Status::IoError("cannot read " + name_ + ": " + std::strerror(errno));
    }
  }
  return Status::Ok();
}

Status MemorySource::Read(char* buffer, size_t size, size_t* got) {
  *got = std::min({size, piece_, text_.size()});
  std::memcpy(buffer, text_.data(), *got);
  text_.remove_prefix(*got);
  return Status::Ok();
}

Status Latin1Source::Read(char* buffer, size_t size, size_t* got) {
  *got = 0;
  if (pending_ >= 0 && size > 0) {
    buffer[(*got)++] = static_cast<char>(pending_);
    pending_ = -1;
  }
  // Each byte becomes at most two: read half of what fits, at least one.
  char* raw = buffer + *got;
  const size_t room = size - *got;
  if (room == 0) {
    return Status::Ok();
  }
  const size_t half = std::max<size_t>(1, room / 2);
  raw += room - half;
  size_t count = 0;
  if (*got == 0 || room >= 2) {
    if (Status s = source_->Read(raw, half, &count); !s.ok()) {
      return s;
    }
  }
  for (size_t index = 0; index < count; ++index) {
    const auto byte = static_cast<unsigned char>(raw[index]);
    if (byte < 0x80) {
      buffer[(*got)++] = static_cast<char>(byte);
      continue;
    }
    buffer[(*got)++] = static_cast<char>(0xC0 | byte >> 6);
    const auto second = static_cast<char>(0x80 | (byte & 0x3F));
    if (*got < size) {
      buffer[(*got)++] = second;
    } else {
      pending_ = static_cast<unsigned char>(second);
    }
  }
  return Status::Ok();
}

Status PeekSource::Read(char* buffer, size_t size, size_t* got) {
  if (given_ == prefix_.size()) {
    prefix_ = {};
    given_ = 0;
    return source_->Read(buffer, size, got);
  }
  *got = std::min(size, prefix_.size() - given_);
  std::memcpy(buffer, prefix_.data() + given_, *got);
  given_ += *got;
  return Status::Ok();
}

Status PeekSource::Extend(bool* more) {
  constexpr size_t kPiece = 64 * 1024;
  const size_t before = prefix_.size();
  prefix_.resize(before + kPiece);
  size_t got = 0;
  Status s = source_->Read(prefix_.data() + before, kPiece, &got);
  prefix_.resize(before + got);
  *more = got > 0;
  return s;
}

}  // namespace tallystone::tool
