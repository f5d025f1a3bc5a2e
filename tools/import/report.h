// ImportReport: what became of an import as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "output/sink.h"
#include "process/exit_code.h"
#include "tallystone/batch.h"
#include "tallystone/engine.h"

namespace tallystone::tool {

struct ImportReport {
  struct FailedRow {
    std::string file;
    uint64_t row = 0;
    std::string code;
    std::string_view error;
    uint64_t number = 0;  // among all rows of the import, from 1
  };
  struct File {
    std::string name;
    std::string batch;  // empty when a column names the batches
    uint64_t lines = 0;
  };

  std::vector<File> files;
  // processed + failed + refused = lines
  uint64_t lines = 0;
  uint64_t items_processed = 0;
  uint64_t items_failed = 0;   // dead letters
  uint64_t lines_refused = 0;  // of batches that were refused whole
  uint64_t by_outcome[kOutcomeCount] = {};
  std::vector<FailedRow> failed_items;  // the first limits::kFailedItemsInResultMax
  uint64_t batches = 0;                 // that the lines above are of
  uint64_t batches_unfinished = 0;      // of these: the import ended before
  uint64_t batches_refused = 0;
  uint64_t batches_resent = 0;     // finished before
  uint64_t batches_continued = 0;  // unfinished before
  std::unordered_set<std::string> tenants;
  uint64_t lines_logged = 0;  // new in the log by this import
  uint64_t items_created = 0;
  uint64_t store_rejected = 0;  // accepted first, then refused by the store
  uint64_t lsn = 0;
  double seconds = 0;
  bool dry_run = false;
  bool interrupted = false;

  [[nodiscard]] BatchStatus status() const;
  // Of an import that came to its end.
  [[nodiscard]] ExitCode exit_code() const;
  // Every line was in the database before.
  [[nodiscard]] bool nothing_new() const;
};

// For people.
void WriteSummary(const ImportReport& report, Sink* sink);
// One JSON object.
void WriteJsonReport(const ImportReport& report, Sink* sink);

}  // namespace tallystone::tool
