// Database: an open RocksDB with its families. Shared by the store and its views; closes when the
// last lets go.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>

#include "base/mutex.h"
#include "store/rocks/families.h"
#include "store/rocks/manifest_lengths.h"
#include "store/rocks/rocks_store.h"

namespace tallystone::rocks {

inline rocksdb::Slice ToSlice(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view ToView(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

class ForwardLogger;

// Removes every file in a directory.
Status ClearDirectory(FileSystem* files, const std::string& path);

class Database {
 public:
  // See RocksStore::Open. Does not look at the format if the database was just made.
  static Status Open(const RocksStoreOptions& options, std::shared_ptr<Database>* database);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] rocksdb::DB* db() const { return db_.get(); }
  [[nodiscard]] const FamilyHandles& handles() const { return handles_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<size_t>(family)];
  }
  [[nodiscard]] rocksdb::Options SstOptions(Family family) const;
  [[nodiscard]] const std::string& ingest_directory() const { return ingest_directory_; }
  [[nodiscard]] FileSystem* file_system() const { return options_.file_system; }
  // Held exclusively while files are taken in, shared while a snapshot is made: RocksDB 7.8.3
  // publishes the sequence number of an ingest before it shows the files, family by family, so a
  // snapshot of that moment would see a part of it now and the rest later.
  [[nodiscard]] SharedMutex* ingest_mutex() const { return &ingest_mutex_; }
  [[nodiscard]] bool read_only() const { return read_only_; }

  // The status of a read from a family, as callers should see it.
  [[nodiscard]] Status MapRead(const rocksdb::Status& status, std::string_view family) const;

  // Once; nothing may be called after it. Flushes what would be long to replay.
  Status Close();

 private:
  explicit Database(const RocksStoreOptions& options);
  Status Prepare();
  Status ReadFormatAlone();
  rocksdb::Status OpenFamilies(bool read_only,
                               const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                               std::vector<rocksdb::ColumnFamilyHandle*>* handles,
                               rocksdb::DB** db);
  Status OpenDb();
  // What is there of the MANIFEST, against how far it was synced. kCorruption: a part is gone.
  Status CheckManifest();
  Status OpenReadOnly();
  Status Take(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles);
  Status ExplainOpen(const rocksdb::Status& status);
  Status NameFiles(const Status& status) const;
  Status EnsureFormat();

  const RocksStoreOptions options_;
  const bool read_only_;
  const std::string db_directory_;
  const std::string ingest_directory_;
  bool created_ = false;               // its creation was not interrupted: no family may be missing
  ManifestLengths manifest_lengths_;   // outlives env_
  std::unique_ptr<rocksdb::Env> env_;  // outlives db_
  std::shared_ptr<ForwardLogger> logger_;
  rocksdb::DBOptions db_options_;
  std::vector<rocksdb::ColumnFamilyDescriptor> families_;
  std::unique_ptr<rocksdb::DB> db_;
  FamilyHandles handles_{};
  mutable SharedMutex ingest_mutex_;
};

}  // namespace tallystone::rocks
