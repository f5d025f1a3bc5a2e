// Compacting a database, family by family.
#pragma once

#include "store/rocks/database.h"
#include "tallystone/compact.h"

namespace tallystone::rocks {

// kInterrupted: CompactOptions::cancel.
Status Compact(Database* database, const CompactOptions& options);

}  // namespace tallystone::rocks
