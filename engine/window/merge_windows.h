// Two consecutive windows as one: what a reader lays over a store that stands in the middle of a
// key replay.
#pragma once

#include "window/sorted_window.h"

namespace tallystone {

// Requires later.first == earlier.last + 1. Deltas that are rejected are left out.
SortedWindow MergeWindows(const SortedWindow& earlier, const SortedWindow& later);

}  // namespace tallystone
