#include "peers/duckdb_library.h"

#include <dlfcn.h>

#include <cstdlib>

namespace tallystone::bench {
namespace {

Status LoadInto(DuckdbLibrary* library) {
  const char* named = std::getenv("TALLYSTONE_DUCKDB");
  const char* path = named != nullptr ? named : "libduckdb.so";
  void* handle = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return Status::Unavailable(
        named != nullptr ? std::string("TALLYSTONE_DUCKDB cannot be loaded: ") + ::dlerror()
                         : "Debian 12 has no package of it; TALLYSTONE_DUCKDB=/path/libduckdb.so "
                           "names one");
  }
  std::string missing;
  const auto find = [&](auto* function, const char* name) {
    void* symbol = ::dlsym(handle, name);
    *function = reinterpret_cast<std::remove_pointer_t<decltype(function)>>(symbol);
    if (symbol == nullptr) {
      missing += std::string(" ") + name;
    }
  };
  find(&library->open, "duckdb_open");
  find(&library->close, "duckdb_close");
  find(&library->connect, "duckdb_connect");
  find(&library->disconnect, "duckdb_disconnect");
  find(&library->query, "duckdb_query");
  find(&library->result_error, "duckdb_result_error");
  find(&library->destroy_result, "duckdb_destroy_result");
  find(&library->row_count, "duckdb_row_count");
  find(&library->value_varchar, "duckdb_value_varchar");
  find(&library->free, "duckdb_free");
  find(&library->appender_create, "duckdb_appender_create");
  find(&library->appender_end_row, "duckdb_appender_end_row");
  find(&library->appender_flush, "duckdb_appender_flush");
  find(&library->appender_destroy, "duckdb_appender_destroy");
  find(&library->append_int64, "duckdb_append_int64");
  find(&library->append_hugeint, "duckdb_append_hugeint");
  find(&library->append_varchar_length, "duckdb_append_varchar_length");
  return missing.empty() ? Status::Ok()
                         : Status::Unavailable(std::string(path) + " lacks" + missing);
}

}  // namespace

Status DuckdbLibrary::Load(const DuckdbLibrary** library) {
  static DuckdbLibrary loaded;
  static const Status status = LoadInto(&loaded);
  *library = &loaded;
  return status;
}

}  // namespace tallystone::bench
