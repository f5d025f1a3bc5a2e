// BatchesReport: the batches of a database, the latest of them one by one.
#pragma once

#include <cstdint>
#include <vector>

#include "output/json.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

struct BatchesReport {
  uint64_t total = 0;
  uint64_t unfinished = 0;
  uint64_t success = 0;
  uint64_t partial_success = 0;
  uint64_t failed = 0;
  // The latest, and the latest that are unfinished or have failed lines; the latest first.
  std::vector<BatchInfo> rows;
};

// Reads the sums of every batch; `rows` has at most 2 x rows_max.
Status CollectBatches(Inspector* inspector, size_t rows_max, BatchesReport* report);

void WriteBatches(const BatchesReport& report, JsonWriter* json);

}  // namespace tallystone::tool
