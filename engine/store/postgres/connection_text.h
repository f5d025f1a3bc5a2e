// How to reach a server, as text: with connection.cc the only files that know libpq.
#pragma once

#include <string>

#include "tallystone/status.h"

namespace tallystone::postgres {

// What `connection` (pairs or a URL) says, as "name=value" pairs in libpq's order, without
// passwords. *has_password (may be null): whether it had one. kInvalidArgument: it cannot be read;
// the message names an option that there is not, and never a value.
Status WithoutPassword(const std::string& connection, std::string* shown,
                       bool* has_password = nullptr);

}  // namespace tallystone::postgres
