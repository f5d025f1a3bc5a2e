#include "store/rocks/rocks_store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/canary.h"
#include "base/check.h"
#include "store/rocks/compact.h"
#include "store/rocks/database.h"
#include "store/rocks/describe.h"
#include "store/rocks/format.h"
#include "store/rocks/keys.h"
#include "store/rocks/rocks_view.h"
#include "store/rocks/sst_loader.h"
#include "store/rocks/status_map.h"
#include "store/rocks/write_batch_builder.h"

namespace tallystone {
namespace {

// A window of few booked lines may still be large: its failed lines are kept whole. Memtables are
// not made for that.
constexpr size_t kWrittenBytesMax = 4u << 20;
rocksdb::WriteOptions Durable() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

Status Write(rocks::Database* database, rocksdb::WriteBatch* batch) {
  return rocks::MapStatus(database->db()->Write(Durable(), batch), "writing to the store");
}

}  // namespace

RocksStore::RocksStore(const RocksStoreOptions& options) : options_(options) {}

RocksStore::~RocksStore() {
  Close().PermitUnchecked();
}

Status RocksStore::Open(const RocksStoreOptions& options, std::unique_ptr<Store>* store) {
  store->reset();
  std::unique_ptr<RocksStore> opened(new RocksStore(options));
  std::shared_ptr<rocks::Database> database;
  TS_RETURN_IF_ERROR(rocks::Database::Open(options, &database));
  {
    const WriterLock lock(&opened->mutex_);
    opened->database_ = std::move(database);
  }
  *store = std::move(opened);
  return Status::Ok();
}

Status RocksStore::BytesOnDisk(const std::string& path, uint64_t* bytes) {
  *bytes = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(path, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    std::error_code gone;  // files come and go while somebody writes
    const uintmax_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    *bytes += gone ? 0 : size;
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Status::IoError(path + ": " + error.message());
  }
  return Status::Ok();
}

Status RocksStore::Use(rocks::Database** database) {
  *database = database_.get();
  return database_ != nullptr ? Status::Ok() : Status::Unavailable(closed_);
}

// Debian's RocksDB keeps its assertions: an ingest into a read-only database would end the process.
Status RocksStore::UseForWriting(rocks::Database** database) {
  if (options_.read_only) {
    return Status::InvalidArgument("the store was opened read-only");
  }
  return Use(database);
}

Status RocksStore::NewView(std::unique_ptr<StoreView>* view) {
  view->reset();
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(Use(&database));
  *view = rocks::NewRocksView(database_);
  return Status::Ok();
}

Status RocksStore::GetBalance(StockKey key, BalanceSum* sum) {
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(Use(&database));
  return rocks::ReadBalance(*database, nullptr, key, sum);
}

Status RocksStore::GetBatch(const BatchRef& ref, BatchSum* sum) {
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(Use(&database));
  return rocks::ReadBatch(*database, nullptr, ref, sum);
}

Status RocksStore::ReadMarker(Marker* marker) {
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(Use(&database));
  return rocks::ReadMarker(*database, nullptr, marker);
}

Status RocksStore::Initialise(const Marker& marker) {
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(UseForWriting(&database));
  rocksdb::WriteBatch batch;
  TS_RETURN_IF_ERROR(rocks::BuildMarkerBatch(database->handles(), marker, &batch));
  return Write(database, &batch);
}

Status RocksStore::Commit(rocks::Database* database, const SortedWindow& window,
                          rocks::WindowPart part, const Marker& marker, bool* ingested) {
  *ingested = window.lines >= options_.ingest_lines_min;
  rocksdb::WriteBatch batch;
  if (!*ingested) {
    TS_RETURN_IF_ERROR(rocks::BuildWindowBatch(database->handles(), window, part, marker, &batch));
    *ingested = batch.GetDataSize() > kWrittenBytesMax;
  }
  return *ingested ? rocks::LoadAsSortedFiles(database, window, part, marker)
                   : Write(database, &batch);
}

Status RocksStore::Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) {
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(UseForWriting(&database));
  ApplyInfo done;
  TS_RETURN_IF_ERROR(Commit(database, window, rocks::WindowPart::kAll, marker, &done.ingested));
  if (CanaryIs(Canary::kMarkerOutsideTheBatch)) {
    rocksdb::WriteBatch late;
    TS_RETURN_IF_ERROR(rocks::BuildMarkerBatch(database->handles(), marker, &late));
    TS_RETURN_IF_ERROR(Write(database, &late));
  }
  if (info != nullptr) {
    *info = done;
  }
  return Status::Ok();
}

Status RocksStore::ApplyKey(const KeyDelta* delta, const Marker& progress) {
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(UseForWriting(&database));
  rocksdb::WriteBatch batch;
  TS_RETURN_IF_ERROR(rocks::BuildKeyBatch(database->handles(), delta, progress, &batch));
  return Write(database, &batch);
}

Status RocksStore::ApplyRest(const SortedWindow& window, const Marker& marker) {
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(UseForWriting(&database));
  bool ingested = false;
  return Commit(database, window, rocks::WindowPart::kRest, marker, &ingested);
}

