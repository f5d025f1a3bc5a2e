// tallystone batches, tallystone batch show: what was sent, and what became of it.
#include "commands/list.h"
#include "output/json.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

const std::vector<Column>& BatchColumns() {
  static const std::vector<Column> columns = {
      {"tenant", Kind::kText},        {"batch", Kind::kText},     {"status", Kind::kText},
      {"finished", Kind::kBool},      {"lines", Kind::kCount},    {"items_processed", Kind::kCount},
      {"items_failed", Kind::kCount}, {"retried", Kind::kCount},  {"dropped", Kind::kCount},
      {"first_lsn", Kind::kCount},    {"last_lsn", Kind::kCount}, {"accepted_at", Kind::kText},
  };
  return columns;
}

void FillBatch(const BatchInfo& batch, std::vector<std::string>* row) {
  *row = {batch.tenant,
          batch.batch,
          std::string(BatchStatusName(batch.status())),
          batch.finished ? "true" : "false",
          std::to_string(batch.lines),
          std::to_string(batch.items_processed),
          std::to_string(batch.items_failed),
          std::to_string(batch.retried),
          std::to_string(batch.dropped),
          std::to_string(batch.first_lsn),
          std::to_string(batch.last_lsn),
          UtcTime(batch.accepted_at_us)};
}

struct BatchesOptions : ListOptions {
  bool unfinished = false;
};

ExitCode RunBatches(const BatchesOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  std::unique_ptr<Cursor<BatchInfo>> cursor;
  if (const Status s = inspector->NewBatchCursor(options.filter, &cursor); !s.ok()) {
    return Fail(s);
  }
  return ListRecords(
      options, {"batches", inspector->as_of_lsn()}, BatchColumns(), cursor.get(),
      [&](const BatchInfo& batch) { return !options.unfinished || !batch.finished; }, FillBatch);
}

// Lines of one batch as records.
ExitCode ShowLines(const ListOptions& options, Inspector* inspector, const BatchInfo& batch) {
  std::vector<LineResult> results;
  if (const Status s = inspector->GetLineResults(batch.tenant, batch.batch, &results); !s.ok()) {
    return Fail(s);
  }
  const std::vector<Column> columns = {{"line", Kind::kCount},
                                       {"outcome", Kind::kText},
                                       {"item", Kind::kCount},
                                       {"decided_by", Kind::kText}};
  Sink& sink = Sink::Stdout();
  const auto writer = NewRecordWriter(options.format, columns, {"lines", inspector->as_of_lsn()},
                                      TerminalWidth(1), &sink);
  uint64_t rows = 0;
  for (const LineResult& result : results) {
    if (sink.done() || (options.limit > 0 && rows == options.limit)) {
      break;
    }
    ++rows;
    writer->Write({std::to_string(result.line), std::string(OutcomeName(result.outcome)),
                   result.item == 0 ? std::string() : std::to_string(result.item),
                   std::string(DecidedByName(result.decided_by))});
  }
  writer->End();
  return Finish();
}

struct ShowOptions : ListOptions {
  bool lines = false;
};

ExitCode RunShow(const ShowOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  std::unique_ptr<Cursor<BatchInfo>> cursor;
  if (const Status s = inspector->NewBatchCursor(options.filter, &cursor); !s.ok()) {
    return Fail(s);
  }
  BatchInfo first;
  uint64_t found = 0;
  for (cursor->SeekToFirst(); cursor->Valid() && found < 2; cursor->Next()) {
    if (found++ == 0) {
      first = cursor->value();
    }
  }
  if (const Status s = cursor->status(); !s.ok()) {
    return Fail(s);
  }
  if (found == 0) {
    return Fail(Status::NotFound("there is no batch " + options.filter.batch));
  }
  if (!options.lines) {
    return ListRecords(
        options, {"batches", inspector->as_of_lsn()}, BatchColumns(), cursor.get(),
        [](const BatchInfo&) { return true; }, FillBatch);
  }
  if (found > 1) {
    PrintMessage("several tenants have a batch of this id: choose one with --tenant");
    return kExitUsage;
  }
  return ShowLines(options, inspector.get(), first);
}

}  // namespace

void AddBatchesCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("batches", "List the batches");
  command->footer(
      "Examples:\n"
      "  tallystone batches --db stock.db\n"
      "  tallystone batches --db stock.db --unfinished");
  auto options = std::make_shared<BatchesOptions>();
  AddListOptions(command, {.batch = true}, options.get());
  command->add_flag("--unfinished", options->unfinished,
                    "Only those that were interrupted: sent again they continue");
  command->callback([=] { chosen->run = [=] { return RunBatches(*options); }; });
}

void AddBatchCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* batch = parent->add_subcommand("batch", "Look at one batch");
  batch->require_subcommand(1);
  CLI::App* command =
      batch->add_subcommand("show", "Show a batch, or the outcome of each of its lines");
  command->footer(
      "Examples:\n"
      "  tallystone batch show invoice/42 --db stock.db\n"
      "  tallystone batch show invoice/42 --db stock.db --tenant acme --lines --format csv");
  auto options = std::make_shared<ShowOptions>();
  command->add_option("ID", options->filter.batch, "Batch id")->required();
  AddListOptions(command, {}, options.get());
  command->add_flag("--lines", options->lines,
                    "One row per line of the batch: its outcome and item");
  command->callback([=] { chosen->run = [=] { return RunShow(*options); }; });
}

}  // namespace tallystone::tool
