// RocksDB's messages to the Logger of the host. RocksDB then writes no LOG file of its own.
//
// Its warnings speak of its inner life, on sound stores, too: that a file which is about to be
// loaded has no id to compare yet, that it slows a writer down. They go to the host as kInfo. Its
// errors are kError once the store is open; before, Open answers with the same words, and more.
#pragma once

#include <atomic>
#include <cstdarg>
#include <cstdio>

#include <rocksdb/env.h>

#include "tallystone/listener.h"

namespace tallystone::rocks {

// `logger` is not owned and may be null. [Threading] RocksDB's background threads call it.
class ForwardLogger : public rocksdb::Logger {
 public:
  explicit ForwardLogger(tallystone::Logger* logger)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), logger_(logger) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (logger_ == nullptr || level < GetInfoLogLevel() ||
        level > rocksdb::InfoLogLevel::FATAL_LEVEL) {
      return;  // HEADER_LEVEL, above all others, lists every option at open
    }
    char text[kMessageBytesMax];
    const int size = std::vsnprintf(text, sizeof text, format, arguments);
    if (size < 0) {
      return;
    }
    const size_t kept =
        static_cast<size_t>(size) < sizeof text ? static_cast<size_t>(size) : sizeof text - 1;
    const bool error = level >= rocksdb::InfoLogLevel::ERROR_LEVEL && is_open_;
    logger_->Log(error ? LogLevel::kError : LogLevel::kInfo, {text, kept});
  }

  // The store is open now.
  void SetOpen() { is_open_ = true; }

 private:
  static constexpr size_t kMessageBytesMax = 1024;
  tallystone::Logger* const logger_;
  std::atomic<bool> is_open_ = false;
};

}  // namespace tallystone::rocks
