// RandomHistory: batches of all kinds, resends, other content, interrupted batches, retries, drops,
// reopening; compared all the time with the slow program (LedgerModel).
#pragma once

#include <cstdint>
#include <string>

#include "engine_support/engine_place.h"

namespace tallystone::testing {

// Plays so many steps of the history of `seed`, closes the engine, and gives the state digest,
// which is the same at every place. Differences are failures of the test.
std::string PlayHistory(uint64_t seed, int steps, EnginePlace* place);

}  // namespace tallystone::testing
