// How to reach a server, as text: with connection.cc the only files that know libpq.
#pragma once

#include <string>

#include "tallystone/status.h"

namespace tallystone::postgres {

// What `connection` (pairs or a URL) says, as "name=value" pairs in libpq's order, without
// passwords. kInvalidArgument with libpq's words, from which a password is left out, too.
Status WithoutPassword(const std::string& connection, std::string* shown);

}  // namespace tallystone::postgres
