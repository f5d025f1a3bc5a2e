// What the commands say of the state of a log: one wording for all.
#pragma once

#include <string>
#include <vector>

#include "commands/list.h"
#include "tallystone/log_inspector.h"

namespace tallystone::tool {

// Batches whose records stand behind what cannot be read.
const std::vector<Column>& StrandedColumns();
void FillStranded(const StrandedBatch& batch, std::vector<std::string>* row);

// The fields that every JSON answer about a log has: state, meaning, what is usable, what is not.
void WriteLogState(const LogReport& report, JsonWriter* json);

// Each place that cannot be read, on two lines.
std::string DamageText(const LogReport& report);

// Reads the log of a database. An error: it cannot be judged.
Status JudgeLog(const std::string& database, LogReport* report);

}  // namespace tallystone::tool
