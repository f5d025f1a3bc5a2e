// DifferenceFromModel: does an engine hold exactly what the slow program booked?
#pragma once

#include <string>

#include "engine_support/ledger_model.h"
#include "tallystone/engine.h"

namespace tallystone::testing {

// Balances (scanned and one by one), transactions, dead letters and batches, compared with the
// model; the first difference, or "" if there is none. The caller has synced the engine.
std::string DifferenceFromModel(Engine* engine, const LedgerModel& model);

}  // namespace tallystone::testing
