// The file system under RocksDB, with one correction to an ingest that fails.
//
// When IngestExternalFiles fails, RocksDB 7.8.3 deletes the files it had linked into the database.
// But if what failed was the sync of the MANIFEST, its record may be on the device all the same,
// and would name files that are gone: the database could not be opened again. So while a thread is
// inside IngestScope, no file of the database is deleted; whatever the MANIFEST does not name is
// deleted by the next open.
#pragma once

#include <memory>
#include <string>

#include <rocksdb/env.h>

namespace tallystone::rocks {

// `base` is not owned and may be null for the operating system's. `directory` is the database's.
std::unique_ptr<rocksdb::Env> NewGuardedEnv(rocksdb::Env* base, std::string directory);

class IngestScope {
 public:
  IngestScope();
  ~IngestScope();
  IngestScope(const IngestScope&) = delete;
  IngestScope& operator=(const IngestScope&) = delete;
};

}  // namespace tallystone::rocks
