// Scenario: what a small program does to a database, in steps that can each be repeated.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine_support/ledger_model.h"
#include "engine_support/simulated_database.h"
#include "tallystone/engine.h"

namespace tallystone::testing {

enum class StepKind : uint8_t {
  kSend,        // a whole batch
  kSendPart,    // its first `sent` lines, synced, then the writer is dropped
  kRetry,       // the dead letter at `line`, with a quantity that can be booked
  kDrop,        // the dead letter at `line`
  kSplitBatch,  // lines of item `line` that are of `batch` go to a new item, which is `sent`
  kSplitText,   // lines of item `line` with the name of batch "names..." go to it
  kAccept,      // the lines of item `line`, which was split off, go to item `sent`
  kFlush,
  kReopen,
};

struct Step {
  StepKind kind = StepKind::kSend;
  std::string tenant = {};
  std::string batch = {};
  uint64_t lines = 0;  // of the whole batch
  uint64_t sent = 0;
  uint64_t line = 0;
  Durability level = Durability::kLogged;
};

struct Scenario {
  std::string name;
  Options options;
  std::vector<Step> steps;
  // Codes of the first tenant that the store refuses.
  std::set<uint32_t> poison_items;
};

std::vector<Scenario> CrashScenarios();

// Lines from .. to (1-based, `to` included) of a batch: the same for the same names. Every seventh
// line cannot be booked. Lines of a batch whose id begins with "names" have a name and no code.
Batch LinesOf(const std::string& tenant, const std::string& batch, uint64_t from, uint64_t to);

// A program that runs a scenario. Not thread-safe.
class ScenarioRun {
 public:
  ScenarioRun(const Scenario* scenario, SimulatedDatabase* database);

  Status Open();
  // Can be repeated after any end of an earlier try.
  Status Run(const Step& step);
  // Everything is in the store, and the engine is gone.
  Status Close();
  [[nodiscard]] Engine* engine() const { return engine_.get(); }
  // Lets go of the engine; what it still wants to write fails or not, nobody looks.
  void Abandon() { engine_.reset(); }

 private:
  const Scenario* const scenario_;
  SimulatedDatabase* const database_;
  std::unique_ptr<Engine> engine_;
};

// What must be there when the first `acknowledged` steps were, and the next one perhaps: how much
// of it, the engine is asked. "" or the first thing that is wrong.
std::string CheckAgainstModel(const Scenario& scenario, size_t acknowledged, Engine* engine);

}  // namespace tallystone::testing
