#include "commands/list.h"

#include <cstdio>
#include <utility>

#include "output/text.h"

namespace tallystone::tool {

void AddListOptions(CLI::App* command, const ListFilters& filters, ListOptions* options) {
  const std::string only = "Only " + std::string(filters.shown);
  // What is no line itself is shown if a booked line passes.
  const std::string with = filters.shown == "lines" ? only : only + " with a booked line";
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  command->add_option("--tenant", options->filter.tenant, only + " of this tenant")
      ->type_name("NAME");
  if (filters.item) {
    const std::string whose = filters.shown == "batches" ? with : only;
    command->add_option("--code", options->filter.code, whose + " of the item with this code")
        ->type_name("CODE");
    command->add_option("--item", options->filter.item, whose + " of the item with this number")
        ->type_name("N");
  }
  if (filters.batch) {
    command
        ->add_option("--batch", options->filter.batch,
                     (filters.shown == "batches" ? only : with) + " of this batch")
        ->type_name("ID");
  }
  if (filters.range) {
    AddRangeOptions(command, filters.shown == "batches" ? only + " with a chunk" : with,
                    &options->range);
  }
  command->add_option("--limit", options->limit, "At most N rows")->type_name("N");
}

ItemFilter TakeItemFilter(Filter* filter) {
  if (!filter->tenant.empty()) {
    return {};
  }
  return {std::exchange(filter->code, {}), std::exchange(filter->item, 0)};
}

void PrintRowCount(Format format, uint64_t rows, uint64_t limit, uint64_t lsn) {
  if (format != Format::kTable || !IsTerminal(2)) {
    return;
  }
  const std::string text = Thousands(rows) + (rows == 1 ? " row" : " rows") +
                           (limit > 0 && rows == limit ? " (limit)" : "") + ", as of LSN " +
                           std::to_string(lsn) + "\n";
  std::fputs(text.c_str(), stderr);
}

}  // namespace tallystone::tool
