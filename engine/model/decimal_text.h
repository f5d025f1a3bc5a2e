// Reading decimals where more than Decimal::Parse says is needed.
#pragma once

#include <cstdint>
#include <string_view>

#include "tallystone/decimal.h"

namespace tallystone {

// As Decimal::Parse, in millionths. After kInexact *units is the number cut to 6 decimals (towards
// zero), so that a limit can be checked; after kSyntax and kOutOfRange it is unchanged.
DecimalError ParseUnits(std::string_view text, int64_t* units);

}  // namespace tallystone
