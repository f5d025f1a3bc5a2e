// tallystone transactions: the lines that were booked.
#include "commands/list.h"
#include "commands/rows.h"

namespace tallystone::tool {
namespace {

ExitCode Run(ListOptions options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  options.if_none = [&, asked = options.filter] { return CheckNamed(inspector.get(), asked); };
  if (const Status s = options.range.Resolve(inspector.get(), &options.filter); !s.ok()) {
    return Fail(s);
  }
  const ItemFilter items = TakeItemFilter(&options.filter);
  std::unique_ptr<Cursor<Transaction>> cursor;
  if (const Status s = inspector->NewTransactionCursor(options.filter, &cursor); !s.ok()) {
    return Fail(s);
  }
  return ListRecords(
      options, {"transactions", inspector->as_of_lsn()}, TransactionColumns(), cursor.get(),
      [&](const Transaction& line) { return items.Passes(line.code, line.item); }, FillTransaction);
}

}  // namespace

void AddTransactionsCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("transactions", "List the lines that were booked");
  command->footer(
      "Examples:\n"
      "  tallystone transactions --db stock.db --tenant acme --code WID-10\n"
      "  tallystone transactions --db stock.db --from 2026-11-24T22:00:00 --to 2026-11-25\n"
      "  tallystone transactions --db stock.db --batch invoice/42 --format csv");
  auto options = std::make_shared<ListOptions>();
  AddListOptions(command, {.item = true, .batch = true, .range = true}, options.get());
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
