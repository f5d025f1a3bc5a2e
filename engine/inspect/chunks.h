// The chunks of the log and of the store, and the lines of a batch, as callers see them.
#pragma once

#include "inspect/queries.h"
#include "tallystone/inspected.h"

namespace tallystone {

// What the log holds; 0 = nothing.
struct LogExtent {
  Lsn first = 0;
  Lsn last = 0;
};

// Each cursor keeps `view` alive.
Status MakeChunkCursor(SharedView view, LogExtent log, const Filter& filter,
                       std::unique_ptr<Cursor<ChunkInfo>>* cursor);
// `items` must outlive the cursor; several may share it.
Status MakeLineCursor(SharedView view, ItemReader* items, std::string_view tenant,
                      std::string_view id, std::unique_ptr<Cursor<BatchLine>>* cursor);

// See Inspector::FindLsn.
Status FindLsnAccepted(LiveView* view, uint64_t accepted_at_us, Lsn* lsn);

}  // namespace tallystone
