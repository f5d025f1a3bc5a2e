// Everything that is in effect for a database.
#pragma once

#include <vector>

#include "store/live_view.h"
#include "tallystone/options.h"
#include "tallystone/setting.h"

namespace tallystone {

Status ReadSettings(LiveView* view, Store* store, const Options& options,
                    std::vector<Setting>* settings);

}  // namespace tallystone
