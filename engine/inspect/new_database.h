// NewDatabase: a database that is made beside its path and gets its name when it is whole.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "ingest/server_list.h"
#include "inspect/repair.h"
#include "store/store.h"

namespace tallystone {

// The store on the one server that the options name, to write; `entry`: of it, for the list of a
// database. kInvalidArgument: more than one is named, or it holds a database already.
Status OpenEmptyServer(const Options& options, std::unique_ptr<Store>* store, ServerEntry* entry);

// A crash leaves what was made beside the path, which the next NewDatabase of that path and suffix
// begins anew. Not thread-safe.
class NewDatabase {
 public:
  // Its store is inside, or on the one server that the options name. It will be at place.path;
  // until then it is at that path + `suffix`.
  NewDatabase(const Options& options, RepairPlace place, const std::string& suffix);

  // Whether something stands at the path: then nothing may be made.
  [[nodiscard]] bool IsTaken() const { return place_.files->Exists(path()); }
  // An empty store with an identity of its own. kBusy: somebody else makes it.
  Status Begin();
  // Closes the store, which has everything up to `last`, and makes an empty log behind it.
  Status Complete(Lsn last);
  // Gives it its name, durably. Requires Complete.
  Status Publish();
  // Removes what was made in the directory; not what was published. Does nothing before Begin.
  Status Discard();

  [[nodiscard]] Store* store() const { return store_.get(); }
  [[nodiscard]] const Marker& marker() const { return marker_; }  // of the empty store
  [[nodiscard]] const std::string& path() const { return place_.path; }
  [[nodiscard]] const std::string& unfinished() const { return unfinished_; }

 private:
  const Options options_;
  const RepairPlace place_;
  const std::string unfinished_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Store> store_;
  Marker marker_;
  bool published_ = false;
};

}  // namespace tallystone
