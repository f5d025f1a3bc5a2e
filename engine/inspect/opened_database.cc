#include "inspect/opened_database.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
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
               FileSystem* files, LogStretch* stretch, OpenedDatabase* opened) {
  BatchLogOptions log_options;
  log_options.file_system = files;
  log_options.segment_bytes = options.log_segment_bytes;
  log_options.logger = options.logger;
  TS_RETURN_IF_ERROR(BatchLog::Read(
      log_options, log, marker.database_id, marker.applied,
      [&](const LoggedChunk& chunk) {
        stretch->Append(chunk);
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
  TS_RETURN_IF_ERROR(ExpectStoreBesideLog(files, path));
  RocksStoreOptions store_options;
  store_options.path = StorePath(path);
  store_options.read_only = true;
  store_options.file_system = files;
  store_options.env = env;
  store_options.block_cache_bytes = options.block_cache_bytes;
  store_options.logger = options.logger;
  return RocksStore::Open(store_options, &opened->stores.emplace_back());
}

// A writer that opens the database says so here before it says so in the servers.
bool ListChanged(FileSystem* files, const std::string& path,
                 const std::vector<std::string>& writers) {
  std::vector<ServerEntry> servers;
  std::vector<std::string> now;
  return ReadServerList(files, path, &servers, &now).ok() && now != writers;
}

Status TryServers(const Options& options, const std::string& path, FileSystem* files,
                  bool read_only, std::vector<std::unique_ptr<Store>>* stores) {
  std::vector<ServerEntry> servers;
  std::vector<std::string> writers;
  TS_RETURN_IF_ERROR(ReadServerList(files, path, &servers, &writers));
  std::vector<std::string> connections = options.servers;
  if (connections.empty()) {
    for (const ServerEntry& server : servers) {
      connections.push_back(server.connection);
    }
  }
  for (const std::string& connection : connections) {
    ServerStoreOptions store_options;
    store_options.connection = connection;
    store_options.read_only = read_only;
    store_options.logger = options.logger;
    store_options.stop_waiting = options.stop_waiting;
    std::string shown;
    TS_RETURN_IF_ERROR(PublicConnection(connection, &shown));
    Status status = OpenServerStore(store_options, &stores->emplace_back());
    StoreClaim claim;
    if (status.ok()) {
      status = stores->back()->ReadClaim(&claim);
    }
    if (status.ok()) {
      status = CheckClaim(claim, servers, &writers);
    }
    if (status.Is(StatusCode::kFenced) && ListChanged(files, path, writers)) {
      status = Status::TryAgain("the database was opened to be written meanwhile");
    }
    if (status.ok() && !read_only) {
      status = stores->back()->TakeOver();
    }
    if (!status.ok()) {
      return {status.code(), shown + ": " + status.message()};
    }
  }
  return Status::Ok();
}

// A tenant that no server has, and the server that had it last.
struct LostTenant {
  RoutedView::Missing missing;
  std::string server;
};

std::string NameOf(const std::vector<ServerEntry>& servers, const Store& store) {
  const auto found = std::find_if(servers.begin(), servers.end(), [&](const ServerEntry& server) {
    return server.id == store.server_id();
  });
  return found == servers.end() ? "server " + HexText(store.server_id()) : found->connection;
}

Status TryOpen(const Options& options, const std::string& path, FileSystem* files,
               rocksdb::Env* env, OpenedDatabase* opened, LostTenant* lost) {
  *lost = {};
  std::vector<ServerEntry> servers;
  TS_RETURN_IF_ERROR(ReadServerList(files, path, &servers));
  TS_RETURN_IF_ERROR(servers.empty()
                         ? OpenEmbedded(options, path, files, env, opened)
                         : OpenListedServers(options, path, files, true, &opened->stores));
  Marker marker;
  Status read = ReadLowestMarker(opened->stores, &marker);
  if (read.IsNotFound()) {
    return Status::NotFound(path +
                            " has no Tallystone database yet (its creation was interrupted)");
  }
  TS_RETURN_IF_ERROR(read);
  LogStretch stretch;
  std::vector<batchlog::LiveSegment> live;
  std::vector<uint64_t> free;
  TS_RETURN_IF_ERROR(batchlog::ListSegments(files, LogPath(path), &live, &free));
  if (live.empty()) {
    // A listing may pass over a file that gets another name meanwhile.
    TS_RETURN_IF_ERROR(batchlog::ListSegments(files, LogPath(path), &live, &free));
  }
  opened->log_absent = live.empty() && marker.applied > 0;
  if (!live.empty()) {
    TS_RETURN_IF_ERROR(ReadLog(options, LogPath(path), marker, files, &stretch, opened));
  }
  opened->read_at_us = NowMicros();
  std::vector<std::unique_ptr<StoreView>> views;
  for (const auto& store : opened->stores) {
    TS_RETURN_IF_ERROR(store->NewView(&views.emplace_back()));
  }
  std::unique_ptr<LiveView> view;
  Status made = LiveView::Make(std::move(views), std::move(stretch), &view, &lost->missing);
  if (!made.ok()) {
    lost->server = NameOf(servers, *opened->stores[lost->missing.part]);
    return made;
  }
  opened->view = std::move(view);
  return Status::Ok();
}

}  // namespace

Status OpenListedServers(const Options& options, const std::string& path, FileSystem* files,
                         bool read_only, std::vector<std::unique_ptr<Store>>* stores) {
  Status status;
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    status = TryServers(options, path, files, read_only, stores);
    if (!status.Is(StatusCode::kTryAgain)) {
      return status;
    }
    stores->clear();
    std::this_thread::sleep_for(kOpenDelay);
  }
  return status;
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
  LostTenant first, last;
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    status = TryOpen(options, path, files, env, opened, &last);
    if (!status.Is(StatusCode::kTryAgain)) {
      return status;
    }
    first = attempt == 0 ? last : first;
    forget();
    std::this_thread::sleep_for(kOpenDelay);
  }
  if (last.missing.tenant != 0 && last.missing == first.missing) {
    return RoutedView::Lost(last.missing, last.server);
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
