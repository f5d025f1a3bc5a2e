#include "ingest/server_claim.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "base/random_id.h"
#include "base/text.h"
#include "batchlog/batch_log.h"
#include "ingest/database_directory.h"

namespace tallystone {
namespace {

// A server that is set back further than so many opens counts as another directory's.
constexpr std::ptrdiff_t kWritersKept = 16;

}  // namespace

Status ServerClaim::TakeOver(const std::vector<ServerEntry>& recorded,
                             std::vector<std::string> writers) {
  TS_RETURN_IF_ERROR(Match(recorded));
  if (servers_.empty()) {
    return Status::Ok();
  }
  writers_ = std::move(writers);
  const bool any = core_->options.take_over;
  const auto at_each = [&](const auto& work) {
    for (const auto& lane : core_->lanes) {
      Status status = work(lane->store.get());
      if (!status.ok()) {
        return Status(status.code(), lane->Prefix() + status.message());
      }
    }
    return Status::Ok();
  };
  TS_RETURN_IF_ERROR(at_each([&](Store* store) {
    StoreClaim claim;
    Status status = store->ReadClaim(&claim);
    return status.ok() ? CheckClaim(claim, servers_, any ? nullptr : &writers_) : status;
  }));
  TS_RETURN_IF_ERROR(any ? Status::Ok() : CheckMarkers());
  TS_RETURN_IF_ERROR(WriteServerList(files_, core_->path, servers_, writers_));
  return at_each([](Store* store) { return store->TakeOver(); });
}

// The new identity is in the directory before it is in a server, and those before it are as long as
// a server may have them: an open that was interrupted here can be repeated.
Status ServerClaim::Finish(Lsn lowest, const std::vector<Lsn>& highest) {
  if (servers_.empty()) {
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(CheckLog(core_->database_id, lowest, highest));
  StoreClaim claim;
  TS_RETURN_IF_ERROR(MakeRandomId(&claim.writer));
  for (const ServerEntry& server : servers_) {
    claim.servers.push_back(server.id);
  }
  writers_.push_back(claim.writer);
  TS_RETURN_IF_ERROR(WriteServerList(files_, core_->path, servers_, writers_));
  for (const auto& lane : core_->lanes) {
    Status status = lane->store->WriteClaim(claim);
    if (!status.ok()) {
      return {status.code(), lane->Prefix() + status.message()};
    }
  }
  if (writers_.size() <= kWritersKept) {
    return Status::Ok();
  }
  writers_.erase(writers_.begin(), writers_.end() - kWritersKept);
  return WriteServerList(files_, core_->path, servers_, writers_);
}

// All that there were must be there: lines of their tenants may still be on the way to them.
Status ServerClaim::Match(const std::vector<ServerEntry>& recorded) {
  const auto has = [](const std::vector<ServerEntry>& list, const std::string& id) {
    return std::any_of(list.begin(), list.end(),
                       [&](const ServerEntry& entry) { return entry.id == id; });
  };
  for (const auto& lane : core_->lanes) {
    if (lane->name.empty()) {
      continue;
    }
    const std::string id = lane->store->server_id();
    Marker marker;
    if (has(servers_, id)) {
      return Status::InvalidArgument(lane->Prefix() + "this server is named twice");
    }
    // With take_over the log decides whether it is the database's (CheckLog).
    if (!has(recorded, id) && !core_->options.take_over &&
        !lane->store->ReadMarker(&marker).IsNotFound()) {
      return Status::InvalidArgument(
          lane->Prefix() + "this server holds the lines of a database already, and " + core_->path +
          " is not its directory: open the directory that has its log, or name another database "
          "of the server. If this directory has its log and its SERVERS was lost: `tallystone "
          "resume --take-over` with all servers as --store");
    }
    servers_.push_back({id, lane->name});
  }
  for (const ServerEntry& server : recorded) {
    if (!has(servers_, server.id)) {
      return LeftOut(server, "");
    }
  }
  return Status::Ok();
}

Status ServerClaim::LeftOut(const ServerEntry& server, const std::string& empty) {
  return Status::InvalidArgument(
      "server " + HexText(server.id) + " of this database (" + server.connection +
      ") was left out: name all of its servers, or none" +
      (empty.empty() ? ""
                     : "; there is no store of Tallystone at " + empty +
                           ": is that address wrong, or are the data there lost?"));
}

// A directory whose log is too old must not stop the writer that there may be, unless that is asked
// for: a writer that goes on is always ahead of a copy of its log.
Status ServerClaim::CheckMarkers() const {
  std::string database_id;
  Lsn lowest = std::numeric_limits<Lsn>::max();
  std::vector<Lsn> highest;
  for (const auto& lane : core_->lanes) {
    Marker marker;
    const Status status = lane->store->ReadMarker(&marker);
    highest.push_back(marker.applied);
    if (status.IsNotFound()) {
      continue;
    }
    TS_RETURN_IF_ERROR(status);
    database_id = marker.database_id;
    lowest = std::min(lowest, marker.applied);
  }
  return database_id.empty() ? Status::Ok() : CheckLog(database_id, lowest, highest);
}

// BatchLog::Open compares the log with the store that is the furthest behind. What another one has
// already, or a tenant that is ahead, would pass for what is logged next at the same places.
Status ServerClaim::CheckLog(const std::string& database_id, Lsn lowest,
                             const std::vector<Lsn>& highest) const {
  LogTail tail;
  BatchLogOptions options;
  options.file_system = files_;
  TS_RETURN_IF_ERROR(BatchLog::Check(options, LogPath(core_->path), database_id, lowest, &tail));
  for (size_t index = 0; index < highest.size(); ++index) {
    if (highest[index] >= tail.next) {
      return Status::Corruption(core_->lanes[index]->Prefix() + "has lines up to LSN " +
                                std::to_string(highest[index]) + ", but the log in " +
                                LogPath(core_->path) + " ends at LSN " +
                                std::to_string(tail.next - 1) +
                                ": it is older than the store; bring the log of the last writer, "
                                "as it is once that one has ended");
    }
  }
  return Status::Ok();
}

}  // namespace tallystone
