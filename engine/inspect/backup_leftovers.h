// Backup leftovers: what an interrupted first backup leaves, told from a backup that lost its
// MANIFEST.
#pragma once

#include <string>

#include "base/file_system.h"
#include "store/live_view.h"

namespace tallystone::archive {

// OK: what stands in `directory`, which has no MANIFEST, can be what an interrupted first backup of
// the database in `view` left, and the database has all of it: it may be removed. kConflict: it may
// be the only copy of something; says what does not fit. Reads all of it.
Status CheckLeftovers(FileSystem* files, const std::string& directory, LiveView* view);

}  // namespace tallystone::archive
