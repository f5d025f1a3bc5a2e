// tallystone batches: what was sent, and what became of it.
#include "commands/rows.h"
#include "commands/touched.h"

namespace tallystone::tool {
namespace {

struct BatchesOptions : ListOptions {
  bool unfinished = false;
  bool failed = false;
};

ExitCode Run(BatchesOptions options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  options.if_none = [&, asked = options.filter] { return CheckNamed(inspector.get(), asked); };
  if (const Status s = options.range.Resolve(inspector.get(), &options.filter); !s.ok()) {
    return Fail(s);
  }
  Touched touched;
  bool by_item = false;
  if (const Status s = CollectBatches(inspector.get(), &options, &touched, &by_item); !s.ok()) {
    return Fail(s);
  }
  std::unique_ptr<Cursor<BatchInfo>> cursor;
  if (const Status s = inspector->NewBatchCursor(options.filter, &cursor); !s.ok()) {
    return Fail(s);
  }
  const Filter& filter = options.filter;
  return ListRecords(
      options, {"batches", inspector->as_of_lsn()}, BatchColumns(), cursor.get(),
      [&](const BatchInfo& batch) {
        return (!options.unfinished || !batch.finished) &&
               (!options.failed || batch.items_failed > batch.dropped) &&
               (!options.range.given() ||
                (batch.last_lsn >= filter.first_lsn && batch.first_lsn <= filter.last_lsn)) &&
               (!by_item || touched.HasBatch(batch.tenant, batch.batch));
      },
      FillBatch);
}

}  // namespace

void AddBatchesCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("batches", "List the batches");
  command->footer(
      "--from and --to: the stretch of the log from a batch's first chunk to its last touches the "
      "range.\n"
      "Examples:\n"
      "  tallystone batches --db stock.db\n"
      "  tallystone batches --db stock.db --from 2026-11-24 --failed\n"
      "  tallystone batches --db stock.db --unfinished");
  auto options = std::make_shared<BatchesOptions>();
  AddListOptions(command, {.shown = "batches", .item = true, .batch = true, .range = true},
                 options.get());
  command->add_flag("--unfinished", options->unfinished,
                    "Only those that were interrupted: sent again they continue");
  command->add_flag("--failed", options->failed, "Only those that have dead letters");
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
