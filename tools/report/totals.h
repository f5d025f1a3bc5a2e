// Totals: how far a database is, and how large.
#pragma once

#include <cstdint>

#include "output/json.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

struct Totals {
  uint64_t as_of_lsn = 0;
  uint64_t applied_lsn = 0;
  uint64_t tail_lines = 0;  // in the log and not yet in the store
  uint64_t tenants = 0;
  uint64_t log_bytes = 0;
  uint64_t store_bytes = 0;
  bool replay_unfinished = false;
  bool log_tail_torn = false;
};

Status ReadTotals(Inspector* inspector, Totals* totals);

void WriteTotals(const Totals& totals, JsonWriter* json);

}  // namespace tallystone::tool
