// tallystone report: the inspection page as a file.
#include "commands/command.h"
#include "output/progress.h"
#include "report/page.h"
#include "report/snapshot.h"

namespace tallystone::tool {
namespace {

struct ReportOptions {
  SnapshotOptions snapshot;
  std::string html;
};

Status WriteFile(const std::string& path, const std::string& content) {
  if (path == "-") {
    Sink::Stdout().Write(content);
    return Sink::Stdout().Flush();
  }
  std::unique_ptr<Sink> file;
  if (Status s = Sink::Create(path, &file); !s.ok()) {
    return s;
  }
  file->Write(content);
  return file->Flush();
}

ExitCode Run(const ReportOptions& options) {
  std::unique_ptr<Inspector> inspector;
  std::string json;
  if (const Status s = OpenInspector(options.snapshot.database, &inspector); !s.ok()) {
    if (!s.Is(StatusCode::kCorruption)) {
      return Fail(s);
    }
    MakeSnapshotOfDamage(options.snapshot, s, &json);
    const Status written = WriteFile(options.html, MakePage(json));
    return Fail(written.ok() ? s : written);
  }
  Progress progress("reading " + options.snapshot.database);
  History history;
  const Status found = MakeSnapshot(
      inspector.get(), options.snapshot, &history,
      [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &json);
  progress.Clear();
  if (const Status s = WriteFile(options.html, MakePage(json)); !s.ok()) {
    return Fail(s);
  }
  if (options.html != "-") {
    PrintMessage(options.html + " has the inspection page of " + options.snapshot.database +
                 " as of LSN " + std::to_string(inspector->as_of_lsn()));
  }
  return found.ok() ? kExitOk : Fail(found);
}

}  // namespace

void AddReportCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("report", "Write the inspection page: one HTML file, for a browser");
  command->footer(
      "Changes nothing. The file carries its data and asks nobody for anything, so it can be kept "
      "or\n"
      "sent. It has the contents of the database in it: who gets the file can read them.\n"
      "Exit code 5: the database is not sound, or part of it cannot be read; the page says why.\n"
      "Examples:\n"
      "  tallystone report --db stock.db --html report.html\n"
      "  tallystone report --db stock.db --html report.html --verify");
  auto options = std::make_shared<ReportOptions>();
  AddDatabaseOption(command, &options->snapshot.database);
  command->add_option("--html", options->html, "The file to write; - is standard output")
      ->type_name("FILE")
      ->required();
  command->add_flag("--verify", options->snapshot.full_proof,
                    "Prove every balance by its lines, as `verify` does; else as `verify --quick`");
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
