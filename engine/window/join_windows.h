// Windows of the same stretch of the log, each with other tenants, as one.
#pragma once

#include <vector>

#include "window/sorted_window.h"

namespace tallystone {

// `windows` cover the same LSNs; no tenant is in two of them, and no chunk is held by two.
SortedWindow JoinWindows(std::vector<SortedWindow> windows);

}  // namespace tallystone
