// tallystone items: the catalogue.
#include "commands/list.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

ExitCode Run(ListOptions options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
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
      [&](const ItemInfo& info) { return items.Passes(info.code, info.item); },
      [](const ItemInfo& info, std::vector<std::string>* row) {
        *row = {info.tenant, std::to_string(info.item), info.code, info.description, info.gtin,
                info.unit};
      });
}

}  // namespace

void AddItemsCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("items", "List the items");
  command->footer(
      "Examples:\n"
      "  tallystone items --db stock.db --tenant acme\n"
      "  tallystone items --db stock.db --format ndjson");
  auto options = std::make_shared<ListOptions>();
  AddListOptions(command, {.item = true}, options.get());
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
