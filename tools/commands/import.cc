// tallystone import: files in.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>

#include "commands/command.h"
#include "commands/export_format.h"
#include "commands/import_options.h"
#include "import/booker.h"
#include "import/importer.h"
#include "import/input_file.h"
#include "import/metrics_file.h"
#include "import/outcome_writer.h"
#include "import/report.h"
#include "import/store_refusals.h"
#include "import/store_wait.h"
#include "import/told_rows.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

using Clock = std::chrono::steady_clock;

// Says that the import waits for a server, and when it goes on.
class WaitTeller : public Listener {
 public:
  void OnStoreUnavailable(const Status& status) override {
    if (!status.Is(StatusCode::kFenced) && !Interrupted() && !told_.exchange(true)) {
      PrintMessage(
          "the import waits until it can be; lines that were logged are safe. Ctrl-C ends the "
          "wait, "
          "and the same command goes on later");
    }
  }
  void OnStoreAvailable() override {
    if (told_.exchange(false)) {
      ForgetEngineMessages();
      PrintMessage("the store can be written again");
    }
  }

 private:
  std::atomic<bool> told_ = false;
};

// One run of the command: inputs are looked at before the database is touched.
class ImportRun {
 public:
  explicit ImportRun(const ImportOptions& options)
      : options_(options), rules_(options.columns), start_(Clock::now()) {}

  ExitCode Run();

 private:
  ExitCode OpenInputs();
  Status OpenBooker();
  Status ImportAll();
  Status Settle();
  Status CountStoreRejected();
  Status TellRows();
  ExitCode Conclude(const Status& imported);
  void PrintReport();
  [[nodiscard]] ExitCode Stopped(const Status& status) const;

  const ImportOptions& options_;
  const HeaderRules rules_;
  const Clock::time_point start_;
  std::vector<std::unique_ptr<InputFile>> files_;
  std::unique_ptr<OutcomeWriter> outcomes_;
  std::unique_ptr<ToldRows> told_;        // with servers: they may refuse lines
  std::vector<LineName> refused_;         // of those
  std::unique_ptr<Inspector> inspector_;  // of a dry run
  WaitTeller teller_;                     // outlives the engine
  std::unique_ptr<Engine> engine_;        // otherwise
  std::unique_ptr<MetricsFile> metrics_;  // of engine_; null: not asked for
  std::unique_ptr<Booker> booker_;
  EngineStats before_;
  ImportReport report_;
};

// Nothing was applied: what is wrong with the input or where it is.
ExitCode InputExitCode(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kCorruption:
      return kExitInput;
    default:
      return ExitCodeOf(status);
  }
}

ExitCode ImportRun::OpenInputs() {
  for (const std::string& path : options_.files) {
    std::unique_ptr<InputFile> file;
    const Status s = InputFile::Open(path, options_.input, &rules_, &file);
    if (!s.ok()) {
      PrintMessage(s.message());
      return InputExitCode(s);
    }
    if (!file->has_unit_cost()) {
      PrintMessage(file->name() + ": there is no unit cost; it is 0 for every line");
    }
    for (const std::string& doubt : file->doubts()) {
      PrintMessage(file->name() + ": " + doubt);
    }
    files_.push_back(std::move(file));
  }
  return kExitOk;
}

Status ImportRun::OpenBooker() {
  IngestOptions ingest;
  ingest.unknown_items = options_.unknown_items;
  ingest.mapping = options_.mapping;
  if (options_.dry_run) {
    Status s = OpenInspector(options_.database, &inspector_);
    if (s.IsNotFound()) {
      inspector_ = Inspector::OpenEmpty(Options{});
    } else if (!s.ok()) {
      return s;
    }
    booker_ = NewPreviewBooker(inspector_.get(), ingest);
    return Status::Ok();
  }
  const bool on_servers =
      !options_.servers.empty() || std::filesystem::exists(options_.database + "/SERVERS");
  if (Status s = OpenEngine(options_.database, true, &engine_, options_.servers,
                            on_servers ? &teller_ : nullptr);
      !s.ok()) {
    return s;
  }
  if (on_servers) {
    if (Status s = ToldRows::Open(&told_); !s.ok()) {
      return s;
    }
  }
  if (!options_.metrics.empty()) {
    if (Status s = MetricsFile::Start(options_.metrics, engine_.get(), &metrics_); !s.ok()) {
      return s;
    }
  }
  before_ = engine_->stats();
  booker_ = NewEngineBooker(engine_.get(), ingest);
  return Status::Ok();
}

Status ImportRun::ImportAll() {
  ImporterOptions importing;
  importing.tenant = options_.tenant;
  importing.tenant_column = !options_.columns.tenant.empty();
  importing.batch_column = !options_.columns.batch.empty();
  importing.batch = options_.batch;
  importing.open_batches = options_.open_batches;
  Importer importer(importing, booker_.get(), outcomes_.get(), &report_, told_.get());
  for (std::unique_ptr<InputFile>& file : files_) {
    if (Status s = importer.Import(file.get()); !s.ok()) {
      return s;
    }
    file.reset();
  }
  return Status::Ok();
}

// Lines that were accepted and then refused by the store, of those this import logged.
Status ImportRun::CountStoreRejected() {
  if (told_ != nullptr) {
    // Lines that were logged before, by an import that was interrupted, are told by this one, too.
    return FindRefused(engine_.get(), report_, before_.applied_lsn, &refused_);
  }
  Filter filter;
  filter.first_lsn = before_.logged_lsn + 1;
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (Status s = engine_->NewDeadLetterCursor(filter, &cursor); !s.ok()) {
    return s;
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const DeadLetter& letter = cursor->value();
    report_.store_rejected +=
        letter.cause == Outcome::kStoreRejected && letter.lsn >= filter.first_lsn ? 1 : 0;
  }
  return cursor->status();
}

