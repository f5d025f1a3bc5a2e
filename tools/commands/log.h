// Parts of `tallystone log`.
#pragma once

#include <CLI/App.hpp>

#include "commands/command.h"
#include "tallystone/log_inspector.h"

namespace tallystone::tool {

// Opens the log of a database, or the one that a repair kept under the name `kept`, and says on
// stderr if the store beside it cannot be read.
Status OpenLog(const std::string& database, const std::string& kept,
               std::unique_ptr<LogInspector>* inspector);
// --log NAME.
void AddKeptOption(CLI::App* command, std::string* kept);

// What the exit code of every command of the log is about, whatever part of it was shown.
ExitCode LogExitCode(LogInspector* inspector);

// "first last": what is special about a record.
std::string FlagsText(const LogRecord& record);

void AddLogCatCommand(CLI::App* parent, Chosen* chosen);

}  // namespace tallystone::tool
