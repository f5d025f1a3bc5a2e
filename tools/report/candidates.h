// The items that a line may mean, in the output of commands and of the inspection page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "output/json.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

// The item; empty if it is not there.
ItemInfo ItemOf(Inspector* inspector, std::string_view tenant, uint32_t item);

// "candidates": an array of {item, code, description, score}.
void WriteCandidates(Inspector* inspector, std::string_view tenant,
                     const std::vector<Candidate>& candidates, JsonWriter* json);

// A line each, for people.
std::string CandidateLines(Inspector* inspector, std::string_view tenant,
                           const std::vector<Candidate>& candidates);

}  // namespace tallystone::tool
