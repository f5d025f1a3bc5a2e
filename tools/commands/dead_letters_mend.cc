// tallystone dead-letters retry | drop: the commands that change something about them.
#include <array>
#include <functional>

#include "commands/dead_letters.h"
#include "commands/import_options.h"
#include "commands/retried_letters.h"
#include "commands/rows.h"
#include "import/header.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

// A field of the line is given another text: all of it, or each `from` in it.
struct Change {
  Field field = Field::kCode;
  std::string from;  // "" = the whole text
  std::string to;
};

struct MendOptions {
  std::string database;
  Format format = Format::kTable;
  LetterSelection selection;
  std::vector<std::string> set;      // FIELD=VALUE
  std::vector<std::string> replace;  // FIELD=FROM=TO
  std::vector<Change> changes;       // of both
  MappingMode mapping = MappingMode::kOfTenant;
  bool dry_run = false;
};

// What became of the letters.
struct Mended {
  uint64_t met = 0;
  uint64_t failed = 0;
  uint64_t passed_over = 0;  // no --replace found its text
};

// What is done to one letter; kNotFound: it is no more.
using Action = std::function<Status(const DeadLetter&, RecordWriter*, Mended*)>;

// The columns of RetryRow.
constexpr size_t kOutcomeColumn = 3;

std::vector<std::string> RetryRow(const DeadLetterKey& key, const LineResult& result,
                                  const TextLine& tried) {
  return {key.tenant,
          key.batch,
          std::to_string(key.line),
          std::string(OutcomeName(result.outcome)),
          NumberOrNothing(result.item),
          std::string(DecidedByName(result.decided_by)),
          std::string(tried.code),
          std::string(tried.description),
          std::string(tried.quantity),
          std::string(tried.unit_cost)};
}

// A line and the memory of those of its texts that were changed.
class MendedLine {
 public:
  MendedLine(const DeadLetter& letter, const std::vector<Change>& changes)
      : line_{letter.code,   letter.description, letter.quantity,   letter.unit_cost,
              letter.vendor, letter.gtin,        letter.unit,       letter.document,
              letter.time,   letter.line_id,     letter.vendor_code} {
    for (const Change& change : changes) {
      std::string_view& text = FieldOf(&line_, change.field);
      std::string changed = change.from.empty() ? change.to : Replaced(text, change);
      if (changed != text) {
        std::string& kept = texts_[static_cast<size_t>(change.field)];
        kept = std::move(changed);
        text = kept;
        changed_ = true;
      }
    }
  }
  MendedLine(const MendedLine&) = delete;
  MendedLine& operator=(const MendedLine&) = delete;

  [[nodiscard]] const TextLine& line() const { return line_; }
  [[nodiscard]] bool changed() const { return changed_; }

 private:
  static std::string Replaced(std::string_view text, const Change& change) {
    std::string replaced;
    for (size_t at = 0; at < text.size();) {
      const size_t found = std::min(text.find(change.from, at), text.size());
      replaced += text.substr(at, found - at);
      at = found;
      if (at < text.size()) {
        replaced += change.to;
        at += change.from.size();
      }
    }
    return replaced;
  }

  std::array<std::string, kLineFieldCount> texts_;
  TextLine line_;
  bool changed_ = false;
};

// Tries a line that may be changed; gives what became of it.
using Attempt = std::function<Status(const DeadLetter&, const MendedLine&, LineResult*)>;
// Takes what became of it, and its row.
using Told =
    std::function<Status(const DeadLetterKey&, const LineResult&, std::vector<std::string>)>;

Status Retry(const MendOptions& options, const Attempt& attempt, const DeadLetter& letter,
             const Told& told, Mended* mended) {
  const MendedLine line(letter, options.changes);
  if (!line.changed() && !options.replace.empty() && options.set.empty()) {
    ++mended->passed_over;
    return Status::Ok();
  }
  LineResult result;
  if (Status s = attempt(letter, line, &result); !s.ok()) {
    return s;
  }
  ++mended->met;
  return told(letter.key, result, RetryRow(letter.key, result, line.line()));
}

