// tallystone repair: makes a damaged store or log whole again, and keeps what was damaged.
#include "tallystone/repair.h"

#include <cstdio>
#include <filesystem>

#include "commands/command.h"
#include "commands/log_report.h"
#include "commands/next_step.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"
#include "tallystone/server_name.h"

namespace tallystone::tool {
namespace {

constexpr size_t kShownMax = 20;

struct RepairOptions {
  std::string database;
  std::string tenant;
  std::string code;
  std::vector<std::string> servers;
  bool dry_run = false;
  bool salvage_log = false;
  Format format = Format::kTable;
};

std::string FindingsText(const VerifyReport& report) {
  std::string text;
  for (size_t index = 0; index < report.findings.size() && index < kShownMax; ++index) {
    text += "  " + PlainText(report.findings[index].what) + "\n";
  }
  if (report.findings_count > kShownMax) {
    text += "  and " + Thousands(report.findings_count - kShownMax) + " more\n";
  }
  return text;
}

void PrintStore(const RepairOptions& options, const RepairReport& report) {
  std::string text;
  if (!report.not_examined.empty()) {
    text += "the store cannot be read whole: " + PlainText(report.not_examined) + "\n";
  } else {
    text += report.before.sound ? "the store was sound\n"
                                : Counted(report.before.findings_count, "finding") + ":\n";
    text += FindingsText(report.before);
  }
  if (options.dry_run || !report.kept.empty()) {
    text += Counted(report.blocks, "block") + " with " + Counted(report.lines, "line") + " ";
    text += options.dry_run ? "can be booked again; nothing was changed\n" : "booked again\n";
  } else {
    text += report.log.sound ? "nothing was changed\n"
                             : "nothing was changed: a new store would not mend the log\n";
  }
  if (!report.kept.empty()) {
    text += "the damaged store is kept: " + PlainText(report.kept) + "\n";
  }
  if (!report.log.sound) {
    text += "THE LOG IS NOT SOUND, and the database does not open before it is mended: " +
            PlainText(report.log.meaning) + "\n" + DamageText(report.log);
  }
  Sink::Stdout().Write(text);
}

bool IsWrong(const RepairReport& report) {
  return !report.before.sound || !report.not_examined.empty();
}

// Where the new store goes, as the command line has it: an empty database, if it is on servers.
std::string NewStore(const RepairOptions& options) {
  std::string shown;
  bool has_password = false;
  if (!options.servers.empty() && ShowServer(options.servers.front(), &shown, &has_password).ok()) {
    return " --store " + ShellWord(shown);
  }
  return std::filesystem::exists(options.database + "/SERVERS")
             ? " --store SERVER, which is to name an empty database "
               "(postgresql://user@host/database)"
             : "";
}

// What is to be run next: the store first, then the log. "" = nothing.
std::string NextOf(const RepairOptions& options, const RepairReport& report) {
  if (options.dry_run && IsWrong(report)) {
    return "tallystone repair --db " + ShellWord(options.database) + NewStore(options);
  }
  return report.log.sound ? "" : SalvageCommand(options.database);
}

void PrintItem(const RepairOptions& options, const RepairReport& report) {
  std::string text = report.before.sound ? "the item is sound; nothing was changed\n"
                     : options.dry_run   ? "would be made anew; nothing was changed:\n"
                                         : "made anew from its transactions:\n";
  Sink::Stdout().Write(text + FindingsText(report.before));
}

std::string SalvageText(const RepairOptions& options, const SalvageReport& report) {
  const LogReport& log = report.log;
  if (log.sound) {
    return "the log is sound; nothing was changed\n";
  }
  std::string text = "the log is not sound: " + PlainText(log.meaning) + "\n" + DamageText(log);
  text += log.usable_first_lsn == 0
              ? "the store has everything that can be booked\n"
              : "LSN " + std::to_string(log.usable_first_lsn) + ".." +
                    std::to_string(log.usable_last_lsn) + " with " + Thousands(log.usable_lines) +
                    (options.dry_run ? " lines can be saved\n" : " lines were saved\n");
  if (options.dry_run) {
    text += "nothing was changed\n";
  }
  if (!report.kept.empty()) {
    const std::string name = report.kept.substr(report.kept.rfind('/') + 1);
    text += "the damaged log is kept: " + PlainText(report.kept) +
            "\n  read it with: tallystone log cat --db " + ShellWord(options.database) + " --log " +
            name + "\n";
  }
  if (log.state != LogState::kNotNeeded) {
    text += "send the latest batches again: they continue where the saved part ends\n";
  }
  if (!log.stranded.empty()) {
    text += Thousands(log.stranded_records) + " records with " + Thousands(log.stranded_lines) +
            " lines, LSN " + std::to_string(log.stranded.front().first_lsn) + ".." +
            std::to_string(report.log.stranded_last_lsn) + ", of " +
            Thousands(log.stranded.size()) + (log.stranded.size() == 1 ? " batch" : " batches") +
            " are lost unless sent again (a retry or drop: done again):\n";
  }
  return text;
}

void PrintJson(const RepairOptions& options, const SalvageReport& report) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Flag("dry_run", options.dry_run);
  json.Flag("sound", report.log.sound);
  WriteLogState(report.log, &json);
  json.Flag("changed", report.changed);
  json.Field("kept", report.kept);
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

// The summary, then every batch that is to be sent again. In a format for programs the rows alone
// are on stdout.
ExitCode PrintSalvage(const RepairOptions& options, const SalvageReport& report) {
  if (options.format == Format::kJson) {
    PrintJson(options, report);
    return Finish();
  }
  const std::string text = SalvageText(options, report);
  const bool table = options.format == Format::kTable;
  if (table) {
    Sink::Stdout().Write(text);
  } else {
    std::fputs(text.c_str(), stderr);
  }
  if (table && report.log.stranded.empty()) {
    return Finish();
  }
  ListOptions list;
  list.format = options.format;
  VectorCursor<StrandedBatch> cursor(report.log.stranded);
  return ListRecords(
      list, {"batches", report.log.usable_last_lsn}, StrandedColumns(), &cursor,
      [](const StrandedBatch&) { return true; }, FillStranded);
}

ExitCode RunSalvage(const RepairOptions& options) {
  SalvageReport report;
  if (const Status s = SalvageLog({}, options.database, options.dry_run, &report); !s.ok()) {
    return Fail(s);
  }
  if (const ExitCode code = PrintSalvage(options, report); code != kExitOk) {
    return code;
  }
  if (!options.dry_run || report.log.sound) {
    return kExitOk;
  }
  PrintMessage("next: tallystone repair --salvage-log --db " + ShellWord(options.database));
  return kExitCorruption;
}

ExitCode Run(const RepairOptions& options) {
  if (options.salvage_log) {
    return RunSalvage(options);
  }
  RepairReport report;
  if (!options.code.empty()) {
    const Status s = RepairItem({}, options.database, {options.tenant, options.code, 0},
                                options.dry_run, &report);
    if (!s.ok()) {
      return Fail(s);
    }
    PrintItem(options, report);
  } else {
    Progress progress("repairing " + options.database);
    Options to;
    to.servers = options.servers;
    const Status s = RepairStore(
        to, options.database, options.dry_run,
        [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &report);
    progress.Clear();
    if (!s.ok()) {
      return Fail(s);
    }
    PrintStore(options, report);
  }
  const ExitCode code =
      Finish(!report.log.sound || (options.dry_run && IsWrong(report)) ? kExitCorruption : kExitOk);
  if (const std::string next = NextOf(options, report); options.code.empty() && !next.empty()) {
    PrintMessage("next: " + next);
  }
  return code;
}

}  // namespace

void AddRepairCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand(
      "repair", "Make a damaged store or log whole again; what was damaged is kept beside it");
  command->footer(
      "Without --code: makes balances, postings, catalogue, batch results and dead letters anew\n"
      "from the transaction blocks, in a store of its own that then takes the place of the old "
      "one.\n"
      "Needs room for a second store. Interrupted, it has changed nothing, or is done.\n"
      "Where the store is on servers, the new one is made in the empty database that --store\n"
      "names; the others stay as they are. --code mends the item where it is.\n"
      "--salvage-log: where the log is refused, makes one of the records that follow the store\n"
      "without a gap, keeps the old one, and lists the batches that are to be sent again; with\n"
      "--format ndjson or csv the list alone is on standard output.\n"
      "Exit code 5 with --dry-run: something is to be repaired. Without it: the log is not sound,\n"
      "which a new store does not mend; a store that is sound is then left alone.\n"
      "Examples:\n"
      "  tallystone repair --db stock.db --dry-run\n"
      "  tallystone repair --db stock.db\n"
      "  tallystone repair --db stock.db --tenant acme --code A-17\n"
      "  tallystone repair --db stock.db --salvage-log");
  auto options = std::make_shared<RepairOptions>();
  AddDatabaseOption(command, &options->database);
  AddStoreOption(command, &options->servers, true);
  command->add_flag("--dry-run", options->dry_run, "Say what would be done, change nothing");
  CLI::Option* tenant = command->add_option("--tenant", options->tenant, "Tenant of the one item");
  CLI::Option* code = command->add_option("--code", options->code, "Repair this item alone");
  code->needs(tenant);
  tenant->needs(code);
  command->add_flag("--salvage-log", options->salvage_log, "Repair the log, not the store")
      ->excludes(code);
  AddFormatOption(command, &options->format);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
