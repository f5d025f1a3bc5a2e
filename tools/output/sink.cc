#include "output/sink.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tallystone::tool {

Sink::Sink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {
  buffer_.reserve(kBufferBytes);
}

Sink::~Sink() {
  Drain();
  if (owned_) {
    close(fd_);
  }
}

Status Sink::Create(const std::string& path, std::unique_ptr<Sink>* sink) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    return Status::IoError("cannot write " + path + ": " + std::strerror(errno));
  }
  *sink = std::make_unique<Sink>(fd, path);
  (*sink)->owned_ = true;
  return Status::Ok();
}

Sink& Sink::Stdout() {
  static Sink sink(STDOUT_FILENO, "standard output");
  return sink;
}

Status Sink::Flush() {
  Drain();
  return status_;
}

void Sink::Drain() {
  size_t written = 0;
  while (written < buffer_.size() && !done()) {
    const ssize_t count = write(fd_, buffer_.data() + written, buffer_.size() - written);
    if (count >= 0) {
      written += static_cast<size_t>(count);
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno == EAGAIN) {
      struct pollfd ready = {fd_, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      const std::string message = "cannot write " + name_ + ": " + std::strerror(errno);
      status_ = errno == ENOSPC ? Status::NoSpace(message) : Status::IoError(message);
    }
  }
  buffer_.clear();
}

}  // namespace tallystone::tool
