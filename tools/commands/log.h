// Parts of `tallystone log`.
#pragma once

#include <CLI/App.hpp>

#include "commands/command.h"
#include "tallystone/log_inspector.h"

namespace tallystone::tool {

// Opens the log of a database, and says on stderr if the store beside it cannot be read.
Status OpenLog(const std::string& database, std::unique_ptr<LogInspector>* inspector);

// "first last": what is special about a record.
std::string FlagsText(const LogRecord& record);

void AddLogCatCommand(CLI::App* parent, Chosen* chosen);

}  // namespace tallystone::tool
