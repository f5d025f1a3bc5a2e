// What the store made of lines that the log had accepted: known only when the store has them.
#pragma once

#include <vector>

#include "import/outcome_writer.h"
#include "import/report.h"
#include "import/told_rows.h"

namespace tallystone::tool {

// The lines, ascending, that the store refused of those logged after `lsn`, as far as it has them:
// 16 bytes of memory each.
Status FindRefused(Engine* engine, const ImportReport& report, uint64_t lsn,
                   std::vector<LineName>* refused);

// Writes the rows of `told` to `outcomes`, which may be null, and corrects *report: lines of
// `refused` were not booked.
Status TellRows(const std::vector<LineName>& refused, ToldRows* told, OutcomeWriter* outcomes,
                ImportReport* report);

}  // namespace tallystone::tool