// The cursor shows the letters as they were before the first was touched.
Status ForEachLetter(const LetterSelection& selection, Cursor<DeadLetter>* cursor,
                     const Action& action, RecordWriter* writer, Mended* mended) {
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    if (Interrupted()) {
      return Status::Interrupted("interrupted after " + Counted(mended->met, "dead letter") +
                                 "; run the same command again to go on");
    }
    if (!selection.Passes(cursor->value())) {
      continue;
    }
    // kNotFound: booked or dropped meanwhile.
    if (Status s = action(cursor->value(), writer, mended); !s.ok() && !s.IsNotFound()) {
      return s;
    }
  }
  return cursor->status();
}

// The end of both ways: what was done, and the exit code.
ExitCode Conclude(const Status& s, const Mended& mended, const std::string& done,
                  std::string_view failed) {
  const ExitCode written = Finish();
  if (!s.ok()) {
    if (mended.met > 0 && !s.Is(StatusCode::kInterrupted)) {
      PrintMessage("stopped after " + Counted(mended.met, "dead letter") + ": " +
                   Thousands(mended.met - mended.failed) + " " + done + ", " +
                   Thousands(mended.failed) + " " + std::string(failed) +
                   "; run the same command again to go on");
    }
    return Fail(s);
  }
  if (mended.met == 0) {
    return Fail(Status::NotFound(
        mended.passed_over == 0
            ? "there is no such dead letter"
            : (mended.passed_over == 1
                   ? "the dead letter has not"
                   : "none of the " + Thousands(mended.passed_over) + " dead letters has") +
                  " the text that --replace looks for; nothing was changed"));
  }
  PrintMessage(Thousands(mended.met - mended.failed) + " " + done + ", " +
               Thousands(mended.failed) + " " + std::string(failed) +
               (mended.passed_over == 0 ? std::string()
                                        : ", " + Thousands(mended.passed_over) +
                                              " without the text to replace left as they are"));
  return written != kExitOk ? written : mended.failed > 0 ? kExitDeadLetters : kExitOk;
}

bool SaysWhich(const LetterSelection& selection) {
  if (!selection.Explicit()) {
    PrintMessage(
        "say which dead letters: --tenant, --batch, --line, --code, --cause, --from, --to or "
        "--all");
  }
  return selection.Explicit();
}

// What a command does to letters.
struct Work {
  Action action;
  std::function<Status(Mended*)> settle;  // after the last, or an error; may be empty
};

// `make_work` binds it to the engine and to where rows go.
ExitCode RunMend(MendOptions options, const std::vector<Column>& columns,
                 const std::function<Work(Engine*, const Filter&, RecordWriter*)>& make_work,
                 const std::string& done) {
  if (!SaysWhich(options.selection)) {
    return kExitUsage;
  }
  if (options.selection.range.given()) {
    std::unique_ptr<Inspector> inspector;
    Status s = OpenInspector(options.database, &inspector);
    if (s.ok()) {
      s = options.selection.Resolve(inspector.get());
    }
    if (!s.ok()) {
      return Fail(s);
    }
  }
  std::unique_ptr<Engine> engine;
  if (const Status s = OpenEngine(options.database, false, &engine); !s.ok()) {
    return Fail(s);
  }
  const auto writer =
      NewRecordWriter(options.format, columns, {"dead_letters", engine->stats().logged_lsn},
                      TableWidth(), &Sink::Stdout());
  Mended mended;
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  Status s = engine->NewDeadLetterCursor(options.selection.filter, &cursor);
  if (s.ok()) {
    const Work work = make_work(engine.get(), options.selection.filter, writer.get());
    s = ForEachLetter(options.selection, cursor.get(), work.action, writer.get(), &mended);
    if (work.settle) {
      const Status settled = work.settle(&mended);
      s = s.ok() ? settled : s;
    }
  }
  writer->End();
  cursor.reset();
  if (const Status closed = engine->Close(); s.ok()) {
    s = closed;
  } else {
    closed.PermitUnchecked();
  }
  return Conclude(s, mended, done, "failed again");
}

