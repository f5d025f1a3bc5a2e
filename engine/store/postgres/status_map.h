// What a server answers to tallystone::Status, by what helps (store.h).
//
//   repeat            40001 serialization, 40P01 deadlock, 55P03 lock timeout, 25P03 idle too
//                     long, 57014 cancelled                                          kTryAgain
//   the environment   08xxx connection, 53xxx resources, 57Pxx shutdown, 25006 read-only,
//                     55xxx object state, 58xxx the server's system, XXxxx its bugs  kUnavailable
//                     53100 disk full                                                kNoSpace
//                     28xxx, 3Dxxx, 42501 the login                                  kUnavailable
//                     42xxx, 3Fxxx other than that: the schema is not ours kFormatMismatch
//   the data          22xxx, 23xxx constraints, 54xxx limits, 44000, P0001           kRejected
//
// A lost connection is kTryAgain while something was under way: whether it happened is asked with
// the next attempt, which changes nothing if it did.
#pragma once

#include <string>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone::postgres {

// What a server says of a statement that failed.
struct SqlError {
  std::string state;  // five characters
  std::string message, detail, constraint, table;
  std::string function;  // "PL/pgSQL function f() line 1 at RAISE"; "" = none of those raised it
};

StatusCode CodeOfSqlState(std::string_view state);

// "<doing>: <message> (<detail>) [constraint <constraint> of <table>, SQLSTATE <state>]". What is
// kRejected has no detail: it holds the row's numbers, and is to read alike for all rows that one
// constraint or trigger refuses.
Status MapSqlError(const SqlError& error, std::string_view doing);

// The same for statements that bring no data: nothing is kRejected.
Status MapReadError(const SqlError& error, std::string_view doing);

// True if the connection that said so is of no more use: another server may have to be found.
bool EndsConnection(std::string_view state);

}  // namespace tallystone::postgres
