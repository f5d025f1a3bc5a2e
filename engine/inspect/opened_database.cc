#include "inspect/opened_database.h"

#include <chrono>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "ingest/recovery.h"

namespace tallystone {
namespace {

// A writer at work may recycle a segment or remove a file between our reading of the store and of
// the log; then both are read again.
constexpr int kOpenAttempts = 20;
constexpr std::chrono::milliseconds kOpenDelay(20);

Status ReadLog(const Options& options, const std::string& log, const Marker& marker,
               FileSystem* files, std::vector<LoggedChunk>* chunks, OpenedDatabase* opened) {
  BatchLogOptions log_options;
  log_options.file_system = files;
  log_options.segment_bytes = options.log_segment_bytes;
  log_options.logger = options.logger;
  TS_RETURN_IF_ERROR(BatchLog::Read(
      log_options, log, marker.database_id, marker.applied,
      [&](const LoggedChunk& chunk) {
        chunks->push_back(chunk);
        return Status::Ok();
      },
      &opened->tail));
  std::vector<std::string> names;
  TS_RETURN_IF_ERROR(files->List(log, &names));
  for (const std::string& name : names) {
    std::unique_ptr<File> file;
    uint64_t size = 0;
    if (files->Open(log + "/" + name, OpenMode::kRead, &file).ok() && file->Size(&size).ok()) {
      opened->log_bytes += size;
    }
  }
  return Status::Ok();
}

Status TryOpen(const Options& options, const std::string& path, FileSystem* files,
               rocksdb::Env* env, OpenedDatabase* opened) {
  RocksStoreOptions store_options;
  store_options.path = StorePath(path);
  store_options.read_only = true;
  store_options.file_system = files;
  store_options.env = env;
  store_options.block_cache_bytes = options.block_cache_bytes;
  store_options.logger = options.logger;
  TS_RETURN_IF_ERROR(RocksStore::Open(store_options, &opened->store));
  opened->rocks = static_cast<RocksStore*>(opened->store.get());
  Marker marker;
  Status status = opened->store->ReadMarker(&marker);
  if (status.IsNotFound()) {
    return Status::NotFound(path +
                            " has no Tallystone database yet (its creation was interrupted)");
  }
  TS_RETURN_IF_ERROR(status);
  std::vector<LoggedChunk> chunks;
  if (files->Exists(LogPath(path))) {
    TS_RETURN_IF_ERROR(ReadLog(options, LogPath(path), marker, files, &chunks, opened));
  }
  opened->read_at_us = NowMicros();
  TS_RETURN_IF_ERROR(RocksStore::BytesOnDisk(StorePath(path), &opened->store_bytes));
  std::unique_ptr<StoreView> store_view;
  TS_RETURN_IF_ERROR(opened->store->NewView(&store_view));
  std::unique_ptr<LiveView> view;
  TS_RETURN_IF_ERROR(LiveView::Make(std::move(store_view), std::move(chunks), &view));
  opened->view = std::move(view);
  return Status::Ok();
}

}  // namespace

Status OpenToRead(const Options& options, const std::string& path, FileSystem* files,
                  rocksdb::Env* env, OpenedDatabase* opened) {
  const auto forget = [opened] {
    opened->view.reset();
    *opened = {};
  };
  forget();
  TS_RETURN_IF_ERROR(FindDatabase(files, path));
  Status status;
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    status = TryOpen(options, path, files, env, opened);
    if (!status.Is(StatusCode::kTryAgain)) {
      return status;
    }
    forget();
    std::this_thread::sleep_for(kOpenDelay);
  }
  return status;
}

}  // namespace tallystone
