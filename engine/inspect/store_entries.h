// The entries of a view, decoded: see tallystone/store_entries.h.
#pragma once

#include "inspect/queries.h"
#include "tallystone/store_entries.h"

namespace tallystone {

// Keeps `view` alive. kInvalidArgument: a key of the range cannot be one of this family. kNotFound:
// there is no such tenant.
Status MakeEntryCursor(SharedView view, StoreFamily family, const EntryRange& range,
                       std::unique_ptr<Cursor<StoreEntry>>* cursor);

}  // namespace tallystone
