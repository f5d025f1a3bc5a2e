// The state of a database without reading all of it.
#pragma once

#include <memory>
#include <vector>

#include "store/live_view.h"
#include "tallystone/overview.h"

namespace tallystone {

// Fills what view and stores know; the caller knows the log. `stores`: those under `view`.
Status MakeOverview(LiveView* view, const std::vector<std::unique_ptr<Store>>& stores,
                    const OverviewOptions& options, DatabaseOverview* overview);

// What the stores take together. Known only if all of them tell.
Status SumSizes(const std::vector<std::unique_ptr<Store>>& stores, StoreSizes* sizes);

}  // namespace tallystone
