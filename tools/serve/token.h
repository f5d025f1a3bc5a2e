// Token: the secret in the address of a served page.
#pragma once

#include <string>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone::tool {

// 32 hexadecimal digits: 128 random bits from the operating system.
Status MakeToken(std::string* token);

// Takes the same time wherever the two differ.
bool SameToken(std::string_view given, std::string_view token);

}  // namespace tallystone::tool
