// What a key that the store refused does to the rest of its window.
#pragma once

#include <span>

#include "model/stored.h"
#include "window/sort_window.h"

namespace tallystone {

// Marks the deltas of `rejections` as rejected and turns each of their lines into a dead letter
// (Outcome::kStoreRejected, the store's cause as detail); blocks, batches and dead letters of
// *window then say so too. Keys that are not in the window are ignored. Depends on nothing but its
// inputs, so an interrupted replay ends the same (law L11). Call once per window.
Status RejectKeys(std::span<const KeyRejection> rejections, const ItemLookup& lookup,
                  SortedWindow* window);

}  // namespace tallystone
