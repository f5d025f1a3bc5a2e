// EngineChunks: chunk payloads as the engine makes them, without the rest of the engine.
#pragma once

#include <string>

#include "catalog/tenant_catalogue.h"
#include "model/chunk.h"
#include "workload.h"

namespace tallystone::bench {

class EngineChunks {
 public:
  // Maps the lines of `batch` and makes its only chunk; at most limits::kChunkLinesMax lines.
  // Batches must come in order, as they say what is new in the catalogue. Valid until the next
  // call, and no longer than *batch.
  const Chunk& MapBatch(const WorkBatch& batch);

  // The payload of that chunk.
  std::string Encode(const WorkBatch& batch);

 private:
  TenantCatalogue catalogue_;
  Chunk chunk_;
  bool first_ = true;
};

// What CheckLine is given for `line`, and what it answers.
RawLine RawLineOf(const WorkLine& line);

}  // namespace tallystone::bench
