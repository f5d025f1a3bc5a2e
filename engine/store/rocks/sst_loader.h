// Loads a window as sorted files: one for each family, taken in by one atomic ingest.
#pragma once

#include "store/rocks/database.h"
#include "store/rocks/window_entries.h"
#include "tallystone/status.h"

namespace tallystone::rocks {

// All of the window (which must be sorted) with its marker, or nothing; durable when it returns OK.
// After any error but kRejected the result is unknown until the marker is read.
Status LoadAsSortedFiles(Database* database, const SortedWindow& window, WindowPart part,
                         const Marker& marker);

}  // namespace tallystone::rocks
