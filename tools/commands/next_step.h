// What to do about damage: said once, by the one judgement that all commands share.
#pragma once

#include <string>

#include <CLI/App.hpp>

#include "tallystone/log_inspector.h"

namespace tallystone::tool {

// The command that tells, without changing anything, what can be mended of a damaged log.
std::string SalvageCommand(const std::string& database);

// Says on stderr what to run, after the command of `app` ended with kExitCorruption.
void PrintNextStep(const CLI::App& app);

}  // namespace tallystone::tool
