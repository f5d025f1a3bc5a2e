#include "endless_lines.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace tallystone::bench {
namespace {

constexpr uint64_t kLinesAtOnce = 1'000'000;
// Batches that are made ahead, so that the clock is read now and then only.
constexpr uint64_t kBatchesAhead = 64;

}  // namespace

Status EndlessLines::Feed(uint64_t lines, double* seconds,
                          const std::function<Status(const Batch&)>& take) {
  for (uint64_t fed = 0; fed < lines; ++million_) {
    const uint64_t count = std::min(kLinesAtOnce, lines - fed);
    const Workload workload(spec_, seed_ + million_, count, 0);
    WorkBatch made;
    for (uint64_t number = 0; number < workload.Batches(count);) {
      std::vector<Batch> ahead;
      for (; ahead.size() < kBatchesAhead && number < workload.Batches(count); ++number) {
        workload.GetBatch(number, count, &made);
        Batch& batch =
            ahead.emplace_back("default", std::to_string(seed_ + million_) + "-" + made.id);
        for (const WorkLine& line : made.lines) {
          batch.Add({.code = line.code, .quantity = line.quantity, .unit_cost = line.unit_cost});
        }
      }
      const auto start = std::chrono::steady_clock::now();
      for (const Batch& batch : ahead) {
        Status status = take(batch);
        if (!status.ok()) {
          return status;
        }
      }
      *seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    fed += count;
  }
  return Status::Ok();
}

Status IngestAll(Engine* engine, const Batch& batch) {
  IngestOptions options;
  options.line_results = false;
  BatchResult result;
  Status status = engine->Ingest(options, batch, &result);
  return status.ok() && result.items_failed > 0
             ? Status::Rejected("batch " + batch.id() + " has failed lines")
             : status;
}

}  // namespace tallystone::bench
