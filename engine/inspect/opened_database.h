// OpenedDatabase: a database as it is at one moment, for those who only look.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "batchlog/batch_log.h"
#include "store/live_view.h"
#include "store/rocks/rocks_store.h"
#include "tallystone/options.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tallystone {

struct OpenedDatabase {
  std::vector<std::unique_ptr<Store>> stores;  // one, or one for each server
  RocksStore* rocks = nullptr;                 // the first, if it is embedded
  std::shared_ptr<LiveView> view;              // goes before the stores that it reads
  LogTail tail;
  bool log_absent = false;   // and the store has something
  uint64_t log_bytes = 0;    // on disk
  uint64_t store_bytes = 0;  // on disk
  uint64_t read_at_us = 0;   // wall clock, microseconds since 1970 UTC
};

// Opens the store, or the servers, read-only and lays the log above the marker over it; takes no
// lock, writes nothing. Reads both again where a writer at work changed them meanwhile. kNotFound:
// there is no database at `path`. `files` and `env` (null: the operating system's) show the same
// files.
Status OpenToRead(const Options& options, const std::string& path, FileSystem* files,
                  rocksdb::Env* env, OpenedDatabase* opened);

}  // namespace tallystone
