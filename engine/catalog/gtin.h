// GTINs: EAN-8, UPC-A, EAN-13 and GTIN-14 as one number.
#pragma once

#include <cstdint>
#include <string_view>

namespace tallystone {

// The 14 digits of a GTIN as a number. 0 = it is none: not 8 to 14 digits (blanks and hyphens
// between them do not count; leading zeros may be missing), only zeros, or with a wrong check
// digit. Then it must not decide anything: a typing error is what a check digit is for.
uint64_t ParseGtin(std::string_view text);

}  // namespace tallystone
