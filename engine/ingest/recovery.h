// Recovery: from the files of a database to an engine that can go on (DESIGN 4.7).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ingest/core.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tallystone {

// What tests replace.
struct Parts {
  FileSystem* file_system = FileSystem::Posix();
  rocksdb::Env* env = nullptr;   // shows the same files; null: the operating system's
  std::unique_ptr<Store> store;  // null: a RocksStore in the directory
  // Instead of `store`, if there are any: one lane each, with this name.
  std::vector<std::pair<std::string, std::unique_ptr<Store>>> servers = {};
};

// Opens everything, in this order: lock, store, marker, catalogue, log. The log's tail above the
// marker is drained by the same code as new chunks; mapping is not done again and the clock
// is not read (L11). A key replay that was interrupted is finished first. On error *core is null
// and nothing is open.
Status Recover(const Options& options, const std::string& path, Parts parts,
               std::unique_ptr<Core>* core);

// kInvalidArgument names the option and its range.
Status CheckOptions(const Options& options);

}  // namespace tallystone
