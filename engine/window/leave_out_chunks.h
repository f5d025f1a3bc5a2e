// Chunks that a store is not to see.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "model/ids.h"
#include "tallystone/status.h"
#include "window/sorted_window.h"

namespace tallystone {

// Removes the chunks of tenants for which `leave_out` is true. kCorruption if a chunk's header
// cannot be read; *chunks are then of no use.
Status LeaveOutTenants(const std::function<bool(TenantId)>& leave_out,
                       std::vector<LoggedChunk>* chunks);

// The same, for chunks up to the LSN that is given for their tenant (StoreView::ReadAhead).
Status LeaveOutApplied(const std::map<TenantId, Lsn>& ahead, std::vector<LoggedChunk>* chunks);

}  // namespace tallystone
