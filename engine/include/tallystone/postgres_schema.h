// The schema of a store in PostgreSQL, as text.
#pragma once

#include <string>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone {

// The statements that make the schema `tallystone` on a server of this dialect ("postgresql",
// "citus", "cockroachdb" or "yugabytedb"), each ended by ";\n". An engine that may make schemas
// runs them itself; where it may not, who may runs them before. kInvalidArgument: there is no such
// dialect, or this library was built without PostgreSQL.
Status PostgresSchemaText(std::string_view dialect, std::string* text);

}  // namespace tallystone
