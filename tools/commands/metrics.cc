// tallystone metrics: the state of a database for Prometheus.
#include "commands/command.h"
#include "output/replace_file.h"

namespace tallystone::tool {
namespace {

struct MetricsOptions {
  std::string database;
  std::string output;  // empty: standard output
};

Status Read(const std::string& database, DatabaseOverview* overview) {
  std::unique_ptr<Inspector> inspector;
  Status s = OpenInspector(database, &inspector);
  return s.ok() ? inspector->GetOverview({}, overview) : s;
}

// A database that cannot be read is a figure too: who watches it must not go on with the last good
// ones.
ExitCode Run(const MetricsOptions& options) {
  DatabaseOverview overview;
  const Status read = Read(options.database, &overview);
  const std::string text = read.ok() ? PrometheusText(overview, options.database)
                                     : PrometheusUnreadable(options.database);
  Status written;
  if (options.output.empty()) {
    Sink::Stdout().Write(text);
    written = Sink::Stdout().Flush();
  } else {
    written = ReplaceFile(options.output, text);
  }
  if (!read.ok()) {
    written.PermitUnchecked();
    return Fail(read);
  }
  return written.ok() ? kExitOk : Fail(written);
}

}  // namespace

void AddMetricsCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("metrics", "Show the state of a database to Prometheus");
  command->footer(
      "Reads the database as `tallystone status --quick` does. If it cannot be read,\n"
      "tallystone_database_readable is 0 and the exit code says why. With --output the\n"
      "file is replaced in one step, as the textfile collector of node_exporter wants it.\n"
      "`tallystone import --metrics FILE` has the engine's own metrics.\n"
      "Examples:\n"
      "  tallystone metrics --db stock.db\n"
      "  tallystone metrics --db stock.db --output /var/lib/node_exporter/tallystone.prom");
  auto options = std::make_shared<MetricsOptions>();
  AddDatabaseOption(command, &options->database);
  command->add_option("--output", options->output, "Write into this file")->type_name("FILE");
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
