// Repair on other files than the operating system's. For tests; see tallystone/repair.h.
#pragma once

#include <string>

#include "base/file_system.h"
#include "tallystone/repair.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tallystone {

// Where a database stands. `env` null: the operating system's.
struct RepairPlace {
  std::string path;
  FileSystem* files = FileSystem::Posix();
  rocksdb::Env* env = nullptr;
};

Status RepairStore(const Options& options, const RepairPlace& place, bool dry_run,
                   const ProgressFunction& progress, RepairReport* report);
// Makes a store of an older format anew in this build's, as a repair does, and keeps the old one.
// kFormatMismatch: its format is not an older one; nothing was changed.
Status UpgradeStore(const Options& options, const RepairPlace& place);
Status RepairItem(const Options& options, const RepairPlace& place, const ItemKey& item,
                  bool dry_run, RepairReport* report);
Status SalvageLog(const Options& options, const RepairPlace& place, bool dry_run,
                  SalvageReport* report);

}  // namespace tallystone
