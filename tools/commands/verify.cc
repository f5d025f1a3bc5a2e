// tallystone verify: proves that balances are the sums of their lines.
#include "commands/command.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

struct VerifyOptions {
  std::string database;
  bool quick = false;
  bool json = false;
};

void PrintJson(const VerifyReport& report, bool quick, const Inspector& inspector) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("as_of_lsn", inspector.as_of_lsn());
  json.Flag("sound", report.sound && !inspector.log_absent());
  json.Flag("log_absent", inspector.log_absent());
  json.Flag("quick", quick);
  json.Field("lines_checked", report.lines_checked);
  json.Field("balances_checked", report.balances_checked);
  json.Field("batches_checked", report.batches_checked);
  json.Key("dead_letters_checked");
  if (quick) {
    json.Null();  // they were not looked at
  } else {
    json.Raw(std::to_string(report.dead_letters_checked));
  }
  if (report.tenants_summed > 0) {
    json.Field("tenants_summed", report.tenants_summed);
  }
  json.Field("findings_count", report.findings_count);
  json.Key("findings");
  json.BeginArray();
  for (const VerifyFinding& finding : report.findings) {
    json.BeginObject();
    json.Field("what", finding.what);
    json.Field("tenant", finding.tenant);
    json.Field("batch", finding.batch);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

void PrintText(const VerifyReport& report, bool quick, const Inspector& inspector) {
  std::string text = report.sound && inspector.log_absent()
                         ? "the store is sound, BUT THE LOG IS GONE"
                     : report.sound ? "sound"
                                    : "NOT SOUND: " + Counted(report.findings_count, "finding");
  text += ": " + Counted(report.lines_checked, quick ? "booked line" : "line") + ", " +
          Counted(report.balances_checked, "balance") + ", " +
          Counted(report.batches_checked, "batch", "batches") +
          (quick ? " compared by their sums"
                 : ", " + Counted(report.dead_letters_checked, "dead letter") + " checked") +
          ", as of LSN " + std::to_string(inspector.as_of_lsn()) + "\n";
  if (report.tenants_summed > 0) {
    text += "the servers' own sums of " + Counted(report.tenants_summed, "tenant") +
            " were compared, too\n";
  }
  for (const VerifyFinding& finding : report.findings) {
    text += "  " + PlainText(finding.what);
    if (!finding.batch.empty()) {
      text += " (tenant " + PlainText(finding.tenant) + ", batch " + PlainText(finding.batch) + ")";
    }
    text += "\n";
  }
  if (report.findings_count > report.findings.size()) {
    text += "  and " + Thousands(report.findings_count - report.findings.size()) + " more\n";
  }
  Sink::Stdout().Write(text);
}

ExitCode Run(const VerifyOptions& options) {
  LetSignalsEndAtOnce();
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  const bool log_sound = !inspector->log_absent();
  VerifyReport report;
  Progress progress("verifying " + options.database);
  const ProgressFunction show = [&](uint64_t done, uint64_t total) {
    progress.Update(done, done, total);
  };
  const Status s =
      options.quick ? inspector->VerifyQuick(show, &report) : inspector->Verify(show, &report);
  progress.Clear();
  if (!s.ok()) {
    return Fail(s);
  }
  if (options.json) {
    PrintJson(report, options.quick, *inspector);
  } else {
    PrintText(report, options.quick, *inspector);
  }
  return Finish(report.sound && log_sound ? kExitOk : kExitCorruption);
}

}  // namespace

void AddVerifyCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("verify", "Prove that every balance is the sum of its lines");
  command->footer(
      "Changes nothing. Exit code 0: sound, 5: not.\n"
      "--quick compares the sums that balances and postings keep of their lines, and reads no\n"
      "transaction: seconds instead of minutes. It finds what was lost, doubled or mixed up, not "
      "a\n"
      "wrong number that both agree on, and does not look at dead letters.\n"
      "Examples:\n"
      "  tallystone verify --db stock.db\n"
      "  tallystone verify --db stock.db --quick\n"
      "  tallystone verify --db stock.db --json");
  auto options = std::make_shared<VerifyOptions>();
  AddDatabaseOption(command, &options->database);
  command->add_flag("--quick", options->quick, "Compare accumulators only");
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
