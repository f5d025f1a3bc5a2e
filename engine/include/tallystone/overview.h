// DatabaseOverview: the state of a database, seen cheaply from another process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tallystone/outcome.h"
#include "tallystone/records.h"

namespace tallystone {

struct OverviewOptions {
  // Batches, dead letters and tenants that are looked at, of each at most this many; where there
  // are more, their counts are estimates.
  uint64_t records_max = 100'000;
  // Lines of chunks behind this LSN are counted in `lines_since`. The default counts none.
  uint64_t since_lsn = UINT64_MAX;
};

// A number that may be an estimate: then it was scaled up from the part that was looked at.
struct Count {
  uint64_t value = 0;
  bool exact = true;
};

struct FamilySize {
  std::string name;    // of the column family, or of a server's table
  uint64_t bytes = 0;  // of its sorted files; of the table with its indexes
};

struct DatabaseOverview {
  std::string database_id;     // 32 hex digits: another database at the same path has another
  uint64_t as_of_lsn = 0;      // everything up to here is in the answers
  uint64_t applied_lsn = 0;    // of which this much is in the store (the marker)
  uint64_t log_first_lsn = 0;  // 0 = the log is empty
  uint64_t log_last_lsn = 0;
  uint64_t read_at_us = 0;  // wall clock, microseconds since 1970 UTC

  // The tail: chunks in the log that are not in the store.
  uint64_t tail_chunks = 0;
  uint64_t tail_lines = 0;
  uint64_t tail_bytes = 0;         // of their payloads
  uint64_t tail_oldest_at_us = 0;  // when the oldest of them was logged; 0 = there is none
  uint64_t lines_since = 0;        // behind OverviewOptions::since_lsn

  bool replay_unfinished = false;  // a key replay was interrupted, or is under way
  uint64_t replay_keys_done = 0;
  bool log_tail_torn = false;  // the log ends in a record that was never acknowledged

  uint64_t tenants = 0;
  Count items;
  Count batches;
  Count batches_unfinished;
  Count transactions;  // lines booked
  Count dead_letters;
  uint64_t dead_letters_by_cause[kOutcomeCount] = {};  // exact if dead_letters is
  // The one that failed first, of those looked at. Its cause is kAccepted if there is none.
  DeadLetterKey oldest_dead_letter;
  Outcome oldest_dead_letter_cause = Outcome::kAccepted;
  uint64_t oldest_dead_letter_at_us = 0;  // when it failed (last)

  uint64_t log_bytes = 0;            // on disk
  uint64_t store_bytes = 0;          // on disk, all files; of all servers together
  bool store_size_known = true;      // false: a server does not tell, and store_bytes is 0
  std::vector<FamilySize> families;  // part of store_bytes
};

}  // namespace tallystone