// Rows that were held back are written, with what became of their lines as far as it is known.
Status ImportRun::TellRows() {
  const Status s = told_ == nullptr
                       ? Status::Ok()
                       : tool::TellRows(refused_, told_.get(), outcomes_.get(), &report_);
  report_.items_processed -= report_.store_rejected;
  report_.items_failed += report_.store_rejected;
  report_.by_outcome[static_cast<size_t>(Outcome::kAccepted)] -= report_.store_rejected;
  report_.by_outcome[static_cast<size_t>(Outcome::kStoreRejected)] += report_.store_rejected;
  return s;
}

// Waits until everything is in the store and takes the figures, also where the wait ends early:
// what was logged was logged.
Status ImportRun::Settle() {
  if (engine_ == nullptr) {
    return Status::Ok();
  }
  Status flushed;
  if (!report_.interrupted) {
    const StoreWait wait(engine_.get());
    flushed = engine_->Flush();
  }
  const EngineStats after = engine_->stats();
  report_.lines_logged = after.lines_logged - before_.lines_logged;
  report_.items_created = after.items - before_.items;
  report_.lsn = after.logged_lsn;
  if (flushed.ok() && after.keys_rejected > before_.keys_rejected) {
    return CountStoreRejected();
  }
  return flushed;
}

void ImportRun::PrintReport() {
  // Standard output may be taken by the outcomes; people then find the summary on stderr.
  Sink stderr_sink(2, "standard error");
  Sink* sink = options_.outcomes == "-" ? &stderr_sink : &Sink::Stdout();
  if (options_.json) {
    WriteJsonReport(report_, sink);
  } else {
    WriteSummary(report_, sink);
  }
}

// The exit code of an import that ended early.
ExitCode ImportRun::Stopped(const Status& status) const {
  const bool some = report_.lines > 0;
  if (status.Is(StatusCode::kInterrupted)) {
    PrintMessage("interrupted after " + Counted(report_.lines, "line") +
                 ", safe in the log: run the same command again to continue");
    return kExitInterrupted;
  }
  PrintMessage(status.message().empty() ? StatusCodeName(status.code()) : status.message());
  if (status.Is(StatusCode::kFenced)) {
    PrintMessage("another program opened this server to write it, from a copy of " +
                 options_.database +
                 ": it has the store now. Go on there, and send it what was sent here and it does "
                 "not have; this directory is not to be used any more");
    return kExitFenced;
  }
  if (some && !options_.dry_run) {
    PrintMessage("stopped after " + Counted(report_.lines, "line") +
                 "; once repaired, run the same command again to continue");
  }
  return ExitCodeOf(status);
}

ExitCode ImportRun::Conclude(const Status& imported) {
  report_.interrupted = imported.Is(StatusCode::kInterrupted) || EndedByInterrupt(imported);
  Status s = imported.ok() || report_.interrupted ? Settle() : imported;
  const Status told = TellRows();
  s = s.ok() ? imported : s;
  s = s.ok() ? told : s;
  if (EndedByInterrupt(s)) {  // in the middle of a wait
    s = Status::Interrupted("interrupted");
    report_.interrupted = true;
  }
  booker_.reset();
  if (engine_ != nullptr) {
    const Status closed = engine_->Close();
    s = s.ok() ? closed : s;
  }
  const Status measured = metrics_ != nullptr ? metrics_->Finish() : Status::Ok();
  report_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (!s.ok() && !report_.interrupted) {
    (void)Finish();
    return Stopped(s);
  }
  if (report_.batches_refused > Importer::kRefusalsShownMax) {
    PrintMessage("and " + Thousands(report_.batches_refused - Importer::kRefusalsShownMax) +
                 " more batches were refused");
  }
  if (report_.store_rejected > 0) {
    PrintMessage("refused by the store after they had been accepted: " +
                 Counted(report_.store_rejected, "line") +
                 "; see `tallystone dead-letters list --cause store_rejected`");
  }
  PrintReport();
  const ExitCode code = report_.interrupted ? Stopped(s) : report_.exit_code();
  const ExitCode written = Finish(code);
  if (!measured.ok()) {
    return Fail(measured);
  }
  if (outcomes_ != nullptr) {
    const Status flushed = outcomes_->Flush();
    return flushed.ok() ? written : Fail(flushed);
  }
  return written;
}

ExitCode ImportRun::Run() {
  report_.dry_run = options_.dry_run;
  if (const ExitCode code = OpenInputs(); code != kExitOk) {
    return code;
  }
  if (const Status s = OutcomeWriter::Check(options_.outcomes); !s.ok()) {
    return Fail(s);
  }
  if (const Status s = OpenBooker(); !s.ok()) {
    return Fail(s);
  }
  if (!options_.outcomes.empty()) {
    if (const Status s =
            OutcomeWriter::Open(options_.outcomes, options_.spreadsheet_safe, &outcomes_);
        !s.ok()) {
      return Fail(s);
    }
  }
  return Conclude(ImportAll());
}

}  // namespace

void AddImportCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("import", "Book the lines of files");
  auto options = std::make_shared<ImportOptions>();
  AddImportOptions(command, options.get());
  command->callback([=] {
    CheckImportOptions(*command, options.get());
    chosen->run = [=] {
      return options->database_file.empty()
                 ? ImportRun(*options).Run()
                 : ImportDatabase(options->database_file, options->database, options->servers,
                                  options->json);
    };
  });
}

}  // namespace tallystone::tool
