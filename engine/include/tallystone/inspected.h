// What an Inspector shows beside the records of engine.h: chunks, lines as they were received, and
// the names that mean an item.
#pragma once

#include <cstdint>
#include <string>

#include "tallystone/batch.h"

namespace tallystone {

enum class ChunkKind : uint8_t {
  kLines = 0,  // lines of a batch, as they were sent
  kRetry = 1,  // dead letters that were tried again
  kDrop = 2,   // dead letters that a person gave up
};
std::string_view ChunkKindName(ChunkKind kind);  // "lines", "retry", "drop"

// One record of the batch log, which is one block of the store.
struct ChunkInfo {
  std::string tenant;
  std::string batch;
  uint64_t lsn = 0;
  ChunkKind kind = ChunkKind::kLines;
  uint64_t first_line = 0;  // of the batch, from 1
  uint64_t lines = 0;
  uint64_t accepted = 0;        // by the checks and the mapping
  uint64_t store_rejected = 0;  // of these: refused by the store
  uint64_t accepted_at_us = 0;  // microseconds since 1970 UTC
  uint64_t bytes = 0;           // of its payload
  bool first = false;           // the batch begins with it
  bool last = false;            // the batch ends with it
  bool in_log = false;          // still in the log, which is recycled once the store has it
  bool in_store = false;
};

// A line of a batch, and what became of it.
struct BatchLine {
  LineResult result;                           // now: retries and refusals of the store included
  Outcome first_outcome = Outcome::kAccepted;  // before any retry
  uint64_t lsn = 0;                            // of the chunk that it came in
  // As it was first received. Numbers of a line that was accepted are shortest exact texts ("6.5"
  // where "6.50" was sent); those of a failed line are word for word.
  std::string code, description, quantity, unit_cost, vendor, gtin, unit, document, time, line_id,
      raw, vendor_code;
};

// How a name came to mean an item.
enum class NameKind : uint8_t {
  kSeen = 0,        // a line had it: whoever sends it
  kLearned = 1,     // a person said so, or it was booked as misspelled
  kVendorCode = 2,  // the code that a vendor has for the item
  kMerged = 3,      // what means `merged_item` means this item
};
std::string_view NameKindName(NameKind kind);  // "seen", "learned", "vendor_code", "merged"

struct ItemName {
  std::string tenant;
  uint32_t item = 0;  // that it means
  NameKind kind = NameKind::kSeen;
  std::string vendor;        // whose lines it counts for; empty = everybody's
  std::string name;          // normal form of the name, or the vendor's code; empty = kMerged
  uint32_t merged_item = 0;  // of kMerged
};

}  // namespace tallystone
