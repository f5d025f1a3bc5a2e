// Listing records: the frame of inventory, items, transactions, batches and dead-letters list.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/App.hpp>

#include "commands/command.h"
#include "commands/lsn_range.h"
#include "output/terminal.h"
#include "process/interrupt.h"

namespace tallystone::tool {

// The options of a listing.
struct ListOptions {
  std::string database;
  Format format = Format::kTable;
  Filter filter;
  LsnRange range;
  uint64_t limit = 0;  // 0 = all
  // Asked where there is no row: whether what the filter names is there at all. May be empty.
  std::function<Status()> if_none = nullptr;
  Sink* sink = nullptr;  // null = standard output
};

// What a listing shows, in the plural for the help ("batches"), and which filters it has besides
// --tenant.
struct ListFilters {
  std::string_view shown = "lines";
  bool item = false;   // --code, --item
  bool batch = false;  // --batch
  bool range = false;  // --from, --to
};
void AddListOptions(CLI::App* command, const ListFilters& filters, ListOptions* options);

// The item filter that is left to us: the engine asks for a tenant with a code or item; without one
// all tenants are looked through.
struct ItemFilter {
  std::string code;
  uint32_t item = 0;
  [[nodiscard]] bool Passes(const std::string& record_code, uint32_t record_item) const {
    return (code.empty() || code == record_code) && (item == 0 || item == record_item);
  }
};
// kNotFound, if the filter names an item or a batch that no tenant has (or not its tenant). Walks
// over all of them.
Status CheckNamed(Inspector* inspector, const Filter& filter);
// Takes code and item out of *filter if it has no tenant.
ItemFilter TakeItemFilter(Filter* filter);

// Records that are in memory already.
template <typename Record>
class VectorCursor final : public Cursor<Record> {
 public:
  explicit VectorCursor(std::vector<Record> records) : records_(std::move(records)) {}
  void SeekToFirst() override { next_ = 0; }
  [[nodiscard]] bool Valid() const override { return next_ < records_.size(); }
  void Next() override { ++next_; }
  [[nodiscard]] const Record& value() const override { return records_[next_]; }
  [[nodiscard]] Status status() const override { return Status::Ok(); }

 private:
  std::vector<Record> records_;
  size_t next_ = 0;
};

// Says on stderr how many rows there were, as of which LSN: behind a table always; where rows for a
// program go elsewhere, if a person reads stderr. JSON says so itself.
void PrintRowCount(Format format, uint64_t rows, uint64_t limit, uint64_t lsn);

// Prints every record that `passes` until the end, the limit or a closed output. `cells` fills the
// columns.
template <typename Record, typename Passes, typename Cells>
ExitCode ListRecords(const ListOptions& options, const Heading& heading,
                     const std::vector<Column>& columns, Cursor<Record>* cursor, Passes passes,
                     Cells cells) {
  LetSignalsEndAtOnce();
  Sink& sink = options.sink != nullptr ? *options.sink : Sink::Stdout();
  const std::unique_ptr<RecordWriter> writer =
      NewRecordWriter(options.format, columns, heading, TableWidth(), &sink);
  std::vector<std::string> row;
  uint64_t rows = 0;
  for (cursor->SeekToFirst(); cursor->Valid() && !sink.done(); cursor->Next()) {
    if (!passes(cursor->value())) {
      continue;
    }
    if (options.limit > 0 && rows == options.limit) {
      break;
    }
    row.clear();
    cells(cursor->value(), &row);
    writer->Write(row);
    ++rows;
  }
  Status s = cursor->status();
  if (s.ok()) {
    writer->End();
  }
  if (s.ok() && rows == 0 && options.if_none != nullptr) {
    s = options.if_none();
  }
  const Status flushed = sink.Flush();
  s = s.ok() ? flushed : s;
  if (!s.ok()) {
    return Fail(s);
  }
  PrintRowCount(options.format, rows, options.limit, heading.as_of_lsn.value_or(0));
  return kExitOk;
}

}  // namespace tallystone::tool
