// What the commands share: how they join the command tree, the options that many of them have.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "output/records.h"
#include "process/exit_code.h"
#include "tallystone/tallystone.h"

namespace tallystone::tool {

// What the command line chose: one command sets it while the arguments are parsed.
struct Chosen {
  std::function<ExitCode()> run;
};

// Each adds its command to the tree.
void AddImportCommand(CLI::App* parent, Chosen* chosen);
void AddExportCommand(CLI::App* parent, Chosen* chosen);
void AddInventoryCommand(CLI::App* parent, Chosen* chosen);
void AddItemsCommand(CLI::App* parent, Chosen* chosen);
void AddTransactionsCommand(CLI::App* parent, Chosen* chosen);
void AddBatchesCommand(CLI::App* parent, Chosen* chosen);
void AddBatchCommand(CLI::App* parent, Chosen* chosen);
void AddDeadLettersCommand(CLI::App* parent, Chosen* chosen);
void AddReviewCommand(CLI::App* parent, Chosen* chosen);
void AddMappingCommand(CLI::App* parent, Chosen* chosen);
void AddExplainMappingCommand(CLI::App* parent, Chosen* chosen);
void AddStatusCommand(CLI::App* parent, Chosen* chosen);
void AddStatsCommand(CLI::App* parent, Chosen* chosen);
void AddMetricsCommand(CLI::App* parent, Chosen* chosen);
void AddTenantCommand(CLI::App* parent, Chosen* chosen);
void AddVerifyCommand(CLI::App* parent, Chosen* chosen);
void AddResumeCommand(CLI::App* parent, Chosen* chosen);
void AddRepairCommand(CLI::App* parent, Chosen* chosen);
void AddBenchCommand(CLI::App* parent, Chosen* chosen);
void AddLogCommand(CLI::App* parent, Chosen* chosen);
void AddScanCommand(CLI::App* parent, Chosen* chosen);
void AddGetCommand(CLI::App* parent, Chosen* chosen);
void AddDigestCommand(CLI::App* parent, Chosen* chosen);
void AddCompactCommand(CLI::App* parent, Chosen* chosen);
void AddConfigCommand(CLI::App* parent, Chosen* chosen);
void AddBackupCommand(CLI::App* parent, Chosen* chosen);
void AddRestoreCommand(CLI::App* parent, Chosen* chosen);
void AddReportCommand(CLI::App* parent, Chosen* chosen);
void AddServeCommand(CLI::App* parent, Chosen* chosen);
void AddDiffCommand(CLI::App* parent, Chosen* chosen);
void AddSchemaCommand(CLI::App* parent, Chosen* chosen);
void AddCompletionCommand(CLI::App* parent, Chosen* chosen);

// --db DIR, required.
void AddDatabaseOption(CLI::App* command, std::string* database);
// --store SERVER..., for commands that may make a database. `one`: at most one.
void AddStoreOption(CLI::App* command, std::vector<std::string>* servers, bool one = false);
// --format table|csv|json|ndjson, --json for --format json, --spreadsheet-safe and --wide.
void AddFormatOption(CLI::App* command, Format* format);
// --spreadsheet-safe, for a command whose --format was added before.
void AddSpreadsheetFlag(CLI::App* command, Format* format);
// --limit N, 1 and more.
void AddLimitOption(CLI::App* command, const std::string& help, uint64_t* limit);
// For options whose number has no other bounds: CLI11 takes -1 for the highest number.
std::string CheckPositive(const std::string& text);
// --json alone, for answers that are one object.
void AddJsonOption(CLI::App* command, bool* json);

// Opens the database to look at it, and gives way to its writer. Says once on stderr if there is no
// log beside the store.
Status OpenInspector(const std::string& database, std::unique_ptr<Inspector>* inspector);

// Says on stderr if there is no log beside the store, though there should be.
void WarnOfAbsentLog(const std::string& database);

// Opens the database to write. `create`: make it if it is not there. `servers`: as Options has
// them. Warnings of the engine go to stderr. With a `listener`, which must outlive the engine,
// calls wait for a server that is away until a signal comes. A signal ends waits for the answer of
// a server, always. `take_over`: as Options has it.
Status OpenEngine(const std::string& database, bool create, std::unique_ptr<Engine>* engine,
                  const std::vector<std::string>& servers = {}, Listener* listener = nullptr,
                  bool take_over = false);

// A message of the engine is shown once, then as a reminder each minute. After this, anew.
void ForgetEngineMessages();

// Opens the database to write, does `work`, closes it and flushes stdout.
ExitCode WithEngine(const std::string& database, bool create,
                    const std::function<Status(Engine*)>& work);

// Flushes stdout: the exit code of a command that did its work.
ExitCode Finish(ExitCode code = kExitOk);

}  // namespace tallystone::tool
