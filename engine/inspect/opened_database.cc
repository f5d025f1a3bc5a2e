#include "inspect/opened_database.h"

#include <chrono>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "batchlog/log_scan.h"
#include "ingest/database_directory.h"
#include "inspect/open_inspector.h"
#include "store/rocks/rocks_store.h"
#include "store/server_store.h"

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

Status OpenEmbedded(const Options& options, const std::string& path, FileSystem* files,
                    rocksdb::Env* env, OpenedDatabase* opened) {
  RocksStoreOptions store_options;
  store_options.path = StorePath(path);
  store_options.read_only = true;
  store_options.file_system = files;
  store_options.env = env;
  store_options.block_cache_bytes = options.block_cache_bytes;
  store_options.logger = options.logger;
  return RocksStore::Open(store_options, &opened->stores.emplace_back());
}

Status TryOpen(const Options& options, const std::string& path, FileSystem* files,
               rocksdb::Env* env, OpenedDatabase* opened) {
  std::vector<ServerEntry> servers;
  TS_RETURN_IF_ERROR(ReadServerList(files, path, &servers));
  TS_RETURN_IF_ERROR(servers.empty()
                         ? OpenEmbedded(options, path, files, env, opened)
                         : OpenListedServers(options, servers, nullptr, &opened->stores));
  Marker marker;
  Status read = ReadLowestMarker(opened->stores, &marker);
  if (read.IsNotFound()) {
    return Status::NotFound(path +
                            " has no Tallystone database yet (its creation was interrupted)");
  }
  TS_RETURN_IF_ERROR(read);
  std::vector<LoggedChunk> chunks;
  std::vector<batchlog::LiveSegment> live;
  std::vector<uint64_t> free;
  TS_RETURN_IF_ERROR(batchlog::ListSegments(files, LogPath(path), &live, &free));
  if (live.empty()) {
    // A listing may pass over a file that gets another name meanwhile.
    TS_RETURN_IF_ERROR(batchlog::ListSegments(files, LogPath(path), &live, &free));
  }
  opened->log_absent = live.empty() && marker.applied > 0;
  if (!live.empty()) {
    TS_RETURN_IF_ERROR(ReadLog(options, LogPath(path), marker, files, &chunks, opened));
  }
  opened->read_at_us = NowMicros();
  std::vector<std::unique_ptr<StoreView>> views;
  for (const auto& store : opened->stores) {
    TS_RETURN_IF_ERROR(store->NewView(&views.emplace_back()));
  }
  std::unique_ptr<LiveView> view;
  TS_RETURN_IF_ERROR(LiveView::Make(std::move(views), std::move(chunks), &view));
  opened->view = std::move(view);
  return Status::Ok();
}

}  // namespace

Status OpenListedServers(const Options& options, const std::vector<ServerEntry>& servers,
                         const WriterClaim* claim, std::vector<std::unique_ptr<Store>>* stores) {
  std::vector<std::string> connections = options.servers;
  if (connections.empty()) {
    for (const ServerEntry& server : servers) {
      connections.push_back(server.connection);
    }
  }
  for (const std::string& connection : connections) {
    ServerStoreOptions store_options;
    store_options.connection = connection;
    store_options.read_only = claim == nullptr;
    store_options.logger = options.logger;
    store_options.stop_waiting = options.stop_waiting;
    std::string shown;
    TS_RETURN_IF_ERROR(PublicConnection(connection, &shown));
    Status status = OpenServerStore(store_options, &stores->emplace_back());
    if (status.ok() && claim != nullptr) {
      status = stores->back()->TakeOver(*claim);
    }
    if (!status.ok()) {
      return {status.code(), shown + ": " + status.message()};
    }
  }
  return Status::Ok();
}

Status ReadLowestMarker(const std::vector<std::unique_ptr<Store>>& stores, Marker* marker) {
  for (const auto& store : stores) {
    Marker of_store;
    TS_RETURN_IF_ERROR(store->ReadMarker(&of_store));
    if (store == stores.front() || of_store.applied < marker->applied) {
      *marker = std::move(of_store);
    }
  }
  return Status::Ok();
}

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
  // What looks like a writer at work, and does not go away, may be damage: the judge of the log is
  // never deceived by a writer.
  std::unique_ptr<LogInspector> log;
  LogReport report;
  if (OpenLogInspector(options, path, files, env, &log).ok() &&
      log->Verify(nullptr, &report).ok() && !report.sound) {
    return Status::Corruption(report.damage.front().damage.what + "; " + report.meaning);
  }
  return status;
}

}  // namespace tallystone
