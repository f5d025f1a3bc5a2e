// The options of `tallystone import`.
#pragma once

#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "import/header.h"
#include "import/input_file.h"
#include "tallystone/options.h"

namespace tallystone::tool {

struct ImportOptions {
  std::vector<std::string> files;
  std::string database_file;  // an export of a whole database, instead of files
  std::string database;
  std::vector<std::string> servers;  // empty: as the database has it
  std::string tenant = "default";
  std::string batch;  // empty: from the content of each file, or from a column
  ColumnNames columns;
  InputOptions input;
  UnknownItemPolicy unknown_items = UnknownItemPolicy::kCreate;
  MappingMode mapping = MappingMode::kOfTenant;
  bool dry_run = false;
  std::string outcomes;  // empty = none
  std::string metrics;   // empty = none
  bool spreadsheet_safe = false;
  bool json = false;
  uint64_t open_batches = 1'000'000;
};

void AddMappingOption(CLI::App* command, MappingMode* mapping);

void AddImportOptions(CLI::App* command, ImportOptions* options);

// What single options cannot tell; throws CLI::ValidationError, so only within CLI11's parsing.
void CheckImportOptions(const CLI::App& command, ImportOptions* options);

}  // namespace tallystone::tool
