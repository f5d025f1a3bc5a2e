// RocksStore: the store in RocksDB, the embedded default (DESIGN 4.5). Keys: rocks/keys.h.
//
// A window becomes one WriteBatch, sorted by family and key, with the marker inside. A small one
// goes through DB::Write (write-ahead log, synced); a large one is walked into one sorted file per
// family, and all files are taken in by one atomic, synced ingest: same content, same marker,
// nothing to replay at open.
//
//   path/db/       RocksDB
//   path/ingest/   sorted files on their way in; whatever is left there by a crash is deleted at
//   open
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/mutex.h"
#include "store/store.h"
#include "tallystone/listener.h"
#include "tallystone/overview.h"

namespace rocksdb {
class Env;
class WriteBatch;
}  // namespace rocksdb

namespace tallystone {
namespace rocks {
enum class WindowPart : uint8_t;
class Database;
}  // namespace rocks

// How much of a store is opened.
enum class StoreExtent : uint8_t {
  kWhole,
  // Marker and blocks, also of older formats: damage elsewhere does not matter.
  kBlocks,
  // And batches with their dead letters, whose format never changed.
  kBlocksAndBatches,
};

struct RocksStoreOptions {
  std::string path;
  bool create = false;     // make it if it is not there; its parent directory must be
  bool read_only = false;  // takes no lock, changes nothing; someone may be writing it
  // Which families are opened; reads of others answer kNotFound or nothing. With read_only.
  StoreExtent extent = StoreExtent::kWhole;
  size_t block_cache_bytes = 32u << 20;
  // A window of fewer lines is written by DB::Write. 0 = every window is loaded as sorted files.
  size_t ingest_lines_min = 32'768;
  Logger* logger = nullptr;  // not owned, must outlive the store; may be null
  // For tests that inject faults. Not owned; `env` null = the operating system's. Both must show
  // the same files.
  FileSystem* file_system = FileSystem::Posix();
  rocksdb::Env* env = nullptr;
};

// Readers from any thread; one writer at a time. A closed or failed store answers kUnavailable.
class RocksStore : public Store {
 public:
  // kNotFound: there is no store at `path`, or one whose creation was interrupted; nothing is
  // created without `create`. kBusy: another process has it open for writing. kFormatMismatch:
  // another format. kTryAgain (read_only): its writer changed it meanwhile.
  static Status Open(const RocksStoreOptions& options, std::unique_ptr<Store>* store);

  // Bytes on disk of the store at `path`, by the sizes of its files; 0 if there is none.
  static Status BytesOnDisk(const std::string& path, uint64_t* bytes);

  ~RocksStore() override;

  Status NewView(std::unique_ptr<StoreView>* view) override;
  Status GetBalance(StockKey key, BalanceSum* sum) override;
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override;
  Status ReadMarker(Marker* marker) override;
  Status Initialise(const Marker& marker) override;
  Status Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) override;
  Status ApplyKey(const KeyDelta* delta, const Marker& progress) override;
  Status ApplyRest(const SortedWindow& window, const Marker& marker) override;

  // All files, and of those the sorted ones by family.
  Status Sizes(StoreSizes* sizes) override;
  // In bytes of the files, without reading them.
  Status ShareBefore(const BatchRef& ref, StoreShare* share) override;
  Status ShareBefore(const LineRef& ref, StoreShare* share) override;

  Status ReplaceKey(StockKey key, const BalanceSum& sum, const std::vector<BookedLine>& lines,
                    bool dry_run) override;

  // Closes the database, opens it anew and proves that it takes a write: in RocksDB 7.8.3,
  // DB::Resume may answer OK while writes go on failing. kTryAgain while a view is alive, for it
  // holds the lock.
  Status Recover() override;

  Status Compact(const CompactOptions& options, CompactReport* report) override;
  Status Describe(std::vector<Setting>* settings) override;

  // kBusy if a view is alive: the database is then released with the last one.
  Status Close() override;

 private:
  explicit RocksStore(const RocksStoreOptions& options);

  Status ShareBefore(char kind, const std::string& key, StoreShare* share);
  // The database, for as long as the caller holds `mutex_`.
  Status Use(rocks::Database** database) TS_REQUIRES_SHARED(mutex_);
  Status UseForWriting(rocks::Database** database) TS_REQUIRES_SHARED(mutex_);
  // Writes a window as one batch, or loads it as sorted files, whichever suits its size.
  Status Commit(rocks::Database* database, const SortedWindow& window, rocks::WindowPart part,
                const Marker& marker, bool* ingested);

  const RocksStoreOptions options_;
  // Shared by calls, exclusive for Recover and Close: then only views can hold the database.
  SharedMutex mutex_;
  std::shared_ptr<rocks::Database> database_ TS_GUARDED_BY(mutex_);
  std::string closed_ TS_GUARDED_BY(mutex_);            // why there is no database
  bool closed_for_good_ TS_GUARDED_BY(mutex_) = false;  // Close was called
};

}  // namespace tallystone
