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
        ->type_name("N")
        ->check(CheckPositive);
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
  AddLimitOption(command, "At most N rows", &options->limit);
}

namespace {

// Whether the cursor has a record that `passes`.
template <typename Record, typename Passes>
Status FindAny(Cursor<Record>* cursor, const Passes& passes, bool* found) {
  *found = false;
  for (cursor->SeekToFirst(); cursor->Valid() && !*found; cursor->Next()) {
    *found = passes(cursor->value());
  }
  return cursor->status();
}

Status CheckItem(Inspector* inspector, const Filter& filter) {
  Filter of_tenant;
  of_tenant.tenant = filter.tenant;
  const ItemFilter items{filter.code, filter.item};
  std::unique_ptr<Cursor<ItemInfo>> cursor;
  bool found = false;
  Status s = inspector->NewItemCursor(of_tenant, &cursor);
  if (s.ok()) {
    s = FindAny(
        cursor.get(), [&](const ItemInfo& item) { return items.Passes(item.code, item.item); },
        &found);
  }
  if (!s.ok() || found) {
    return s;
  }
  return Status::NotFound(filter.code.empty() ? "there is no item " + std::to_string(filter.item)
                                              : "no item has the code '" + filter.code + "'");
}

Status CheckBatch(Inspector* inspector, const Filter& filter) {
  Filter of_batch;
  of_batch.tenant = filter.tenant;
  of_batch.batch = filter.batch;
  std::unique_ptr<Cursor<BatchInfo>> cursor;
  bool found = false;
  Status s = inspector->NewBatchCursor(of_batch, &cursor);
  if (s.ok()) {
    s = FindAny(
        cursor.get(), [&](const BatchInfo& batch) { return batch.batch == filter.batch; }, &found);
  }
  return !s.ok() || found ? s : Status::NotFound("there is no batch '" + filter.batch + "'");
}

}  // namespace

Status CheckNamed(Inspector* inspector, const Filter& filter) {
  if (!filter.code.empty() || filter.item != 0) {
    if (Status s = CheckItem(inspector, filter); !s.ok()) {
      return s;
    }
  }
  return filter.batch.empty() ? Status::Ok() : CheckBatch(inspector, filter);
}

ItemFilter TakeItemFilter(Filter* filter) {
  if (!filter->tenant.empty()) {
    return {};
  }
  return {std::exchange(filter->code, {}), std::exchange(filter->item, 0)};
}

void PrintRowCount(Format format, uint64_t rows, uint64_t limit, uint64_t lsn) {
  const bool table = format == Format::kTable;
  if (format == Format::kJson || (!table && (!IsTerminal(2) || IsTerminal(1)))) {
    return;
  }
  Sink::Stdout().Flush().PermitUnchecked();  // the rows come first; who finishes asks again
  if (Sink::Stdout().done()) {
    return;  // who reads them has gone
  }
  const std::string text = Counted(rows, "row") + (limit > 0 && rows == limit ? " (limit)" : "") +
                           ", as of LSN " + std::to_string(lsn) + "\n";
  std::fputs(text.c_str(), stderr);
}

}  // namespace tallystone::tool
