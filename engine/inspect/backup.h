// Backup and restore on other files than the operating system's. For tests; see
// tallystone/backup.h.
#pragma once

#include <string>

#include "inspect/repair.h"
#include "tallystone/backup.h"

namespace tallystone {

// The directory of the backup is on the files of `database`.
Status BackUp(const Options& options, const RepairPlace& database, const std::string& directory,
              const BackupOptions& backup, const ProgressFunction& progress, BackupReport* report);
Status ReadBackup(FileSystem* files, const std::string& directory, BackupInfo* info);
Status CheckBackup(FileSystem* files, const std::string& directory,
                   const ProgressFunction& progress, const StopFunction& stop, BackupCheck* check);
Status Restore(const Options& options, const std::string& directory, const RepairPlace& made,
               const RestoreOptions& restore, const ProgressFunction& progress,
               RestoreReport* report);

}  // namespace tallystone
