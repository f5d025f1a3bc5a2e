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
// kFormatMismatch: another format, or a schema of that name that is not ours.
Status OpenSchema(Connection* connection, const DialectTraits& traits, bool create,
                  std::string* server_id);

}  // namespace tallystone::postgres
