// XXH3: the checksum of everything we write and the hash of everything we look up. Protects against
// damage and mistakes, not against an adversary.
#pragma once

#include <cstdint>
#include <string_view>

#include "tallystone/decimal.h"

namespace tallystone {

uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);
UInt128 Hash128(std::string_view bytes, uint64_t seed = 0);

// Hash64 of two pieces as if they stood together.
uint64_t Hash64(std::string_view first, std::string_view second, uint64_t seed);

}  // namespace tallystone
