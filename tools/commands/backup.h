// What backup and restore share: what a directory holds.
#pragma once

#include <string>

#include "commands/command.h"
#include "output/json.h"
#include "tallystone/backup.h"

namespace tallystone::tool {

// The fields of a backup, into an object that is open.
void WriteBackupFields(const BackupInfo& info, JsonWriter* json);
// The same for people: a line each.
std::string BackupText(const BackupInfo& info);
// Prints what the backup in `directory` holds.
ExitCode ListBackup(const std::string& directory, bool json);

}  // namespace tallystone::tool
