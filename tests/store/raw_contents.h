// The bytes of a RocksStore, family by family.
#pragma once

#include <map>
#include <string>

#include "store/rocks/database.h"
#include "tallystone/status.h"

namespace tallystone::testing {

// "family/key" to value, of the closed or read-only store at `path`.
inline Status ReadRaw(const std::string& path, std::map<std::string, std::string>* entries) {
  RocksStoreOptions options;
  options.path = path;
  options.read_only = true;
  std::shared_ptr<rocks::Database> database;
  Status status = rocks::Database::Open(options, &database);
  if (!status.ok()) {
    return status;
  }
  for (size_t index = 0; index < rocks::kFamilyCount; ++index) {
    const auto family = static_cast<rocks::Family>(index);
    const std::unique_ptr<rocksdb::Iterator> entry(
        database->db()->NewIterator({}, database->handle(family)));
    for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
      (*entries)[rocks::FamilyName(family) + "/" + entry->key().ToString()] =
          entry->value().ToString();
    }
    if (!entry->status().ok()) {
      return Status::IoError(entry->status().ToString());
    }
  }
  return Status::Ok();
}

}  // namespace tallystone::testing
