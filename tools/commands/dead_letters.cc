// tallystone dead-letters list | show | export: the lines that could not be booked.
#include "commands/dead_letters.h"

#include <algorithm>

#include "output/escape.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct LettersOptions : ListOptions {
  LetterSelection selection;
  std::string output;
  // Set for an export: letters that JSON would change are left out, and counted.
  std::optional<uint64_t> left_out;
};

// JSON has no bytes: such a line would come back with others, and be booked under a wrong name.
bool JsonCanCarry(const DeadLetter& letter) {
  std::vector<std::string> row;
  FillLetter(letter, true, &row);
  return std::all_of(row.begin(), row.end(), [](const std::string& cell) { return IsUtf8(cell); });
}

ExitCode RunList(LettersOptions& options, bool with_line) {
  std::unique_ptr<Inspector> inspector;
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (const Status s = OpenLetters(options.database, &options.selection, &inspector, &cursor);
      !s.ok()) {
    return Fail(s);
  }
  return ListRecords(
      options, {"dead_letters", inspector->as_of_lsn()}, LetterColumns(with_line), cursor.get(),
      [&](const DeadLetter& letter) {
        if (!options.selection.Passes(letter)) {
          return false;
        }
        const bool passes = !options.left_out.has_value() || options.format != Format::kNdjson ||
                            JsonCanCarry(letter);
        if (!passes) {
          ++*options.left_out;
        }
        return passes;
      },
      [&](const DeadLetter& letter, std::vector<std::string>* row) {
        FillLetter(letter, with_line, row);
      });
}

// Shows letters one below the other: their texts are long.
ExitCode RunShow(LettersOptions options) {
  if (options.format != Format::kTable) {
    return RunList(options, true);
  }
  std::unique_ptr<Inspector> inspector;
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (const Status s = OpenLetters(options.database, &options.selection, &inspector, &cursor);
      !s.ok()) {
    return Fail(s);
  }
  Sink& sink = Sink::Stdout();
  const std::vector<Column>& columns = LetterColumns(true);
  std::vector<std::string> row;
  uint64_t shown = 0;
  for (cursor->SeekToFirst(); cursor->Valid() && !sink.done(); cursor->Next()) {
    if (!options.selection.Passes(cursor->value())) {
      continue;
    }
    FillLetter(cursor->value(), true, &row);
    std::string text = shown++ > 0 ? "\n" : "";
    for (size_t index = 0; index < columns.size(); ++index) {
      if (!row[index].empty()) {
        text += columns[index].name +
                std::string(13 - std::min<size_t>(12, columns[index].name.size()), ' ') +
                PlainText(row[index]) + "\n";
      }
    }
    text += "meaning      " + std::string(OutcomeText(cursor->value().cause)) + "\n";
    sink.Write(text);
  }
  if (const Status s = cursor->status(); !s.ok()) {
    return Fail(s);
  }
  if (shown == 0) {
    return Fail(Status::NotFound("there is no such dead letter"));
  }
  return Finish();
}

ExitCode RunExport(LettersOptions options) {
  std::unique_ptr<Sink> file;
  if (!options.output.empty()) {
    if (const Status s = Sink::Create(options.output, &file); !s.ok()) {
      return Fail(s);
    }
    options.sink = file.get();
  }
  options.left_out = 0;
  const ExitCode code = RunList(options, true);
  if (*options.left_out > 0 && code == kExitOk) {
    PrintMessage("left out, as JSON cannot carry them: " + Counted(*options.left_out, "line") +
                 " with bytes that are not UTF-8; --format csv has them");
    return kExitDeadLetters;
  }
  return code;
}

void AddList(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("list", "List them");
  command->footer(
      "Examples:\n"
      "  tallystone dead-letters list --db stock.db\n"
      "  tallystone dead-letters list --db stock.db --from 2026-11-24 --limit 20\n"
      "  tallystone dead-letters list --db stock.db --cause bad_price --format csv");
  auto options = std::make_shared<LettersOptions>();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  AddLetterSelection(command, false, &options->selection);
  AddLimitOption(command, "At most N rows", &options->limit);
  command->callback([=] { chosen->run = [=] { return RunList(*options, false); }; });
}

void AddShow(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("show", "Show all there is of them");
  command->footer(
      "Examples:\n"
      "  tallystone dead-letters show --db stock.db --batch invoice/42 --line 7");
  auto options = std::make_shared<LettersOptions>();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  AddLetterSelection(command, false, &options->selection);
  command->callback([=] { chosen->run = [=] { return RunShow(*options); }; });
}

