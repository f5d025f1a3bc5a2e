// tallystone repair: makes a damaged store or log whole again, and keeps what was damaged.
#include "tallystone/repair.h"

#include "commands/command.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

constexpr size_t kShownMax = 20;

struct RepairOptions {
  std::string database;
  std::string tenant;
  std::string code;
  bool dry_run = false;
  bool salvage_log = false;
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
                                : Thousands(report.before.findings_count) + " findings:\n";
    text += FindingsText(report.before);
  }
  text += Thousands(report.blocks) + " blocks with " + Thousands(report.lines) + " lines ";
  text += options.dry_run ? "can be booked again; nothing was changed\n" : "were booked again\n";
  if (!report.kept.empty()) {
    text += "the damaged store is kept: " + PlainText(report.kept) + "\n";
  }
  Sink::Stdout().Write(text);
}

void PrintItem(const RepairOptions& options, const RepairReport& report) {
  std::string text = report.before.sound ? "the item is sound; nothing was changed\n"
                     : options.dry_run   ? "would be made anew; nothing was changed:\n"
                                         : "made anew from its transactions:\n";
  Sink::Stdout().Write(text + FindingsText(report.before));
}

void PrintLog(const RepairOptions& options, const SalvageReport& report) {
  if (report.damage.empty()) {
    Sink::Stdout().Write("the log is sound; nothing was changed\n");
    return;
  }
  std::string text = "the log is damaged: " + PlainText(report.damage) + "\n";
  text += report.first_lsn == 0
              ? "no record before the damage was needed\n"
              : "LSN " + std::to_string(report.first_lsn) + ".." + std::to_string(report.last_lsn) +
                    " with " + Thousands(report.lines) +
                    (options.dry_run ? " lines can be saved\n" : " lines were saved\n");
  if (!report.stranded.empty()) {
    text += "behind the damage are " + Thousands(report.stranded.size()) +
            " records that are lost unless their batches are sent again:\n";
  }
  for (size_t index = 0; index < report.stranded.size() && index < kShownMax; ++index) {
    const StrandedRecord& record = report.stranded[index];
    text += "  LSN " + std::to_string(record.lsn) + ": tenant " + PlainText(record.tenant) +
            ", batch " + PlainText(record.batch) + ", lines " + std::to_string(record.first_line) +
            ".." + std::to_string(record.first_line + record.lines - (record.lines > 0 ? 1 : 0)) +
            "\n";
  }
  if (report.stranded.size() > kShownMax) {
    text += "  and " + Thousands(report.stranded.size() - kShownMax) + " more\n";
  }
  text += options.dry_run ? "nothing was changed\n" : "";
  if (!report.kept.empty()) {
    text += "the damaged log is kept: " + PlainText(report.kept) +
            "\nsend the latest batches again: they continue where the saved part ends\n";
  }
  Sink::Stdout().Write(text);
}

ExitCode Run(const RepairOptions& options) {
  if (options.salvage_log) {
    SalvageReport report;
    const Status s = SalvageLog({}, options.database, options.dry_run, &report);
    if (!s.ok()) {
      return Fail(s);
    }
    PrintLog(options, report);
    return Finish(options.dry_run && !report.damage.empty() ? kExitCorruption : kExitOk);
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
    const Status s = RepairStore(
        {}, options.database, options.dry_run,
        [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &report);
    progress.Clear();
    if (!s.ok()) {
      return Fail(s);
    }
    PrintStore(options, report);
  }
  const bool wrong = !report.before.sound || !report.not_examined.empty();
  return Finish(options.dry_run && wrong ? kExitCorruption : kExitOk);
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
      "--salvage-log: where the log is refused, makes one of the records before the damage, and "
      "says\n"
      "which batches are to be sent again.\n"
      "Exit code 5 with --dry-run: something is to be repaired.\n"
      "Examples:\n"
      "  tallystone repair --db stock.db --dry-run\n"
      "  tallystone repair --db stock.db\n"
      "  tallystone repair --db stock.db --tenant acme --code A-17\n"
      "  tallystone repair --db stock.db --salvage-log");
  auto options = std::make_shared<RepairOptions>();
  AddDatabaseOption(command, &options->database);
  command->add_flag("--dry-run", options->dry_run, "Say what would be done, change nothing");
  CLI::Option* tenant = command->add_option("--tenant", options->tenant, "Tenant of the one item");
  CLI::Option* code = command->add_option("--code", options->code, "Repair this item alone");
  code->needs(tenant);
  tenant->needs(code);
  command->add_flag("--salvage-log", options->salvage_log, "Repair the log, not the store")
      ->excludes(code);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
