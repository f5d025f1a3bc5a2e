// tallystone transactions: the lines that were booked.
#include "commands/list.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

const std::vector<Column>& Columns() {
  static const std::vector<Column> columns = {
      {"tenant", Kind::kText},      {"batch", Kind::kText},       {"line", Kind::kCount},
      {"lsn", Kind::kCount},        {"item", Kind::kCount},       {"code", Kind::kText},
      {"description", Kind::kText}, {"quantity", Kind::kDecimal}, {"unit_cost", Kind::kDecimal},
      {"decided_by", Kind::kText},  {"vendor", Kind::kText},      {"gtin", Kind::kText},
      {"unit", Kind::kText},        {"document", Kind::kText},    {"time", Kind::kText},
      {"line_id", Kind::kText},     {"vendor_code", Kind::kText},
  };
  return columns;
}

void FillCells(const Transaction& line, std::vector<std::string>* row) {
  *row = {line.tenant,
          line.batch,
          std::to_string(line.line),
          std::to_string(line.lsn),
          std::to_string(line.item),
          line.code,
          line.description,
          line.quantity.ToString(),
          line.unit_cost.ToString(),
          std::string(DecidedByName(line.decided_by)),
          line.vendor,
          line.gtin,
          line.unit,
          line.document,
          line.time,
          line.line_id,
          line.vendor_code};
}

ExitCode Run(ListOptions options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  const ItemFilter items = TakeItemFilter(&options.filter);
  std::unique_ptr<Cursor<Transaction>> cursor;
  if (const Status s = inspector->NewTransactionCursor(options.filter, &cursor); !s.ok()) {
    return Fail(s);
  }
  return ListRecords(
      options, {"transactions", inspector->as_of_lsn()}, Columns(), cursor.get(),
      [&](const Transaction& line) { return items.Passes(line.code, line.item); }, FillCells);
}

}  // namespace

void AddTransactionsCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("transactions", "List the lines that were booked");
  command->footer(
      "Examples:\n"
      "  tallystone transactions --db stock.db --tenant acme --code WID-10\n"
      "  tallystone transactions --db stock.db --batch invoice/42 --format csv");
  auto options = std::make_shared<ListOptions>();
  AddListOptions(command, {.item = true, .batch = true}, options.get());
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
