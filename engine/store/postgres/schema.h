// The schema `tallystone`, format 1 (docs/backends.md says what stands in it).
#pragma once

#include <string>
#include <vector>

#include "store/postgres/dialect.h"

namespace tallystone::postgres {

inline constexpr int64_t kSchemaFormat = 1;
inline constexpr int64_t kTablesAndViews = 12;

// The statements that make it, in order; each may be repeated. What a server has made of them is a
// store once the row of `version` is there.
std::vector<std::string> SchemaStatements(const DialectTraits& traits);

}  // namespace tallystone::postgres

namespace tallystone {

// The same as one text, to be read or run by a person who may create schemas where the program may
// not. Not for kAuto.
std::string PostgresSchema(Dialect dialect);

}  // namespace tallystone
