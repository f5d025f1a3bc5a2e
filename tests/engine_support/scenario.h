// Ledger scenarios as text (tests/engine/scenarios/*.txt): one line an event, the last column what
// is expected.
//
//   line     the next line of a batch; expected: outcome, rule, item. Checked by the next `send` of
//            its batch
//   send     ingests the lines given; description = reject_unknown | whole. Expected: status
//            booked/failed, or the refusal and the line it names.
//   piece    adds the lines given by a BatchWriter that is then dropped
//   retry    a dead letter (batch/line) with corrected fields; `again` as it is; `drop`
//   letter, batch, balance   what is there; #1 = item 1
#pragma once

#include <string>
#include <vector>

#include "engine_support/engine_place.h"

namespace tallystone::testing {

struct ScenarioEvent {
  std::string verb, tenant, batch, code, gtin, description, quantity, cost, expected;
};

struct Scenario {
  std::string name;
  std::vector<ScenarioEvent> events;
};

// All of a directory.
std::vector<Scenario> ReadScenarios(const std::string& directory);

// What happens after every event: nothing, everything is drained, or the engine is opened anew, in
// order or after its store took nothing any more.
enum class AfterEvent { kNothing, kFlush, kReopen, kCrash };

// Plays it and closes the engine. What is not as expected is a failure of the test.
void PlayScenario(const Scenario& scenario, AfterEvent after, EnginePlace* place);

}  // namespace tallystone::testing
