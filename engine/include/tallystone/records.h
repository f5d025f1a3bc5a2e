// What the engine keeps, as callers see it.
#pragma once

#include <cstdint>
#include <string>

#include "tallystone/batch.h"
#include "tallystone/decimal.h"
#include "tallystone/outcome.h"

namespace tallystone {

// An item by its tenant and code, or (code empty) by its number within the tenant.
struct ItemKey {
  std::string tenant;
  std::string code;
  uint32_t item = 0;
};

struct ItemInfo {
  std::string tenant;
  uint32_t item = 0;        // number within the tenant, from 1, in the order the items were made
  std::string code;         // empty if the item was made from a description
  std::string description;  // the first that was not empty
  std::string gtin;
  std::string unit;
};

// The balance of an item: the exact sum of its transactions (law L4).
struct Balance {
  ItemInfo item;
  QuantitySum on_hand;
  ValueSum value;         // sum of quantity x unit cost
  uint64_t lines = 0;     // transactions
  uint64_t last_lsn = 0;  // the last chunk it contains
  std::string last_time;  // of the last line that had one
};

// A line that was booked.
struct Transaction {
  std::string tenant;
  std::string batch;
  uint64_t line = 0;
  uint64_t lsn = 0;
  uint32_t item = 0;
  DecidedBy decided_by = DecidedBy::kNone;
  Decimal quantity;
  Decimal unit_cost;
  std::string code;         // of its item
  std::string description;  // as the line had it
  std::string vendor, gtin, unit, document, time, line_id, vendor_code;
};

// A batch, as far as it is logged.
struct BatchInfo {
  std::string tenant;
  std::string batch;
  uint64_t lines = 0;
  uint64_t items_processed = 0;  // booked, now
  // Failed, now: a retry that booked a line moves it to items_processed.
  uint64_t items_failed = 0;
  // Lines accepted by a retry; one that the store then refused is in items_failed, too.
  uint64_t retried = 0;
  uint64_t dropped = 0;  // dead letters that a person dropped
  uint64_t first_lsn = 0;
  uint64_t last_lsn = 0;
  uint64_t accepted_at_us = 0;  // microseconds since 1970 UTC, when its first chunk was logged
  bool finished = false;

  // Of the lines so far.
  [[nodiscard]] BatchStatus status() const;
};

struct DeadLetterKey {
  std::string tenant;
  std::string batch;
  uint64_t line = 0;
};

// A line that could not be booked, kept whole.
struct DeadLetter {
  DeadLetterKey key;
  Outcome cause = Outcome::kAccepted;
  std::string detail;     // the store's words, what was left out; often empty
  uint32_t attempts = 0;  // 1 = failed once
  uint64_t lsn = 0;       // of the chunk that failed it last
  uint64_t failed_at_us = 0;
  // As received; numbers that were handed over as Decimals are written as text. `raw` is the whole
  // row of a line that could not be split into fields.
  std::string code, description, quantity, unit_cost, vendor, gtin, unit, document, time, line_id,
      raw, vendor_code;
};

}  // namespace tallystone