Status RocksStore::Sizes(StoreSizes* sizes) {
  *sizes = {};
  sizes->known = true;
  TS_RETURN_IF_ERROR(BytesOnDisk(options_.path, &sizes->bytes));
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(Use(&database));
  for (size_t index = 0; index < rocks::kFamilyCount; ++index) {
    const auto family = static_cast<rocks::Family>(index);
    uint64_t bytes = 0;
    if (database->handle(family) != nullptr) {
      database->db()->GetIntProperty(database->handle(family),
                                     rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
      sizes->families.push_back({rocks::FamilyName(family), bytes});
    }
  }
  return Status::Ok();
}

Status RocksStore::ShareBefore(char kind, const std::string& key, StoreShare* share) {
  *share = {};
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(Use(&database));
  const std::string begin(1, kind);
  const std::string end(1, static_cast<char>(kind + 1));
  const rocksdb::Range ranges[] = {{begin, key}, {key, end}};
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  uint64_t sizes[2] = {};
  const rocksdb::Status status = database->db()->GetApproximateSizes(
      options, database->handle(rocks::Family::kBatches), ranges, 2, sizes);
  if (status.ok() && sizes[0] > 0) {
    share->before = static_cast<double>(sizes[0]);
    share->all = static_cast<double>(sizes[0] + sizes[1]);
  }
  // Of what is in memory RocksDB guesses from a few steps in its skip list, which may be wrong by
  // any factor. There are not more records than keys.
  uint64_t keys = 0;
  if (database->db()->GetIntProperty(database->handle(rocks::Family::kBatches),
                                     rocksdb::DB::Properties::kEstimateNumKeys, &keys) &&
      keys > 0) {
    share->entries_max = keys;
  }
  return database->MapRead(status, rocks::FamilyName(rocks::Family::kBatches));
}

Status RocksStore::ShareBefore(const BatchRef& ref, StoreShare* share) {
  std::string key;
  rocks::EncodeBatchKey(ref, &key);
  return ShareBefore(rocks::kBatchKind, key, share);
}

Status RocksStore::ShareBefore(const LineRef& ref, StoreShare* share) {
  std::string key;
  rocks::EncodeDeadLetterKey(ref, &key);
  return ShareBefore(rocks::kDeadLetterKind, key, share);
}

Status RocksStore::ReplaceKey(StockKey key, const BalanceSum& sum,
                              const std::vector<BookedLine>& lines, bool dry_run) {
  std::vector<Posting> postings;
  postings.reserve(lines.size());
  for (const BookedLine& line : lines) {
    postings.push_back(line.posting);
  }
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(UseForWriting(&database));
  Marker marker;
  TS_RETURN_IF_ERROR(rocks::ReadMarker(*database, nullptr, &marker));
  rocksdb::WriteBatch batch;
  TS_RETURN_IF_ERROR(
      rocks::BuildReplaceKeyBatch(*database, key, sum, postings, marker.applied, &batch));
  return dry_run ? Status::Ok() : Write(database, &batch);
}

// Without the lock, which would keep a store that fails meanwhile from recovering: the database is
// held as by a view.
Status RocksStore::Compact(const CompactOptions& options, CompactReport* report) {
  std::shared_ptr<rocks::Database> held;
  {
    const ReaderLock lock(&mutex_);
    rocks::Database* database = nullptr;
    TS_RETURN_IF_ERROR(UseForWriting(&database));
    held = database_;
  }
  TS_RETURN_IF_ERROR(BytesOnDisk(options_.path, &report->bytes_before));
  TS_RETURN_IF_ERROR(rocks::Compact(held.get(), options));
  return BytesOnDisk(options_.path, &report->bytes_after);
}

Status RocksStore::Describe(std::vector<Setting>* settings) {
  const ReaderLock lock(&mutex_);
  rocks::Database* database = nullptr;
  TS_RETURN_IF_ERROR(Use(&database));
  return rocks::Describe(*database, settings);
}

Status RocksStore::Recover() {
  const WriterLock lock(&mutex_);
  if (options_.read_only) {
    return Status::InvalidArgument("the store was opened read-only");
  }
  if (closed_for_good_) {
    return Status::Unavailable(closed_);
  }
  if (database_ != nullptr) {
    if (database_.use_count() > 1) {
      return Status::TryAgain("the store cannot be reopened while something reads it");
    }
    database_->Close().PermitUnchecked();  // it failed; only what reopens counts
    database_.reset();
    closed_ = "the store failed and is not open again yet";
  }
  RocksStoreOptions options = options_;
  options.create = false;
  std::shared_ptr<rocks::Database> reopened;
  Status status = rocks::Database::Open(options, &reopened);
  if (status.ok()) {
    // The format never changes: writing it again proves that writes reach the device.
    rocksdb::WriteBatch probe;
    probe.Put(reopened->handle(rocks::Family::kDefault), rocks::ToSlice(rocks::kFormatKey),
              rocks::EncodeFormat());
    status = Write(reopened.get(), &probe);
  }
  Marker marker;
  if (status.ok()) {
    status = rocks::ReadMarker(*reopened, nullptr, &marker);
  }
  if (!status.ok()) {
    closed_ = "the store failed and could not be reopened: " + status.ToString();
    return status;
  }
  database_ = std::move(reopened);
  return Status::Ok();
}

Status RocksStore::Close() {
  const WriterLock lock(&mutex_);
  closed_for_good_ = true;
  closed_ = "the store is closed";
  if (database_ == nullptr) {
    return Status::Ok();
  }
  const bool viewed = database_.use_count() > 1;
  Status status =
      viewed ? Status::Busy("the store was closed while something reads it") : database_->Close();
  database_.reset();
  return status;
}

}  // namespace tallystone
