// What stores that were let go of hold, proved and as one value.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

namespace tallystone::testing {

// The state digest of everything in them; "" and a failure of the test if it is not sound.
std::string SoundDigestOf(std::vector<std::unique_ptr<StoreView>> stores);

}  // namespace tallystone::testing
