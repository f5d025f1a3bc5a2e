// Sink: bytes to a file or to stdout, buffered, with errors that are noticed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone::tool {

// A reader that went away (EPIPE) is not an error: closed() turns true, and what is written
// afterwards is dropped. Not thread-safe.
class Sink {
 public:
  static constexpr size_t kBufferBytes = 64 * 1024;

  // Writes to an open descriptor, which stays open.
  Sink(int fd, std::string name);
  // Flushes; the status of that is lost, so call Flush first.
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Creates or empties the file.
  static Status Create(const std::string& path, std::unique_ptr<Sink>* sink);
  static Sink& Stdout();

  void Write(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > kBufferBytes) {
      Drain();
    }
    buffer_.append(bytes);
  }
  void Write(char byte) { Write(std::string_view(&byte, 1)); }

  // The first error since the beginning.
  Status Flush();

  // Nobody reads any more: stop producing.
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool failed() const { return !status_.ok(); }
  // No use in writing more.
  [[nodiscard]] bool done() const { return closed_ || failed(); }

 private:
  void Drain();

  int fd_;
  bool owned_ = false;
  bool closed_ = false;
  std::string name_;
  std::string buffer_;
  Status status_;
};

}  // namespace tallystone::tool
