// Key replay: a refused window goes to the store key by key (DESIGN 4.6).
#pragma once

#include "ingest/core.h"
#include "model/stored.h"
#include "window/sorted_window.h"

namespace tallystone {

// States, as the marker in the store tells them:
//
//   applied = A, no replay         Begin: nothing of the window (A, last] is in the store
//   applied = A, replay {last, done, rejected}   Step: every key <= done has its delta, or is
//   rejected applied = last, no replay      End: all of it is
//
// Each step writes one key's delta and the progress marker atomically, so a crash anywhere goes on
// with the key after `done`. `marker` is what the lane's store says now; *window is the window
// after it, without what that store has of it already. Returns OK when the window is in the store.
// Any other Status is the environment's: the marker in the store says where it stopped.
Status ReplayKeys(Core* core, Lane* lane, const Marker& marker, SortedWindow* window);

}  // namespace tallystone
