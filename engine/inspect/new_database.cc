#include "inspect/new_database.h"

#include <utility>

#include "base/check.h"
#include "base/random_id.h"
#include "batchlog/batch_log.h"
#include "ingest/database_directory.h"
#include "store/rocks/rocks_store.h"
#include "store/server_store.h"

namespace tallystone {
namespace {

RepairPlace WithoutSlashes(RepairPlace place) {
  while (place.path.size() > 1 && place.path.back() == '/') {
    place.path.pop_back();
  }
  return place;
}

// "3 tenants with 120 lines", whoever they belong to.
Status CountWhatIsThere(Store* store, std::string* counts) {
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(store->NewView(&view));
  uint64_t tenants = 0;
  uint64_t lines = 0;
  bool replaying = false;  // then nothing can be summed
  auto cursor = view->Tenants();
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    TenantTotals totals;
    const Status status = view->ReadTotals(cursor->value().first, &totals);
    if (status.IsNotFound()) {
      replaying = true;
    } else {
      TS_RETURN_IF_ERROR(status);
    }
    lines += totals.lines;
    ++tenants;
  }
  *counts = std::to_string(tenants) + (tenants == 1 ? " tenant" : " tenants") +
            (replaying ? " in the middle of a key replay"
                       : " with " + std::to_string(lines) + (lines == 1 ? " line" : " lines"));
  return cursor->status();
}

// Never with a command that removes it: it may be what a company works with.
Status RefuseTaken(Store* store, const std::string& connection) {
  std::string counts;
  const Status counted = CountWhatIsThere(store, &counts);
  return Status::InvalidArgument(
      connection + ": this server holds the lines of a database already" +
      (counted.ok() ? ": " + counts : ", which cannot be counted: " + counted.message()) +
      ". Name an empty database of that server, or of another; nothing was changed");
}

}  // namespace

Status OpenEmptyServer(const Options& options, std::unique_ptr<Store>* store, ServerEntry* entry) {
  if (options.servers.size() != 1) {
    return Status::InvalidArgument(
        "name one server: its tenants can be moved to others once the database is there");
  }
  ServerStoreOptions server;
  server.connection = options.servers.front();
  server.read_only = true;  // first: nothing is to be made where there is something already
  server.logger = options.logger;
  server.stop_waiting = options.stop_waiting;
  TS_RETURN_IF_ERROR(PublicConnection(server.connection, &entry->connection));
  const auto at_server = [&](const Status& status) {
    return status.ok() ? status
                       : Status(status.code(), entry->connection + ": " + status.message());
  };
  Marker marker;
  Status status = OpenServerStore(server, store);
  if (status.ok()) {
    status = (*store)->ReadMarker(&marker);
  }
  if (status.ok()) {
    return RefuseTaken(store->get(), entry->connection);
  }
  if (!status.IsNotFound()) {
    return at_server(status);
  }
  server.read_only = false;
  server.create = true;
  TS_RETURN_IF_ERROR(at_server(OpenServerStore(server, store)));
  TS_RETURN_IF_ERROR(at_server((*store)->TakeOver()));
  entry->id = (*store)->server_id();
  return Status::Ok();
}

NewDatabase::NewDatabase(const Options& options, RepairPlace place, const std::string& suffix)
    : options_(options),
      place_(WithoutSlashes(std::move(place))),
      unfinished_(place_.path + suffix) {}

Status NewDatabase::Begin() {
  FileSystem* const files = place_.files;
  TS_RETURN_IF_ERROR(files->ExpectDirectory(unfinished_));
  TS_RETURN_IF_ERROR(MakeDatabaseDirectory(files, unfinished_));
  const Status locked = files->Lock(LockPath(unfinished_), &lock_);
  if (locked.Is(StatusCode::kBusy)) {
    return Status::Busy("somebody else makes " + place_.path + " at this moment");
  }
  TS_RETURN_IF_ERROR(locked);
  TS_RETURN_IF_ERROR(RemoveTree(files, StorePath(unfinished_)));
  TS_RETURN_IF_ERROR(RemoveTree(files, LogPath(unfinished_)));
  TS_RETURN_IF_ERROR(MakeRandomId(&marker_.database_id));
  if (!options_.servers.empty()) {
    ServerEntry entry;
    TS_RETURN_IF_ERROR(OpenEmptyServer(options_, &store_, &entry));
    TS_RETURN_IF_ERROR(WriteServerList(files, unfinished_, {entry}, {}));
    return store_->Initialise(marker_);
  }
  RocksStoreOptions options;
  options.path = StorePath(unfinished_);
  options.create = true;
  options.block_cache_bytes = options_.block_cache_bytes;
  options.ingest_lines_min = options_.ingest_lines_min;
  options.logger = options_.logger;
  options.file_system = files;
  options.env = place_.env;
  TS_RETURN_IF_ERROR(RocksStore::Open(options, &store_));
  return store_->Initialise(marker_);
}

Status NewDatabase::Complete(Lsn last) {
  TS_RETURN_IF_ERROR(store_->Close());
  store_.reset();
  BatchLogOptions options;
  options.file_system = place_.files;
  options.segment_bytes = options_.log_segment_bytes;
  options.logger = options_.logger;
  std::unique_ptr<BatchLog> log;
  return BatchLog::Create(options, LogPath(unfinished_), marker_.database_id, last + 1, &log);
}

Status NewDatabase::Publish() {
  FileSystem* const files = place_.files;
  TS_RETURN_IF_ERROR(files->SyncDirectory(unfinished_));
  TS_RETURN_IF_ERROR(files->Rename(unfinished_, place_.path));
  published_ = true;
  return files->SyncDirectory(ParentDirectory(place_.path));
}

Status NewDatabase::Discard() {
  store_.reset();
  return lock_ == nullptr || published_ ? Status::Ok() : RemoveTree(place_.files, unfinished_);
}

}  // namespace tallystone
