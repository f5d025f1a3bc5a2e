// Identities that no two databases share.
#pragma once

#include <cstddef>
#include <string>

#include "tallystone/status.h"

namespace tallystone {

inline constexpr size_t kRandomIdBytes = 16;

// *id becomes 16 random bytes from the operating system.
Status MakeRandomId(std::string* id);

}  // namespace tallystone
