// Columns and cells of records that several commands show.
#pragma once

#include <string>
#include <vector>

#include "output/records.h"
#include "tallystone/tallystone.h"

namespace tallystone::tool {

const std::vector<Column>& TransactionColumns();
void FillTransaction(const Transaction& line, std::vector<std::string>* row);

const std::vector<Column>& BatchColumns();
void FillBatch(const BatchInfo& batch, std::vector<std::string>* row);

// "" for 0.
std::string NumberOrNothing(uint64_t number);

}  // namespace tallystone::tool
