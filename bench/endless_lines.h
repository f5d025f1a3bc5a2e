// EndlessLines: the batches of a workload without an end, in little memory: a million lines at a
// time, each with a seed of its own.
#pragma once

#include <cstdint>
#include <functional>

#include "tallystone/batch.h"
#include "tallystone/engine.h"
#include "workload.h"

namespace tallystone::bench {

class EndlessLines {
 public:
  EndlessLines(const WorkloadSpec& spec, uint64_t seed) : spec_(spec), seed_(seed) {}

  // Hands on the next `lines` lines in batches. *seconds += the time that `take` needed; making the
  // lines is not counted.
  Status Feed(uint64_t lines, double* seconds, const std::function<Status(const Batch&)>& take);

 private:
  const WorkloadSpec& spec_;
  const uint64_t seed_;
  uint64_t million_ = 0;
};

// Ingests a batch and refuses failed lines: there are none in a workload.
Status IngestAll(Engine* engine, const Batch& batch);

}  // namespace tallystone::bench
