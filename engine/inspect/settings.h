// Everything that is in effect for a database.
#pragma once

#include <memory>
#include <vector>

#include "store/live_view.h"
#include "tallystone/options.h"
#include "tallystone/setting.h"

namespace tallystone {

// `stores`: those behind the view.
Status ReadSettings(LiveView* view, const std::vector<std::unique_ptr<Store>>& stores,
                    const Options& options, std::vector<Setting>* settings);

}  // namespace tallystone
