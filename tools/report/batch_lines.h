// BatchLines: the lines of a batch with their texts and what became of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "output/json.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

struct BatchLines {
  struct Row {
    LineResult result;
    std::string code, description, quantity, unit_cost;
    std::string detail;  // of a failed line
  };
  std::string tenant;
  std::string batch;
  uint64_t total = 0;     // lines of the batch
  std::vector<Row> rows;  // by line
};

// The first lines_max lines of each batch, and beyond them the first lines_max that failed. Reads
// every chunk between the first and the last of the batches.
Status CollectBatchLines(Inspector* inspector, const std::vector<BatchInfo>& batches,
                         size_t lines_max, std::vector<BatchLines>* all);

// Of `latest` (the latest first), those whose lines are cheap to read and together at most
// lines_max.
std::vector<BatchInfo> ChooseBatches(const std::vector<BatchInfo>& latest, size_t lines_max);

void WriteBatchLines(const BatchLines& lines, JsonWriter* json);

}  // namespace tallystone::tool
