// --from and --to: a stretch of the log, by position or by the time of acceptance.
#pragma once

#include <string>

#include <CLI/App.hpp>

#include "tallystone/inspector.h"

namespace tallystone::tool {

// Each end is an LSN, or YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS in UTC (a Z behind it may be there):
// when a chunk was accepted, by the clock of the machine that did. Both ends belong to the range: a
// day to its last microsecond, a second too.
struct LsnRange {
  std::string from;  // "" = from the beginning
  std::string to;    // "" = to the end

  [[nodiscard]] bool given() const { return !from.empty() || !to.empty(); }
  // Sets the LSNs of *filter, if anything was given; a range that has no chunk becomes one that no
  // chunk is in.
  Status Resolve(Inspector* inspector, Filter* filter) const;
};

// `what` begins the sentence of the help: "Only lines".
void AddRangeOptions(CLI::App* command, const std::string& what, LsnRange* range);

}  // namespace tallystone::tool
