// The digest of what a database says.
#pragma once

#include <string>

#include "store/live_view.h"
#include "tallystone/backup.h"
#include "tallystone/inspector.h"

namespace tallystone {

// Counts and digest of everything in the view: fills the counts and `state_digest` of *status.
//
// The digest is the sum modulo 2^128 of one XXH3-128 hash for each balance (tenant, item's code or
// else description, on hand, value, lines), each transaction (tenant, batch, line, item, quantity,
// unit cost), each dead letter (tenant, batch, line, cause) and each batch (tenant, id, lines,
// booked, not booked, finished). It names things by what callers call them, so positions, item
// numbers, chunk borders and the order in which tenants took turns do not matter.
//
// `stop` is asked every thousand or so entries; kInterrupted when it says true.
Status DigestState(LiveView* view, const ProgressFunction& progress, const StopFunction& stop,
                   DatabaseStatus* status);

}  // namespace tallystone
