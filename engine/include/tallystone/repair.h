// Repair: makes a database whole again from what cannot be wrong, and keeps what was damaged.
//
// The blocks of the store are the chunks of the log, with every decision in them; balances,
// postings, catalogue, batch results and dead letters follow from them and are made anew in a store
// beside the old one, which then takes its place in one step. Nothing is ever deleted: the old
// store (or log) stays beside the new one under the name that the report gives. A repair that is
// interrupted has changed nothing, or is done.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tallystone/inspector.h"
#include "tallystone/log_inspector.h"
#include "tallystone/options.h"

namespace tallystone {

struct RepairReport {
  VerifyReport before;       // what was wrong, as far as it could be examined
  std::string not_examined;  // why not, or ""
  LogReport log;             // of the log beside the store: repair does not touch it
  uint64_t blocks = 0;       // read, and booked again
  uint64_t lines = 0;
  std::string kept;  // where the damaged store or log is now; "" = nothing was changed
};

// Makes the store anew from its blocks, if it is not sound. `dry_run`: reads and books them into
// nothing, and changes nothing. Takes the database's lock: kBusy if it is open. kCorruption: the
// blocks themselves are damaged, the message names the first one; only a backup helps.
Status RepairStore(const Options& options, const std::string& path, bool dry_run,
                   const ProgressFunction& progress, RepairReport* report);

// Makes the balance and the postings of one item anew from the blocks, in the store as it is.
Status RepairItem(const Options& options, const std::string& path, const ItemKey& item,
                  bool dry_run, RepairReport* report);

struct SalvageReport {
  LogReport log;     // of the log as it was: what was saved is `usable`, what was not `stranded`
  std::string kept;  // where the damaged log is now; "" = nothing was changed, or there was none
  bool changed = false;
};

// Makes a log anew of the records that follow the store's marker without a gap, if the log is not
// sound: damage at or below the marker costs nothing, damage above it the records from there on,
// as they cannot be booked without those before them. The damaged log is kept, and a LogInspector
// reads it. Whole batches that are sent again continue exactly where the saved part ends.
Status SalvageLog(const Options& options, const std::string& path, bool dry_run,
                  SalvageReport* report);

}  // namespace tallystone
