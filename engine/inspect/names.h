// The names that mean an item, as callers see them.
#pragma once

#include "inspect/queries.h"
#include "tallystone/inspected.h"

namespace tallystone {

// Keeps `view` alive.
Status MakeNameCursor(SharedView view, const Filter& filter,
                      std::unique_ptr<Cursor<ItemName>>* cursor);

}  // namespace tallystone
