// ManifestLengths: how far RocksDB's MANIFEST was synced, in a small file of ours beside it.
//
// RocksDB appends to its MANIFEST and syncs. What a power loss leaves of an append that was not
// synced can be any part of it, and RocksDB 7.8.3 refuses a MANIFEST whose end is torn in the
// middle of a record. Whether that end was never synced, and may be passed over, or is damage, the
// MANIFEST alone does not say; this file does. Two slots, each in a sector of its own: a new
// MANIFEST takes the slot of an older one, never of that which CURRENT names.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/file_system.h"
#include "base/mutex.h"

namespace tallystone::rocks {

// Thread-safe.
class ManifestLengths {
 public:
  // `files` is not owned. Reads nothing yet.
  ManifestLengths(FileSystem* files, std::string path);

  // Reads what there is; a file that is missing or damaged knows nothing. `current`: the number of
  // the MANIFEST that CURRENT names; 0 = none.
  void Load(uint64_t current);
  // MANIFEST `number` is durable up to `bytes`. Durable when it returns.
  Status Synced(uint64_t number, uint64_t bytes);
  // CURRENT names MANIFEST `number` now.
  void SetCurrent(uint64_t number);
  // From now on ReadLimit answers what is known of the current MANIFEST. False: nothing is.
  bool LimitReads();
  // Where to end reading MANIFEST `number`; nothing = at its end.
  [[nodiscard]] std::optional<uint64_t> ReadLimit(uint64_t number) const;
  // Up to where MANIFEST `number` was synced at least; nothing = not known.
  [[nodiscard]] std::optional<uint64_t> Of(uint64_t number) const;

 private:
  struct Slot {
    uint64_t number = 0;  // 0 = empty
    uint64_t bytes = 0;
  };
  Status OpenFile() TS_REQUIRES(mutex_);

  FileSystem* const files_;
  const std::string path_;
  mutable Mutex mutex_;
  std::unique_ptr<File> file_ TS_GUARDED_BY(mutex_);
  std::array<Slot, 2> slots_ TS_GUARDED_BY(mutex_);
  uint64_t current_ TS_GUARDED_BY(mutex_) = 0;
  Slot limit_ TS_GUARDED_BY(mutex_);
};

}  // namespace tallystone::rocks
