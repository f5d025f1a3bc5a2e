// tallystone dead-letters retry | drop: the commands that change something about them.
#include <functional>

#include "commands/dead_letters.h"
#include "import/header.h"
#include "output/text.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct MendOptions {
  std::string database;
  Format format = Format::kTable;
  LetterSelection selection;
  std::vector<std::string> set;                        // FIELD=VALUE
  std::vector<std::pair<Field, std::string>> changes;  // of it
};

// What became of the letters.
struct Mended {
  uint64_t met = 0;
  uint64_t failed = 0;
};

using Action = std::function<Status(Engine*, const DeadLetter&, RecordWriter*, Mended*)>;

TextLine LineOf(const DeadLetter& letter) {
  return {letter.code,   letter.description, letter.quantity,   letter.unit_cost,
          letter.vendor, letter.gtin,        letter.unit,       letter.document,
          letter.time,   letter.line_id,     letter.vendor_code};
}

Status Retry(const MendOptions& options, Engine* engine, const DeadLetter& letter,
             RecordWriter* writer, Mended* mended) {
  TextLine line = LineOf(letter);
  for (const auto& [field, value] : options.changes) {
    FieldOf(&line, field) = value;
  }
  LineResult result;
  const Status s = engine->RetryDeadLetter(IngestOptions{}, letter.key,
                                           options.changes.empty() ? nullptr : &line, &result);
  if (s.IsNotFound()) {
    return Status::Ok();  // booked meanwhile
  }
  if (!s.ok()) {
    return s;
  }
  ++mended->met;
  mended->failed += result.outcome == Outcome::kAccepted ? 0 : 1;
  writer->Write({letter.key.tenant, letter.key.batch, std::to_string(letter.key.line),
                 std::string(OutcomeName(result.outcome)),
                 result.item == 0 ? std::string() : std::to_string(result.item),
                 std::string(DecidedByName(result.decided_by))});
  return s;
}

Status Drop(Engine* engine, const DeadLetter& letter, RecordWriter* writer, Mended* mended) {
  const Status s = engine->DropDeadLetter(letter.key);
  if (s.IsNotFound()) {
    return Status::Ok();
  }
  if (!s.ok()) {
    return s;
  }
  ++mended->met;
  writer->Write({letter.key.tenant, letter.key.batch, std::to_string(letter.key.line),
                 std::string(OutcomeName(letter.cause))});
  return s;
}

// The cursor shows the letters as they were before the first was touched.
Status ForEachLetter(const MendOptions& options, Engine* engine, const Action& action,
                     RecordWriter* writer, Mended* mended) {
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (Status s = engine->NewDeadLetterCursor(options.selection.filter, &cursor); !s.ok()) {
    return s;
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    if (Interrupted()) {
      return Status::Interrupted("interrupted after " + std::to_string(mended->met) +
                                 " dead letters; run the same command again to go on");
    }
    if (!options.selection.Passes(cursor->value())) {
      continue;
    }
    if (Status s = action(engine, cursor->value(), writer, mended); !s.ok()) {
      return s;
    }
  }
  return cursor->status();
}

ExitCode RunMend(const MendOptions& options, const std::vector<Column>& columns,
                 const Action& action, std::string_view done) {
  if (!options.selection.Explicit()) {
    PrintMessage("say which dead letters: --tenant, --batch, --line, --cause or --all");
    return kExitUsage;
  }
  std::unique_ptr<Engine> engine;
  if (const Status s = OpenEngine(options.database, false, &engine); !s.ok()) {
    return Fail(s);
  }
  const auto writer =
      NewRecordWriter(options.format, columns, {"dead_letters", engine->stats().logged_lsn},
                      TerminalWidth(1), &Sink::Stdout());
  Mended mended;
  Status s = ForEachLetter(options, engine.get(), action, writer.get(), &mended);
  writer->End();
  if (const Status closed = engine->Close(); s.ok()) {
    s = closed;
  } else {
    closed.PermitUnchecked();
  }
  const ExitCode written = Finish();
  if (!s.ok()) {
    return Fail(s);
  }
  if (mended.met == 0) {
    return Fail(Status::NotFound("there is no such dead letter"));
  }
  PrintMessage(Thousands(mended.met - mended.failed) + " " + std::string(done) + ", " +
               Thousands(mended.failed) + " failed again");
  return written != kExitOk ? written : mended.failed > 0 ? kExitDeadLetters : kExitOk;
}

std::string ParseChange(const std::string& text,
                        std::vector<std::pair<Field, std::string>>* changes) {
  const size_t equals = text.find('=');
  Field field = Field::kCode;
  if (equals == std::string::npos || !ParseField(text.substr(0, equals), &field)) {
    return "expected FIELD=VALUE with a field of a line (quantity, unit_cost, code, ...), not " +
           text;
  }
  changes->emplace_back(field, text.substr(equals + 1));
  return {};
}

}  // namespace

void AddRetryCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand(
      "retry", "Book them again, as they are or mended, each under its own identity: never twice");
  command->footer(
      "Exit code 1: some failed again and stay dead letters.\n"
      "Examples:\n"
      "  tallystone dead-letters retry --db stock.db --batch invoice/42 --line 7 --set quantity=6\n"
      "  tallystone dead-letters retry --db stock.db --cause store_rejected");
  auto options = std::make_shared<MendOptions>();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  AddLetterSelection(command, true, &options->selection);
  command->add_option("--set", options->set, "Mend a field before: quantity=6")
      ->type_name("FIELD=VALUE")
      ->expected(1)
      ->take_all()
      ->check([](const std::string& text) {
        std::vector<std::pair<Field, std::string>> changes;
        return ParseChange(text, &changes);
      });
  command->callback([=] {
    chosen->run = [=] {
      for (const std::string& text : options->set) {
        ParseChange(text, &options->changes);
      }
      const std::vector<Column> columns = {{"tenant", Kind::kText}, {"batch", Kind::kText},
                                           {"line", Kind::kCount},  {"outcome", Kind::kText},
                                           {"item", Kind::kCount},  {"decided_by", Kind::kText}};
      const Action action = [&](Engine* engine, const DeadLetter& letter, RecordWriter* writer,
                                Mended* mended) {
        return Retry(*options, engine, letter, writer, mended);
      };
      return RunMend(*options, columns, action, "booked");
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
      return RunMend(*options, columns, Drop, "dropped");
    };
  });
}

}  // namespace tallystone::tool
