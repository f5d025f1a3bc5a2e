// tallystone inventory: what is on hand.
#include "commands/touched.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

ExitCode Run(ListOptions options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  options.if_none = [&, asked = options.filter] { return CheckNamed(inspector.get(), asked); };
  Touched touched;
  bool by_lines = false;
  if (const Status s = CollectItems(inspector.get(), &options, &touched, &by_lines); !s.ok()) {
    return Fail(s);
  }
  const ItemFilter items = TakeItemFilter(&options.filter);
  std::unique_ptr<Cursor<Balance>> cursor;
  if (const Status s = inspector->NewBalanceCursor(options.filter, &cursor); !s.ok()) {
    return Fail(s);
  }
  const std::vector<Column> columns = {
      {"tenant", Kind::kText},     {"code", Kind::kText},     {"description", Kind::kText},
      {"on_hand", Kind::kDecimal}, {"value", Kind::kDecimal}, {"lines", Kind::kCount},
      {"last_time", Kind::kText},  {"item", Kind::kCount},    {"last_lsn", Kind::kCount},
  };
  return ListRecords(
      options, {"inventory", inspector->as_of_lsn()}, columns, cursor.get(),
      [&](const Balance& balance) {
        return items.Passes(balance.item.code, balance.item.item) &&
               (!by_lines || touched.HasItem(balance.item.tenant, balance.item.item));
      },
      [](const Balance& balance, std::vector<std::string>* row) {
        *row = {balance.item.tenant,
                balance.item.code,
                balance.item.description,
                balance.on_hand.ToString(),
                balance.value.ToString(),
                std::to_string(balance.lines),
                balance.last_time,
                std::to_string(balance.item.item),
                std::to_string(balance.last_lsn)};
      });
}

}  // namespace

void AddInventoryCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("inventory", "Show what is on hand, per item");
  command->footer(
      "--batch, --from and --to choose items; what is shown of them is what is on hand now.\n"
      "Examples:\n"
      "  tallystone inventory --db stock.db\n"
      "  tallystone inventory --db stock.db --tenant acme --code WID-10\n"
      "  tallystone inventory --db stock.db --from 2026-11-24\n"
      "  tallystone inventory --db stock.db --format csv > inventory.csv");
  auto options = std::make_shared<ListOptions>();
  AddListOptions(command, {.shown = "items", .item = true, .batch = true, .range = true},
                 options.get());
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
