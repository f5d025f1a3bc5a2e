#include "ingest/server_claim.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/random_id.h"
#include "base/text.h"
#include "batchlog/batch_log.h"
#include "ingest/database_directory.h"

namespace tallystone {

Status ServerClaim::TakeOver(const std::vector<ServerEntry>& recorded,
                             std::vector<std::string> writers) {
  TS_RETURN_IF_ERROR(Match(recorded));
  if (servers_.empty()) {
    return Status::Ok();
  }
  claim_.known = std::move(writers);
  claim_.any = core_->options.take_over;
  TS_RETURN_IF_ERROR(MakeRandomId(&claim_.id));
  TS_RETURN_IF_ERROR(claim_.any ? Status::Ok() : CheckMarkers());
  TS_RETURN_IF_ERROR(WriteServerList(files_, core_->path, servers_, claim_.known));
  for (const auto& lane : core_->lanes) {
    Status status = lane->store->TakeOver(claim_);
    if (!status.ok()) {
      return {status.code(), lane->Prefix() + status.message()};
    }
  }
  return Status::Ok();
}

// The new identity is in the directory before it is in a server, and those before it are until it
// is in all: an open that was interrupted here can be repeated.
Status ServerClaim::Finish(Lsn lowest, const std::vector<Lsn>& highest) {
  if (servers_.empty()) {
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(CheckLog(core_->database_id, lowest, highest));
  std::vector<std::string> writers = claim_.known;
  writers.push_back(claim_.id);
  TS_RETURN_IF_ERROR(WriteServerList(files_, core_->path, servers_, writers));
  for (const auto& lane : core_->lanes) {
    Status status = lane->store->Claim(claim_);
    if (!status.ok()) {
      return {status.code(), lane->Prefix() + status.message()};
    }
  }
  return WriteServerList(files_, core_->path, servers_, {claim_.id});
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
    if (!has(recorded, id) && !lane->store->ReadMarker(&marker).IsNotFound()) {
      return Status::InvalidArgument(
          lane->Prefix() + "this server holds the lines of a database already, and " + core_->path +
          " is not its directory: open the directory that has its log, or name "
          "another database of the server");
    }
    servers_.push_back({id, lane->name});
  }
  for (const ServerEntry& server : recorded) {
    if (!has(servers_, server.id)) {
      return Status::InvalidArgument("server " + HexText(server.id) + " of this database (" +
                                     server.connection +
                                     ") was left out: name all of its servers, or none");
    }
  }
  return Status::Ok();
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
  TS_RETURN_IF_ERROR(
      BatchLog::Read(options, LogPath(core_->path), database_id, lowest, nullptr, &tail));
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
