// Booker: where an import hands its lines to: the engine, or a preview that books nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "import/open_batches.h"
#include "tallystone/engine.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

// The engine (or preview) says no to a batch: its lines are refused, other batches go on.
bool IsRefusal(const Status& status);

// Not thread-safe.
class Booker {
 public:
  virtual ~Booker() = default;
  // Appends one result a line. A refusal (IsRefusal) concerns this batch alone.
  virtual Status Book(OpenBatch* open, const Batch& lines, std::vector<LineResult>* results) = 0;
  // What was booked is durable afterwards.
  virtual Status EndBlock() = 0;
  // No more lines come; may be a refusal.
  virtual Status Finish(OpenBatch* open, BatchResult* result) = 0;
  // The code of an item; empty if it has none or is not known.
  virtual std::string CodeOf(std::string_view tenant, uint32_t item) = 0;
};

// Neither is owned.
std::unique_ptr<Booker> NewEngineBooker(Engine* engine, const IngestOptions& options);
std::unique_ptr<Booker> NewPreviewBooker(Inspector* inspector, const IngestOptions& options);

}  // namespace tallystone::tool
