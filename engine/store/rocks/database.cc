#include "store/rocks/database.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include <sys/resource.h>

#include "base/check.h"
#include "base/file_system.h"
#include "store/rocks/format.h"
#include "store/rocks/forward_logger.h"
#include "store/rocks/guarded_files.h"
#include "store/rocks/keys.h"
#include "store/rocks/status_map.h"
#include "store/rocks/unreadable_files.h"

namespace tallystone::rocks {
namespace {

// Entries of the memtables from which Close flushes them: more would take the next open long to
// replay, fewer are not worth six small files.
constexpr uint64_t kReplayedEntriesMax = 20'000;
// CURRENT holds the name of a file.
constexpr size_t kCurrentBytesMax = 256;

Status ReadFormat(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family,
                  const RocksStoreOptions& options, bool* is_older) {
  std::string value;
  const rocksdb::Status read = db->Get({}, family, ToSlice(kFormatKey), &value);
  TS_RETURN_IF_ERROR(MapStatus(read, "reading the format of " + options.path));
  const Status format = CheckFormat(value, options.extent != StoreExtent::kWhole);
  if (is_older != nullptr) {
    *is_older = format.ok() && IsOlderFormat(value);
  }
  return format.ok() ? format : Status(format.code(), options.path + ": " + format.message());
}

std::span<const Family> FamiliesOf(StoreExtent extent) {
  static constexpr Family kWhole[] = {Family::kDefault,  Family::kBalances,  Family::kBlocks,
                                      Family::kPostings, Family::kCatalogue, Family::kBatches};
  static_assert(std::size(kWhole) == kFamilyCount);
  static constexpr Family kBlocks[] = {Family::kDefault, Family::kBlocks};
  static constexpr Family kBlocksAndBatches[] = {Family::kDefault, Family::kBlocks,
                                                 Family::kBatches};
  switch (extent) {
    case StoreExtent::kWhole:
      return kWhole;
    case StoreExtent::kBlocks:
      return kBlocks;
    case StoreExtent::kBlocksAndBatches:
      return kBlocksAndBatches;
  }
  return {};
}

// Files are held open from the start where the process may, so that a writer that deletes them
// meanwhile does not disturb a reader.
int ReadOnlyOpenFilesMax(FileSystem* files, const std::string& directory) {
  std::vector<std::string> names;
  rlimit limit{};
  if (!files->List(directory, &names).ok() || getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
      names.size() > limit.rlim_cur / 2) {
    return MakeDbOptions({}).max_open_files;
  }
  return -1;
}

// The name of the MANIFEST that counts.
Status ReadCurrent(FileSystem* files, const std::string& directory, std::string* name) {
  std::unique_ptr<File> current;
  TS_RETURN_IF_ERROR(files->Open(directory + "/CURRENT", OpenMode::kRead, &current));
  TS_RETURN_IF_ERROR(current->Read(0, kCurrentBytesMax, name));
  while (!name->empty() && name->back() == '\n') {
    name->pop_back();
  }
  return Status::Ok();
}

// Which MANIFEST a database has, and how long it is. It only grows, or another takes its place.
Status ReadManifestStamp(FileSystem* files, const std::string& directory, std::string* stamp) {
  std::unique_ptr<File> manifest;
  TS_RETURN_IF_ERROR(ReadCurrent(files, directory, stamp));
  TS_RETURN_IF_ERROR(files->Open(directory + "/" + *stamp, OpenMode::kRead, &manifest));
  uint64_t size = 0;
  TS_RETURN_IF_ERROR(manifest->Size(&size));
  *stamp += "\n" + std::to_string(size);
  return Status::Ok();
}

// Where CURRENT is missing, RocksDB would make a new database and delete the files of the old one.
// CURRENT is durable before any of these is made, so its creation was not just interrupted.
Status ExpectNoData(FileSystem* files, const std::string& directory) {
  std::vector<std::string> names;
  files->List(directory, &names).PermitUnchecked();  // most often there is no directory yet
  for (const std::string& name : names) {
    if (name.ends_with(".sst") || name.ends_with(".log")) {
      return Status::Corruption(directory + "/CURRENT is missing, but there is " + name +
                                ", of a database: restore CURRENT, which holds the name of the "
                                "newest MANIFEST and a line end. Nothing was changed");
    }
  }
  return Status::Ok();
}

// A file that was there a moment ago belongs to a writer at work.
Status Vanished(const Status& status) {
  return status.IsNotFound() ? Status::TryAgain(status.message()) : status;
}

}  // namespace

Database::Database(const RocksStoreOptions& options)
    : options_(options),
      read_only_(options.read_only),
      db_directory_(options.path + "/db"),
      ingest_directory_(options.path + "/ingest"),
      manifest_lengths_(options.file_system, options.path + "/manifest_synced"),
      env_(NewGuardedEnv(options.env, db_directory_, &manifest_lengths_)),
      logger_(std::make_shared<ForwardLogger>(options.logger)) {
  DatabaseTuning tuning;
  tuning.block_cache_bytes = options.block_cache_bytes;
  tuning.env = env_.get();
  tuning.logger = logger_;
  db_options_ = MakeDbOptions(tuning);
  const std::vector<rocksdb::ColumnFamilyDescriptor> all = MakeFamilies(tuning);
  for (const Family family : FamiliesOf(options.extent)) {
    families_.push_back(all[static_cast<size_t>(family)]);
  }
}

Database::~Database() {
  Close().PermitUnchecked();
}

Status Database::Open(const RocksStoreOptions& options, std::shared_ptr<Database>* database) {
  database->reset();
  std::shared_ptr<Database> opened(new Database(options));
  TS_RETURN_IF_ERROR(opened->Prepare());
  TS_RETURN_IF_ERROR(opened->OpenDb());
  TS_RETURN_IF_ERROR(opened->EnsureFormat());
  opened->logger_->SetOpen();
  *database = std::move(opened);
  return Status::Ok();
}

// Nothing but directories, and those only where the caller asked for a new store.
Status Database::Prepare() {
  FileSystem* files = options_.file_system;
  for (const std::string& directory : {options_.path, db_directory_, ingest_directory_}) {
    TS_RETURN_IF_ERROR(files->ExpectDirectory(directory));
  }
  if (!files->Exists(db_directory_ + "/CURRENT")) {
    TS_RETURN_IF_ERROR(ExpectNoData(files, db_directory_));
    if (read_only_ || !options_.create) {
      return Status::NotFound(options_.path + (files->Exists(options_.path)
                                                   ? ": the creation of the store was interrupted"
                                                   : ": there is no store"));
    }
    TS_RETURN_IF_ERROR(files->CreateDirectory(options_.path));
    TS_RETURN_IF_ERROR(files->CreateDirectory(db_directory_));
    TS_RETURN_IF_ERROR(files->SyncDirectory(options_.path));
    return files->SyncDirectory(ParentDirectory(options_.path));
  }
  TS_RETURN_IF_ERROR(CheckManifest());
  if (read_only_) {
    return Status::Ok();
  }
  // Before anything of it is changed: a compaction with our merge operators would rewrite what
  // another version means by other rules.
  const Status format = ReadFormatAlone();
  created_ = !format.IsNotFound();
  return format.Is(StatusCode::kFormatMismatch) ? format : Status::Ok();
}

// The format is the last thing that is written when a store is made. kNotFound: there is none yet.
Status Database::ReadFormatAlone() {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = OpenFamilies(true, {families_.front()}, &handles, &raw);
  if (!opened.ok()) {
    return MapOpenStatus(opened, "opening " + db_directory_);
  }
  const std::unique_ptr<rocksdb::DB> db(raw);
  const Status format = ReadFormat(db.get(), handles.front(), options_, nullptr);
  db->DestroyColumnFamilyHandle(handles.front()).PermitUncheckedError();
  return format;
}

Status Database::CheckManifest() {
  std::string name;
  TS_RETURN_IF_ERROR(Vanished(ReadCurrent(options_.file_system, db_directory_, &name)));
  const uint64_t number = ManifestNumber(name);
  manifest_lengths_.Load(number);
  const std::optional<uint64_t> synced = manifest_lengths_.Of(number);
  std::unique_ptr<File> manifest;
  uint64_t size = 0;
  if (!synced.has_value() ||
      !options_.file_system->Open(db_directory_ + "/" + name, OpenMode::kRead, &manifest).ok() ||
      !manifest->Size(&size).ok() || size >= *synced) {
    return Status::Ok();  // RocksDB will say what else is wrong
  }
  return Status::Corruption(db_directory_ + "/" + name + " ends at byte " + std::to_string(size) +
                            ", but it was synced up to byte " + std::to_string(*synced));
}

// A MANIFEST that cannot be read is tried again up to where it was synced: if that is sound, a
// power loss tore what came behind, which nothing depends on.
rocksdb::Status Database::OpenFamilies(bool read_only,
                                       const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                                       std::vector<rocksdb::ColumnFamilyHandle*>* handles,
                                       rocksdb::DB** db) {
  const auto open = [&] {
    return read_only
               ? rocksdb::DB::OpenForReadOnly(db_options_, db_directory_, families, handles, db)
               : rocksdb::DB::Open(db_options_, db_directory_, families, handles, db);
  };
  const rocksdb::Status status = open();
  if (!status.IsCorruption() || !manifest_lengths_.LimitReads()) {
    return status;
  }
  const rocksdb::Status again = open();
  if (again.ok() && options_.logger != nullptr) {
    options_.logger->Log(LogLevel::kWarning,
                         db_directory_ + ": the MANIFEST was read up to where it was synced; a " +
                             "power loss tore what was behind: " + status.ToString());
  }
  return again;
}

Status Database::OpenDb() {
  if (read_only_) {
    return OpenReadOnly();
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  db_options_.create_if_missing = options_.create;
  db_options_.create_missing_column_families = options_.create && !created_;
  const rocksdb::Status opened = OpenFamilies(false, families_, &handles, &raw);
  return opened.ok() ? Take(raw, handles) : NameFiles(ExplainOpen(opened));
}

// RocksDB reads the MANIFEST first and the write-ahead logs after it. If a writer took in files or
// flushed in between, the logs go on from a state that the MANIFEST as read does not have: a hole
// in the middle. If the MANIFEST is the same before and after, whatever came before the last log
// record is in what was read.
Status Database::OpenReadOnly() {
  std::string before, after;
  TS_RETURN_IF_ERROR(Vanished(ReadManifestStamp(options_.file_system, db_directory_, &before)));
  db_options_.max_open_files = ReadOnlyOpenFilesMax(options_.file_system, db_directory_);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = OpenFamilies(true, families_, &handles, &raw);
  if (!opened.ok()) {
    const Status status = ExplainOpen(opened);
    const bool unchanged =
        ReadManifestStamp(options_.file_system, db_directory_, &after).ok() && before == after;
    // No writer took away what is missing: it would have said so in the MANIFEST.
    return NameFiles(status.Is(StatusCode::kTryAgain) && unchanged
                         ? Status::Corruption(status.message())
                         : status);
  }
  TS_RETURN_IF_ERROR(Take(raw, handles));
  TS_RETURN_IF_ERROR(Vanished(ReadManifestStamp(options_.file_system, db_directory_, &after)));
  if (before != after) {
    return Status::TryAgain(options_.path + ": its writer changed it while it was opened");
  }
  return Status::Ok();
}

Status Database::Take(rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  db_.reset(db);
  const std::span<const Family> families = FamiliesOf(options_.extent);
  TS_CHECK(handles.size() == families.size());
  for (size_t index = 0; index < families.size(); ++index) {
    handles_[static_cast<size_t>(families[index])] = handles[index];
  }
  return Status::Ok();
}

// RocksDB says "invalid argument" of families that are missing or too many.
Status Database::ExplainOpen(const rocksdb::Status& status) {
  const std::string doing = "opening " + db_directory_;
  std::vector<std::string> names;
  if (status.IsInvalidArgument() &&
      rocksdb::DB::ListColumnFamilies(db_options_, db_directory_, &names).ok()) {
    for (const std::string& name : names) {
      if (std::none_of(families_.begin(), families_.end(),
                       [&](const auto& family) { return family.name == name; })) {
        return Status::FormatMismatch(doing +
                                      ": it has a family that this build does not know: " + name);
      }
    }
    for (const rocksdb::ColumnFamilyDescriptor& family : families_) {
      if (std::find(names.begin(), names.end(), family.name) == names.end()) {
        return created_ || ReadFormatAlone().ok()
                   ? Status::Corruption(doing + ": its family " + family.name +
                                        " is missing: `tallystone repair` makes it anew from the "
                                        "blocks. Nothing was changed")
                   : Status::NotFound(options_.path +
                                      ": the creation of the store was interrupted");
      }
    }
    if (read_only_) {  // now all of them are there
      return Status::TryAgain(doing + ": its writer made families while it was opened");
    }
  }
  return read_only_ ? MapReadOnlyStatus(status, doing) : MapOpenStatus(status, doing);
}

// Which sorted files an error means. Where the database is not open, any of the directory: one that
// a crash left behind may be among them.
Status Database::NameFiles(const Status& status) const {
  if (!status.Is(StatusCode::kCorruption)) {
    return status;
  }
  std::vector<std::string> names;
  if (db_ != nullptr) {
    std::vector<rocksdb::LiveFileMetaData> files;
    db_->GetLiveFilesMetaData(&files);
    for (const rocksdb::LiveFileMetaData& file : files) {
      names.push_back(file.relative_filename);
    }
    std::sort(names.begin(), names.end());
  } else if (!options_.file_system->List(db_directory_, &names).ok()) {
    return status;
  }
  return NameUnreadableFiles(status, SstOptions(Family::kDefault), db_directory_, names);
}

// Checks the format. Writes it in a store that is being made, and in one of an older format that is
// opened for writing.
Status Database::EnsureFormat() {
  bool is_older = false;
  Status format = ReadFormat(db_.get(), handle(Family::kDefault), options_, &is_older);
  if (format.IsNotFound() && (read_only_ || !options_.create)) {
    return Status::NotFound(options_.path + ": the creation of the store was interrupted");
  }
  if (format.IsNotFound() || (is_older && !read_only_ && options_.extent == StoreExtent::kWhole)) {
    rocksdb::WriteOptions write;
    write.sync = true;
    format = MapOpenStatus(
        db_->Put(write, handle(Family::kDefault), ToSlice(kFormatKey), EncodeFormat()),
        "writing the format of " + db_directory_);
  }
  if (!format.ok() || read_only_) {
    return format;
  }
  // We hold the lock now: what lies in ingest/ is nobody's.
  FileSystem* files = options_.file_system;
  TS_RETURN_IF_ERROR(files->CreateDirectory(ingest_directory_));
  return ClearDirectory(files, ingest_directory_);
}

rocksdb::Options Database::SstOptions(Family family) const {
  return MakeSstOptions(db_options_, family, families_[static_cast<size_t>(family)].options);
}

Status Database::MapRead(const rocksdb::Status& status, std::string_view family) const {
  if (status.ok() || status.IsNotFound()) [[likely]] {
    return MapStatus(status, family);
  }
  const std::string doing = "reading " + db_directory_ + ", " + std::string(family);
  if (!read_only_) {
    return NameFiles(MapStatus(status, doing));
  }
  const Status mapped = MapReadOnlyStatus(status, doing);
  if (!mapped.Is(StatusCode::kTryAgain) || db_options_.max_open_files < 0) {
    return NameFiles(mapped);
  }
  return NameFiles({mapped.code(), mapped.message() +
                                       "; this process may not open enough files to hold those of "
                                       "the store while its writer removes some: raise the limit "
                                       "(ulimit -n) above twice their number"});
}

Status Database::Close() {
  if (db_ == nullptr) {
    return Status::Ok();
  }
  uint64_t waiting = 0;
  for (rocksdb::ColumnFamilyHandle* family : handles_) {
    uint64_t entries = 0;
    if (family == nullptr) {
      continue;
    }
    db_->GetIntProperty(family, rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries);
    waiting += entries;
  }
  rocksdb::Status flushed;
  if (!read_only_ && waiting > kReplayedEntriesMax) {
    flushed = db_->Flush({}, {handles_.begin(), handles_.end()});
  }
  for (rocksdb::ColumnFamilyHandle* family : handles_) {
    if (family != nullptr) {
      db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    }
  }
  handles_ = {};
  const rocksdb::Status closed = db_->Close();
  db_.reset();
  return MapOpenStatus(flushed.ok() ? closed : flushed, "closing " + db_directory_);
}

Status ClearDirectory(FileSystem* files, const std::string& path) {
  std::vector<std::string> names;
  TS_RETURN_IF_ERROR(files->List(path, &names));
  for (const std::string& name : names) {
    TS_RETURN_IF_ERROR(files->Remove(path + "/" + name));
  }
  return Status::Ok();
}

}  // namespace tallystone::rocks
