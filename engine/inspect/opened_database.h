// OpenedDatabase: a database as it is at one moment, for those who only look.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "batchlog/batch_log.h"
#include "ingest/server_list.h"
#include "store/live_view.h"
#include "tallystone/options.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tallystone {

struct OpenedDatabase {
  std::vector<std::unique_ptr<Store>> stores;  // one, or one for each server
  std::shared_ptr<LiveView> view;              // goes before the stores that it reads
  LogTail tail;
  bool log_absent = false;  // and the store has something
  uint64_t log_bytes = 0;   // on disk
  uint64_t read_at_us = 0;  // wall clock, microseconds since 1970 UTC
};

// Opens the store, or the servers, read-only and lays the log above the marker over it; takes no
// lock, writes nothing. Reads both again where a writer at work changed them meanwhile. kNotFound:
// there is no database at `path`. `files` and `env` (null: the operating system's) show the same
// files.
Status OpenToRead(const Options& options, const std::string& path, FileSystem* files,
                  rocksdb::Env* env, OpenedDatabase* opened);

// The stores of a database on servers, where the options say that they are, or else where its
// directory does. To be written each is taken over. kFenced: another directory wrote them since,
// and what this one has in its log may be nowhere else. The message of an error names the server.
Status OpenListedServers(const Options& options, const std::string& path, FileSystem* files,
                         bool read_only, std::vector<std::unique_ptr<Store>>* stores);

// The lowest of the stores' markers. kNotFound: one has none.
Status ReadLowestMarker(const std::vector<std::unique_ptr<Store>>& stores, Marker* marker);

}  // namespace tallystone
