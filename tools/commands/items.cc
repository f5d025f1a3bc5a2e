// tallystone items: the catalogue.
#include "commands/items.h"

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
  std::unique_ptr<Cursor<ItemInfo>> cursor;
  if (const Status s = inspector->NewItemCursor(options.filter, &cursor); !s.ok()) {
    return Fail(s);
  }
  const std::vector<Column> columns = {
      {"tenant", Kind::kText},      {"item", Kind::kCount}, {"code", Kind::kText},
      {"description", Kind::kText}, {"gtin", Kind::kText},  {"unit", Kind::kText},
  };
  return ListRecords(
      options, {"items", inspector->as_of_lsn()}, columns, cursor.get(),
      [&](const ItemInfo& info) {
        return items.Passes(info.code, info.item) &&
               (!by_lines || touched.HasItem(info.tenant, info.item));
      },
      [](const ItemInfo& info, std::vector<std::string>* row) {
        *row = {info.tenant, std::to_string(info.item), info.code, info.description, info.gtin,
                info.unit};
      });
}

}  // namespace

void AddItemsCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("items", "List the items, or show one");
  command->require_subcommand(0, 1);
  command->footer(
      "Examples:\n"
      "  tallystone items --db stock.db --tenant acme\n"
      "  tallystone items --db stock.db --batch invoice/42\n"
      "  tallystone items show WID-10 --db stock.db --tenant acme\n"
      "  tallystone items --db stock.db --format ndjson");
  auto options = std::make_shared<ListOptions>();
  AddListOptions(command, {.shown = "items", .item = true, .batch = true, .range = true},
                 options.get());
  // `items show` has its own; the list asks for it below.
  CLI::Option* database = command->get_option("--db")->required(false);
  AddItemsShowCommand(command, chosen);
  command->callback([=] {
    if (!command->get_subcommands().empty()) {
      return;
    }
    if (database->empty()) {
      throw CLI::RequiredError("--db");
    }
    chosen->run = [=] { return Run(*options); };
  });
}

}  // namespace tallystone::tool