const std::vector<Column>& RetryColumns() {
  static const std::vector<Column> columns = {
      {"tenant", Kind::kText},    {"batch", Kind::kText},       {"line", Kind::kCount},
      {"outcome", Kind::kText},   {"item", Kind::kCount},       {"decided_by", Kind::kText},
      {"code", Kind::kText},      {"description", Kind::kText}, {"quantity", Kind::kText},
      {"unit_cost", Kind::kText},
  };
  return columns;
}

// The rows are told once the store has their lines.
Work RetryWork(const MendOptions& options, Engine* engine, const Filter& filter,
               RecordWriter* writer) {
  IngestOptions ingest;
  ingest.mapping = options.mapping;
  Filter tried;
  tried.tenant = filter.tenant;
  tried.batch = filter.batch;
  const auto retried = std::make_shared<RetriedLetters>(engine, tried, kOutcomeColumn, writer);
  const Attempt attempt = [engine, ingest](const DeadLetter& letter, const MendedLine& line,
                                           LineResult* result) {
    return engine->RetryDeadLetter(ingest, letter.key, line.changed() ? &line.line() : nullptr,
                                   result);
  };
  const Told told = [retried](const DeadLetterKey& key, const LineResult& result,
                              std::vector<std::string> row) {
    return retried->Add(key, result.outcome, std::move(row));
  };
  return {[&options, attempt, told](const DeadLetter& letter, RecordWriter*, Mended* mended) {
            return Retry(options, attempt, letter, told, mended);
          },
          [retried](Mended* mended) {
            const Status settled = retried->Settle();
            mended->failed = retried->failed();
            if (retried->unsettled() > 0) {
              PrintMessage(Counted(retried->unsettled(), "line") +
                           " of these the store does not have yet, only the log: what it refuses "
                           "of them will be dead letters again");
            }
            return settled;
          }};
}

ExitCode RunRetry(const MendOptions& options) {
  return RunMend(
      options, RetryColumns(),
      [&options](Engine* engine, const Filter& filter, RecordWriter* writer) {
        return RetryWork(options, engine, filter, writer);
      },
      "booked");
}

// What would become of each, in the order in which they would be tried.
ExitCode RunDry(MendOptions options) {
  if (!SaysWhich(options.selection)) {
    return kExitUsage;
  }
  std::unique_ptr<Inspector> inspector;
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (const Status s = OpenLetters(options.database, &options.selection, &inspector, &cursor);
      !s.ok()) {
    return Fail(s);
  }
  IngestOptions ingest;
  ingest.mapping = options.mapping;
  const Attempt attempt = [&](const DeadLetter& letter, const MendedLine& line,
                              LineResult* result) {
    return inspector->PreviewRetry(ingest, letter.key, line.changed() ? &line.line() : nullptr,
                                   result);
  };
  const auto writer =
      NewRecordWriter(options.format, RetryColumns(), {"dead_letters", inspector->as_of_lsn()},
                      TableWidth(), &Sink::Stdout());
  Mended mended;
  const Told told = [&](const DeadLetterKey&, const LineResult& result,
                        const std::vector<std::string>& row) {
    mended.failed += result.outcome == Outcome::kAccepted ? 0 : 1;
    writer->Write(row);
    return Status::Ok();
  };
  const Action action = [&](const DeadLetter& letter, RecordWriter*, Mended* met) {
    return Retry(options, attempt, letter, told, met);
  };
  const Status s = ForEachLetter(options.selection, cursor.get(), action, writer.get(), &mended);
  writer->End();
  return Conclude(s, mended, "would be booked", "would fail again; nothing was changed");
}

