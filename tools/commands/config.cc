// tallystone config: what is in effect, and where it comes from.
#include "commands/list.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct ConfigOptions : ListOptions {
  bool origin = false;
};

ExitCode RunShow(const ConfigOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  std::vector<Setting> settings;
  if (const Status s = inspector->GetSettings(&settings); !s.ok()) {
    return Fail(s);
  }
  std::vector<Column> columns = {{"name", Kind::kText}, {"value", Kind::kText}};
  if (options.origin) {
    columns.push_back({"origin", Kind::kText});
  }
  VectorCursor<Setting> cursor(std::move(settings));
  return ListRecords(
      options, {"settings", inspector->as_of_lsn()}, columns, &cursor,
      [](const Setting&) { return true; },
      [&](const Setting& setting, std::vector<std::string>* row) {
        *row = {setting.name, setting.value};
        if (options.origin) {
          row->emplace_back(SettingOriginName(setting.origin));
        }
      });
}

}  // namespace

void AddConfigCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* config = parent->add_subcommand("config", "What is in effect for a database");
  config->footer("Examples:\n  tallystone config show --db stock.db");
  config->require_subcommand(1);
  CLI::App* command = config->add_subcommand(
      "show", "Show options, formats, versions, tenants' settings and limits");
  command->footer(
      "--origin says where each comes from: default (an option as it comes), caller (set by the\n"
      "program), database (stands in its files), tenant (`tallystone mapping`), build (fixed).\n"
      "Options are those of this program; another one that opens the database may have its own.\n"
      "Examples:\n"
      "  tallystone config show --db stock.db --origin\n"
      "  tallystone config show --db stock.db --json");
  auto options = std::make_shared<ConfigOptions>();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  command->add_flag("--origin", options->origin, "Say where each comes from");
  command->callback([=] { chosen->run = [=] { return RunShow(*options); }; });
}

}  // namespace tallystone::tool
