// ByteSource: a stream of bytes, and the plain ones: files, memory, Latin-1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone::tool {

// Not thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads 1..size bytes into `buffer`; *got = 0 only at the end. Returns what is there rather than
  // waiting for `size`. kInterrupted: a signal came while it waited.
  virtual Status Read(char* buffer, size_t size, size_t* got) = 0;
};

// Bytes of a descriptor: a file, a pipe, a terminal.
class FdSource : public ByteSource {
 public:
  // Ends after `limit` bytes, so that a file which grows meanwhile is read as it was. `name` is for
  // messages; `fd` stays open.
  FdSource(int fd, std::string name, uint64_t limit = UINT64_MAX);
  Status Read(char* buffer, size_t size, size_t* got) override;

  [[nodiscard]] uint64_t bytes_read() const { return bytes_read_; }

 private:
  Status WaitForInput();

  int fd_;
  uint64_t limit_;
  bool waits_;  // not a regular file: a read may take for ever
  std::string name_;
  uint64_t bytes_read_ = 0;
};

// Bytes in memory, in pieces of at most `piece` bytes. The text is not copied.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view text, size_t piece = SIZE_MAX)
      : text_(text), piece_(piece) {}
  Status Read(char* buffer, size_t size, size_t* got) override;

 private:
  std::string_view text_;
  size_t piece_;
};

// ISO-8859-1 turned into UTF-8.
class Latin1Source : public ByteSource {
 public:
  explicit Latin1Source(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
  Status Read(char* buffer, size_t size, size_t* got) override;

 private:
  std::unique_ptr<ByteSource> source_;
  int pending_ = -1;  // second byte of a character that did not fit
};

// A source whose first bytes can be looked at before they are read.
class PeekSource : public ByteSource {
 public:
  explicit PeekSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
  Status Read(char* buffer, size_t size, size_t* got) override;

  // One more read into the prefix. *more is false at the end of the source. Only before the first
  // Read.
  Status Extend(bool* more);
  [[nodiscard]] std::string_view prefix() const { return prefix_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string prefix_;
  size_t given_ = 0;
};

}  // namespace tallystone::tool
