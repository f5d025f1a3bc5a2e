// What a database is made of, and the settings in effect.
#pragma once

#include <vector>

#include "store/rocks/database.h"
#include "tallystone/setting.h"

namespace tallystone::rocks {

// Appends to *settings.
Status Describe(const Database& database, std::vector<Setting>* settings);

}  // namespace tallystone::rocks
