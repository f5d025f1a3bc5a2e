#include "parse_command.h"

#include <chrono>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "import/input_file.h"
#include "measure.h"

namespace tallystone::bench {
namespace {

// What an import does with a file before it means anything: opened, its content hashed for the
// batch id, its header understood, its rows split into fields.
Status ParseFile(const std::string& path, uint64_t* rows, uint64_t* bytes) {
  const tool::HeaderRules rules((tool::ColumnNames()));
  std::unique_ptr<tool::InputFile> file;
  Status status = tool::InputFile::Open(path, {}, &rules, &file);
  std::unique_ptr<tool::RowReader> reader;
  if (status.ok()) {
    status = file->OpenRows(&reader);
  }
  if (!status.ok()) {
    return status;
  }
  tool::Row row;
  while (reader->Next(&row)) {
    ++*rows;
  }
  *bytes = file->bytes_done();
  return reader->status();
}

}  // namespace

int RunParseCommand(int argc, char** argv) {
  CLI::App app(
      "Reads a file of lines (CSV or JSON lines) as an import does, and does nothing with "
      "them.",
      "tallystone-bench parse");
  std::string path;
  app.add_option("FILE", path, "the file")->required();
  int code = 0;
  if (!Parse(&app, argc, argv, &code)) {
    return code;
  }
  uint64_t rows = 0, bytes = 0;
  const auto start = std::chrono::steady_clock::now();
  const Status status = ParseFile(path, &rows, &bytes);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!status.ok()) {
    fmt::print(stderr, "tallystone-bench: {}\n", status.message());
    return kFailed;
  }
  fmt::print("{} rows, {} bytes, {:.4f} s: {:.0f} rows/s, {:.0f} MB/s\n", rows, bytes, seconds,
             static_cast<double>(rows) / seconds, static_cast<double>(bytes) / seconds / 1e6);
  return 0;
}

}  // namespace tallystone::bench
