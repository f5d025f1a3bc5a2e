// Core: the parts of an open engine that its rooms share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "batchlog/batch_log.h"
#include "ingest/tenants.h"
#include "ingest/window_set.h"
#include "store/store.h"
#include "tallystone/options.h"

namespace tallystone {

// Made by recovery, in the order of the members; taken apart in the other.
struct Core {
  explicit Core(const Options& engine_options)
      : options(engine_options), tenants(options.items_max) {}

  void Log(LogLevel level, std::string_view message) const {
    if (options.logger != nullptr) {
      options.logger->Log(level, message);
    }
  }

  const Options options;
  std::string path;
  std::string database_id;
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<Store> store;
  Tenants tenants;
  std::unique_ptr<WindowSet> windows;
  std::unique_ptr<BatchLog> log;

  std::atomic<uint64_t> lines_logged = 0;
  std::atomic<uint64_t> windows_drained = 0;
  std::atomic<uint64_t> windows_ingested = 0;
  std::atomic<uint64_t> keys_replayed = 0;
  std::atomic<uint64_t> keys_rejected = 0;
  uint64_t replayed_lines = 0;
};

}  // namespace tallystone
