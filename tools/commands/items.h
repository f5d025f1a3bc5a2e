// What the items commands share.
#pragma once

#include <CLI/App.hpp>

#include "commands/command.h"

namespace tallystone::tool {

void AddItemsShowCommand(CLI::App* parent, Chosen* chosen);

}  // namespace tallystone::tool
