// Dialects: what the servers that speak PostgreSQL's protocol do differently. A table, no branches
// elsewhere. Every statement stays within what all of them know (docs/backends.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone {

// The values are part of no format; the name is stored.
enum class Dialect : uint8_t {
  kAuto = 0,  // asked of the server
  kPostgresql = 1,
  kCitus = 2,
  kCockroach = 3,
  kYugabyte = 4,
};
inline constexpr uint8_t kDialectMax = 4;

namespace postgres {

struct DialectTraits {
  Dialect dialect;
  std::string_view name;
  // Rows come as arrays, one parameter a column; else as VALUES, one parameter a value.
  bool unnest;
  size_t parameters_max;  // of one statement
  // Rows of one statement. Beyond some thousands only memory grows.
  size_t rows_per_statement;
  // A window has at most so many lines, or its transactions get too large for the server.
  uint64_t window_lines_advised;
  // A share with so many lines brings them by COPY, in the same transaction: cheaper for the
  // server, three round trips dearer. 0 = never.
  size_t copy_lines_min;
  bool collate_c;        // texts of keys need COLLATE "C" to be ordered by their bytes
  bool fillfactor;       // WITH (fillfactor) leaves room for updates in place
  bool external_blocks;  // ALTER .. SET STORAGE EXTERNAL: blocks are not compressed a second time
  bool comments;         // COMMENT ON
  bool distribute;       // create_distributed_table
  bool plan_settings;    // has the settings of kPlanSettings
  bool schema_in_transaction;  // all of the schema, or none of it
  bool table_sizes;            // pg_total_relation_size tells all that a table takes
};

// Not for kAuto.
const DialectTraits& TraitsOf(Dialect dialect);

// From the words of `SELECT version()` and whether the extension citus is there.
Dialect DialectOfServer(std::string_view version, bool has_citus);

}  // namespace postgres
}  // namespace tallystone
