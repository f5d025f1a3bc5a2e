// What is wrong with a log, as findings of the page.
#pragma once

#include <string>

#include "report/proof.h"

namespace tallystone::tool {

// Adds the state of the log of `database`, each place that cannot be read, and each batch that is
// to be sent again for it. Nothing if the log is sound, or cannot be judged.
void AddLogFindings(const std::string& database, Proof* proof);

}  // namespace tallystone::tool
