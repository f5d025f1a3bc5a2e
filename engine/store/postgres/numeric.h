// PostgreSQL's `numeric` in binary, for whole numbers of up to 128 bits.
//
//   i16 digits | i16 weight | u16 sign (0, 0x4000 negative) | u16 decimals shown (0)
//   | digits x i16 of base 10000, the first times 10000^weight. All big-endian.
//
// Zeros at the end are left out; zero has no digits at all.
#pragma once

#include <string>
#include <string_view>

#include "tallystone/decimal.h"

namespace tallystone::postgres {

// Appends to *out.
void EncodeNumeric(Int128 value, std::string* out);
// False if it is not a whole number of 128 bits. Safe on any bytes.
bool DecodeNumeric(std::string_view bytes, Int128* value);

}  // namespace tallystone::postgres
