// What the review commands share.
#pragma once

#include <CLI/App.hpp>

#include "commands/command.h"

namespace tallystone::tool {

// One JSON object, with the candidates; or its fields alone.
void WriteReviewFields(Inspector* inspector, const Review& review, JsonWriter* json);
void WriteReview(Inspector* inspector, const Review& review, JsonWriter* json);
// Some lines for people.
std::string ReviewText(Inspector* inspector, const Review& review);

void AddReviewAnswerCommands(CLI::App* parent, Chosen* chosen);  // accept, reject, split, apply

}  // namespace tallystone::tool
