// DuckDB's C API, loaded at run time: Debian 12 has no package of it, but a libduckdb.so of another
// source can be measured. Declared here by hand: only what the peer needs, as it has been since
// DuckDB 1.0.
#pragma once

#include <cstdint>
#include <string>

#include "tallystone/status.h"

namespace tallystone::bench {

struct DuckdbLibrary {
  using Database = void*;
  using Connection = void*;
  using Appender = void*;
  struct Result {
    uint64_t unused[3];
    void* unused_columns;
    char* unused_error;
    void* internal;
  };
  struct Hugeint {
    uint64_t lower;
    int64_t upper;
  };
  static constexpr int kSuccess = 0;

  int (*open)(const char* path, Database*);
  void (*close)(Database*);
  int (*connect)(Database, Connection*);
  void (*disconnect)(Connection*);
  int (*query)(Connection, const char* sql, Result*);
  const char* (*result_error)(Result*);
  void (*destroy_result)(Result*);
  uint64_t (*row_count)(Result*);
  char* (*value_varchar)(Result*, uint64_t column, uint64_t row);  // free with free()
  void (*free)(void*);
  int (*appender_create)(Connection, const char* schema, const char* table, Appender*);
  int (*appender_end_row)(Appender);
  int (*appender_flush)(Appender);
  int (*appender_destroy)(Appender*);
  int (*append_int64)(Appender, int64_t);
  int (*append_hugeint)(Appender, Hugeint);
  int (*append_varchar_length)(Appender, const char*, uint64_t);

  // From the file that the environment variable TALLYSTONE_DUCKDB names, or libduckdb.so of the
  // system. Loaded once. kUnavailable: there is none, and why.
  static Status Load(const DuckdbLibrary** library);
};

}  // namespace tallystone::bench