void AddExport(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("export", "Write them to a file that `import` can read");
  command->footer(
      "Importing such a file books its lines under a new batch id; the dead letters stay. To book "
      "them\n"
      "under their own, once, use retry. Their tenants stand in the column tenant: import with\n"
      "--tenant-column tenant, or all lines go to one. JSON has no bytes that are not UTF-8: "
      "ndjson\n"
      "leaves such lines out, and says so (exit code 1); csv has them.\n"
      "Examples:\n"
      "  tallystone dead-letters export --db stock.db > failed.csv\n"
      "  tallystone import failed.csv --db stock.db --tenant-column tenant\n"
      "  tallystone dead-letters export --db stock.db --format ndjson --output failed.ndjson");
  auto options = std::make_shared<LettersOptions>();
  options->format = Format::kCsv;
  AddDatabaseOption(command, &options->database);
  command
      ->add_option_function<std::string>(
          "--format",
          [options](const std::string& name) {
            options->format = name == "csv" ? Format::kCsv : Format::kNdjson;
          },
          "csv (default) or ndjson")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"csv", "ndjson"}));
  AddSpreadsheetFlag(command, &options->format);
  command->add_option("--output", options->output, "Write to this file")->type_name("FILE");
  AddLetterSelection(command, false, &options->selection);
  command->callback([=] { chosen->run = [=] { return RunExport(*options); }; });
}

}  // namespace

void AddLetterSelection(CLI::App* command, bool with_all, LetterSelection* selection) {
  command->add_option("--tenant", selection->filter.tenant, "Of this tenant")->type_name("NAME");
  CLI::Option* batch =
      command->add_option("--batch", selection->filter.batch, "Of this batch")->type_name("ID");
  command->add_option("--line", selection->line, "This line of the batch, from 1")
      ->type_name("N")
      ->check(CheckPositive)
      ->needs(batch);
  command
      ->add_option_function<std::string>(
          "--cause",
          [selection](const std::string& name) {
            Outcome cause = Outcome::kAccepted;
            ParseOutcome(name, &cause);
            selection->cause = cause;
          },
          "With this cause, for example bad_quantity")
      ->type_name("CAUSE")
      ->check([](const std::string& name) {
        Outcome cause = Outcome::kAccepted;
        const bool known = ParseOutcome(name, &cause) && cause != Outcome::kAccepted;
        return known ? std::string() : "there is no cause \"" + name + "\"";
      });
  command->add_option("--code", selection->code, "Of lines with this item code")->type_name("CODE");
  AddRangeOptions(command, "What failed last", &selection->range);
  if (with_all) {
    command->add_flag("--all", selection->all, "All of them");
  }
}

Status OpenLetters(const std::string& database, LetterSelection* selection,
                   std::unique_ptr<Inspector>* inspector,
                   std::unique_ptr<Cursor<DeadLetter>>* cursor) {
  Status s = OpenInspector(database, inspector);
  if (s.ok()) {
    s = selection->Resolve(inspector->get());
  }
  return s.ok() ? (*inspector)->NewDeadLetterCursor(selection->filter, cursor) : s;
}

const std::vector<Column>& LetterColumns(bool with_line) {
  static const std::vector<Column> brief = {
      {"tenant", Kind::kText},    {"batch", Kind::kText},       {"line", Kind::kCount},
      {"cause", Kind::kText},     {"attempts", Kind::kCount},   {"failed_at", Kind::kText},
      {"code", Kind::kText},      {"description", Kind::kText}, {"quantity", Kind::kText},
      {"unit_cost", Kind::kText}, {"detail", Kind::kText},
  };
  static const std::vector<Column> whole = [] {
    std::vector<Column> columns = brief;
    for (const char* name :
         {"vendor", "gtin", "unit", "document", "time", "line_id", "raw", "vendor_code"}) {
      columns.push_back({name, Kind::kText});
    }
    return columns;
  }();
  return with_line ? whole : brief;
}

void FillLetter(const DeadLetter& letter, bool with_line, std::vector<std::string>* row) {
  *row = {letter.key.tenant,
          letter.key.batch,
          std::to_string(letter.key.line),
          std::string(OutcomeName(letter.cause)),
          std::to_string(letter.attempts),
          UtcTime(letter.failed_at_us),
          letter.code,
          letter.description,
          letter.quantity,
          letter.unit_cost,
          letter.detail};
  if (with_line) {
    for (const std::string* text :
         {&letter.vendor, &letter.gtin, &letter.unit, &letter.document, &letter.time,
          &letter.line_id, &letter.raw, &letter.vendor_code}) {
      row->push_back(*text);
    }
  }
}

void AddDeadLettersCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* letters = parent->add_subcommand(
      "dead-letters", "The lines that could not be booked: look at, mend, book again, drop");
  letters->require_subcommand(1);
  letters->footer(
      "Examples:\n"
      "  tallystone dead-letters summary --db stock.db\n"
      "  tallystone dead-letters list --db stock.db --batch invoice/42\n"
      "  tallystone dead-letters retry --db stock.db --batch invoice/42 --line 7 --set quantity=6");
  AddSummaryCommand(letters, chosen);
  AddList(letters, chosen);
  AddShow(letters, chosen);
  AddRetryCommand(letters, chosen);
  AddDropCommand(letters, chosen);
  AddExport(letters, chosen);
}

}  // namespace tallystone::tool
