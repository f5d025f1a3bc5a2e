// tallystone: imports files, looks at, proves and mends databases. The command tree; see commands/.
#include <cstdlib>

#include <sys/resource.h>

#include "commands/command.h"
#include "commands/next_step.h"
#include "commands/usage.h"
#include "process/interrupt.h"

namespace {

using namespace tallystone::tool;  // NOLINT: the program's own rooms

void BuildTree(CLI::App* app, Chosen* chosen) {
  app->set_version_flag("--version", "tallystone " TALLYSTONE_VERSION);
  app->require_subcommand(1);
  app->fallthrough(false);
  AddImportCommand(app, chosen);
  AddExportCommand(app, chosen);
  AddInventoryCommand(app, chosen);
  AddItemsCommand(app, chosen);
  AddTransactionsCommand(app, chosen);
  AddBatchesCommand(app, chosen);
  AddBatchCommand(app, chosen);
  AddDeadLettersCommand(app, chosen);
  AddReviewCommand(app, chosen);
  AddMappingCommand(app, chosen);
  AddExplainMappingCommand(app, chosen);
  AddStatusCommand(app, chosen);
  AddStatsCommand(app, chosen);
  AddMetricsCommand(app, chosen);
  AddTenantCommand(app, chosen);
  AddVerifyCommand(app, chosen);
  AddResumeCommand(app, chosen);
  AddRepairCommand(app, chosen);
  AddBenchCommand(app, chosen);
  AddLogCommand(app, chosen);
  AddScanCommand(app, chosen);
  AddGetCommand(app, chosen);
  AddDigestCommand(app, chosen);
  AddCompactCommand(app, chosen);
  AddConfigCommand(app, chosen);
  AddBackupCommand(app, chosen);
  AddRestoreCommand(app, chosen);
  AddReportCommand(app, chosen);
  AddServeCommand(app, chosen);
  AddDiffCommand(app, chosen);
  AddSchemaCommand(app, chosen);
  AddCompletionCommand(app, chosen);
  app->footer(
      "Exit codes: 0 ok, 1 finished with dead letters (diff: different), 2 usage, 3 not found,\n"
      "4 locked, 5 corruption, 6 input invalid (nothing applied), 7 fenced, 8 format mismatch,\n"
      "74 I/O, 130 interrupted.\n"
      "While a program writes a database, commands that only look at it give way to that program,\n"
      "unless TALLYSTONE_PRIORITY=normal is in the environment.\n"
      "Examples:\n"
      "  tallystone import sales.csv --db stock.db\n"
      "  tallystone inventory --db stock.db\n"
      "  tallystone dead-letters list --db stock.db");
}

// A reader holds all files of a store open, so that a writer that removes some does not disturb it:
// as many as the system lets this process have. Where it does not, the engine opens fewer.
void RaiseOpenFilesLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

int main(int argc, char** argv) {
  InstallSignalHandlers();
  RaiseOpenFilesLimit();
  CLI::App app("Exact inventories from batches of stock lines.", "tallystone");
  Chosen chosen;
  BuildTree(&app, &chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);  // help, or the version
      return kExitOk;
    }
    PrintMessage(UsageMessage(app, error));
    return kExitUsage;
  }
  const ExitCode code = chosen.run();
  if (code == kExitCorruption) {
    PrintNextStep(app);
  }
  if (code == kExitInterrupted) {
    // A login that was given up may still be inside the client's libraries: they must not be torn
    // down under it (Options::stop_waiting). All that was to be written was flushed.
    std::_Exit(code);
  }
  return code;
}
