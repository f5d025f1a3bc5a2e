// RocksDB's messages to the Logger of the host. RocksDB then writes no LOG file of its own.
#pragma once

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
    logger_->Log(
        level >= rocksdb::InfoLogLevel::ERROR_LEVEL ? LogLevel::kError : LogLevel::kWarning,
        {text, kept});
  }

 private:
  static constexpr size_t kMessageBytesMax = 1024;
  tallystone::Logger* const logger_;
};

}  // namespace tallystone::rocks
