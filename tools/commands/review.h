// What the review commands share.
#pragma once

#include <CLI/App.hpp>

#include "commands/command.h"

namespace tallystone::tool {

void AddReviewAnswerCommands(CLI::App* parent, Chosen* chosen);  // accept, reject, split, apply

}  // namespace tallystone::tool
