// What is wrong with a command line, in words that name the mistake.
#pragma once

#include <string>

#include <CLI/App.hpp>

namespace tallystone::tool {

// `error` came of parsing with `app`. One line without its end: "there is no command 'inventry';
// did you mean 'inventory'?".
std::string UsageMessage(const CLI::App& app, const CLI::ParseError& error);

// How many letters are to be inserted, left out, replaced or swapped with a neighbour to make one
// of the other.
size_t EditDistance(std::string_view one, std::string_view other);

}  // namespace tallystone::tool
