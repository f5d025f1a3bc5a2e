// Snapshot: what the inspection page shows of a database at one moment, as JSON. Bounded, however
// large the database is.
#pragma once

#include <cstddef>
#include <string>

#include "report/history.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

struct SnapshotOptions {
  std::string database;
  bool full_proof = false;
  bool live = false;  // lines of batches are asked for one batch at a time, and come not with it

  size_t tenants_max = 40;
  size_t items_max = 15;     // by value, and as many by lines
  size_t batches_max = 200;  // and as many that have failed lines
  size_t letters_max = 100;  // of each cause
  size_t reviews_max = 100;
  size_t batch_lines_max = 4'000;  // that come with a snapshot that is not live
};

// *json becomes one object, whatever the answer is: a part that cannot be read is null in it, and
// `troubles` says why. OK: everything was read, and the database is sound.
Status MakeSnapshot(Inspector* inspector, const SnapshotOptions& options, History* history,
                    const ProgressFunction& progress, std::string* json);

// The same of a database that cannot be opened, for the reason `why`: every part is null, the proof
// has what is known of the damage.
void MakeSnapshotOfDamage(const SnapshotOptions& options, const Status& why, std::string* json);

// The parts that change from second to second: totals and history.
Status MakePulse(Inspector* inspector, History* history, std::string* json);

// Lines of one batch, bounded. kNotFound.
Status MakeBatchPage(Inspector* inspector, const std::string& tenant, const std::string& batch,
                     std::string* json);

}  // namespace tallystone::tool
