// Finding, checking and making the schema of a store.
#pragma once

#include <string>

#include "store/postgres/connection.h"
#include "store/postgres/dialect.h"

namespace tallystone::postgres {

struct ServerFacts {
  std::string version;  // its own words
  std::string encoding;
  Dialect dialect = Dialect::kAuto;
};
Status ReadServerFacts(Connection* connection, ServerFacts* facts);

// kNotFound: there is none, or one whose making was interrupted; made with `create`.
// kFormatMismatch: another format, or a schema of that name that is not ours. kUnavailable: a right
// is missing to read it, or, with `writes`, to write it; says which, and who can give it.
Status OpenSchema(Connection* connection, const DialectTraits& traits, bool create, bool writes,
                  std::string* server_id);

}  // namespace tallystone::postgres
