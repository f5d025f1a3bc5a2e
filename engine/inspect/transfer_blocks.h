// The blocks of a view, as they leave for another database.
#pragma once

#include "inspect/queries.h"
#include "tallystone/transfer.h"

namespace tallystone {

// Keeps `view` alive.
std::unique_ptr<Cursor<TransferBlock>> MakeBlockCursor(SharedView view);

}  // namespace tallystone
