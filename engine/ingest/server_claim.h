// ServerClaim: makes a directory the one writer of its servers.
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"
#include "ingest/core.h"
#include "ingest/server_list.h"
#include "store/store.h"

namespace tallystone {

// While an engine is opened, one thread. Nothing happens where the store is embedded.
class ServerClaim {
 public:
  // Both must outlive it.
  ServerClaim(Core* core, FileSystem* files) : core_(core), files_(files) {}

  // With the stores of the lanes open: finds that they are the database's, all of them, and writes
  // the list; then stops whoever else writes them. `recorded`, `writers`: the list as it was.
  // kInvalidArgument: a server is missing, or is another database's. With Options::take_over the
  // log decides whose it is. kCorruption: the log is too
  // old for them. kFenced: they were written by another directory since. Nobody was stopped then;
  // with Options::take_over the writer is stopped whatever the log has.
  Status TakeOver(const std::vector<ServerEntry>& recorded, std::vector<std::string> writers);

  // Compares the log with what cannot change any more, and writes down who has the servers now.
  // `lowest`: the marker of the server that is the furthest behind; `highest`: what each has, by
  // lane. kCorruption: the log is too old.
  Status Finish(Lsn lowest, const std::vector<Lsn>& highest);

  // kInvalidArgument: a server of the database is not among those that were named. `empty`: a
  // server without a store that was, "" = none.
  static Status LeftOut(const ServerEntry& server, const std::string& empty);

 private:
  Status Match(const std::vector<ServerEntry>& recorded);
  [[nodiscard]] Status CheckMarkers() const;
  [[nodiscard]] Status CheckLog(const std::string& database_id, Lsn lowest,
                                const std::vector<Lsn>& highest) const;

  Core* const core_;
  FileSystem* const files_;
  std::vector<ServerEntry> servers_;  // none: the store is embedded
  std::vector<std::string> writers_;  // as in the list
};

}  // namespace tallystone
