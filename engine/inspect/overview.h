// The state of a database without reading all of it.
#pragma once

#include "store/live_view.h"
#include "store/rocks/rocks_store.h"
#include "tallystone/overview.h"

namespace tallystone {

// Fills what view and store know; the caller knows the log and the sizes on disk. `store` is the
// one under `view`.
Status MakeOverview(LiveView* view, RocksStore* store, const OverviewOptions& options,
                    DatabaseOverview* overview);

}  // namespace tallystone