std::string ParseChange(const std::string& text, bool replace, std::vector<Change>* changes) {
  const size_t equals = text.find('=');
  Change change;
  if (equals == std::string::npos || !ParseField(text.substr(0, equals), &change.field)) {
    return "expected " + std::string(replace ? "FIELD=FROM=TO" : "FIELD=VALUE") +
           " with a field of a line (quantity, unit_cost, code, ...), not " + text;
  }
  change.to = text.substr(equals + 1);
  if (replace) {
    const size_t second = change.to.find('=');
    if (second == std::string::npos || second == 0) {
      return "expected FIELD=FROM=TO, where FROM is not empty and has no =, not " + text;
    }
    change.from = change.to.substr(0, second);
    change.to.erase(0, second + 1);
  }
  changes->push_back(std::move(change));
  return {};
}

void AddChangeOption(CLI::App* command, bool replace, const std::string& help,
                     std::vector<std::string>* texts) {
  command->add_option(replace ? "--replace" : "--set", *texts, help)
      ->type_name(replace ? "FIELD=FROM=TO" : "FIELD=VALUE")
      ->expected(1)
      ->take_all()
      ->check([replace](const std::string& text) {
        std::vector<Change> changes;
        return ParseChange(text, replace, &changes);
      });
}

}  // namespace

void AddRetryCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand(
      "retry", "Book them again, as they are or mended, each under its own identity: never twice");
  command->footer(
      "--set is done before --replace. Lines in which no --replace finds its text are left as "
      "they\n"
      "are. --dry-run takes no lock; what the store would refuse it cannot foresee.\n"
      "Exit code 1: some failed again (or would) and stay dead letters.\n"
      "Examples:\n"
      "  tallystone dead-letters retry --db stock.db --batch invoice/42 --line 7 --set quantity=6\n"
      "  tallystone dead-letters retry --db stock.db --cause bad_price --replace unit_cost=,=. "
      "--dry-run\n"
      "  tallystone dead-letters retry --db stock.db --cause store_rejected");
  auto options = std::make_shared<MendOptions>();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  AddLetterSelection(command, true, &options->selection);
  AddChangeOption(command, false, "Give a field this text before: quantity=6", &options->set);
  AddChangeOption(command, true,
                  "Replace each FROM in a field before: 'quantity= pcs=', unit_cost=,=.",
                  &options->replace);
  AddMappingOption(command, &options->mapping);
  command->add_flag("--dry-run", options->dry_run,
                    "Only say what would become of each; change nothing");
  command->callback([=] {
    chosen->run = [=] {
      for (const std::string& text : options->set) {
        ParseChange(text, false, &options->changes);
      }
      for (const std::string& text : options->replace) {
        ParseChange(text, true, &options->changes);
      }
      return options->dry_run ? RunDry(*options) : RunRetry(*options);
    };
  });
}

void AddDropCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("drop", "Give them up for good; recorded, and counted in their batch");
  command->footer(
      "Examples:\n"
      "  tallystone dead-letters drop --db stock.db --batch invoice/42 --line 7\n"
      "  tallystone dead-letters drop --db stock.db --cause zero_quantity");
  auto options = std::make_shared<MendOptions>();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  AddLetterSelection(command, true, &options->selection);
  command->callback([=] {
    chosen->run = [=] {
      const std::vector<Column> columns = {{"tenant", Kind::kText},
                                           {"batch", Kind::kText},
                                           {"line", Kind::kCount},
                                           {"cause", Kind::kText}};
      return RunMend(
          *options, columns,
          [](Engine* engine, const Filter&, RecordWriter*) -> Work {
            const Action drop = [engine](const DeadLetter& letter, RecordWriter* writer,
                                         Mended* mended) {
              Status s = engine->DropDeadLetter(letter.key);
              if (s.ok()) {
                ++mended->met;
                writer->Write({letter.key.tenant, letter.key.batch, std::to_string(letter.key.line),
                               std::string(OutcomeName(letter.cause))});
              }
              return s;
            };
            return {drop, {}};
          },
          "dropped");
    };
  });
}

}  // namespace tallystone::tool
