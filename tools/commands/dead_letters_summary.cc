// tallystone dead-letters summary: what failed, in groups, and what to do about each.
#include <algorithm>
#include <map>

#include "commands/dead_letters.h"
#include "output/text.h"
#include "report/dead_letters.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

constexpr size_t kExampleWidth = 30;  // on a terminal

struct SummaryOptions : ListOptions {
  LetterSelection selection;
  std::string by = "cause";
};

// The letters with one cause and, `by` something else too, one value of that.
struct Group {
  Outcome cause = Outcome::kAccepted;
  std::string value;
  uint64_t count = 0;
  uint64_t oldest_us = 0;
  uint64_t newest_us = 0;
  DeadLetter example;  // the first
};

std::string ValueOf(const std::string& by, const DeadLetter& letter) {
  return by == "tenant"   ? letter.key.tenant
         : by == "batch"  ? letter.key.batch
         : by == "code"   ? letter.code
         : by == "detail" ? letter.detail
                          : std::string();
}

// What of the line is wrong, as far as one text can say it.
std::string ExampleText(const DeadLetter& letter) {
  const std::string_view field = FieldOfCause(letter.cause);
  if (!field.empty()) {
    return std::string(field) + "=" + (field == "quantity" ? letter.quantity : letter.unit_cost);
  }
  if (!letter.raw.empty()) {
    return letter.raw;
  }
  if (letter.cause == Outcome::kInexactNumber) {
    return "quantity=" + letter.quantity + " unit_cost=" + letter.unit_cost;
  }
  return letter.code.empty() ? letter.description : letter.code;
}

// The one stretch of a number's text that does not belong there, as FROM=TO: " pcs=", ",=.". "" if
// there is no such one.
std::string Mistake(std::string_view number) {
  constexpr std::string_view kNumber = "0123456789.+-";
  const size_t begin = number.find_first_not_of(kNumber);
  if (begin == std::string_view::npos ||
      number.find_first_of("0123456789") == std::string_view::npos) {
    return {};
  }
  const size_t end = std::min(number.find_first_of(kNumber, begin), number.size());
  const std::string_view wrong = number.substr(begin, end - begin);
  if (number.find_first_not_of(kNumber, end) != std::string_view::npos ||
      wrong.find('=') != std::string_view::npos) {
    return {};
  }
  const bool comma = wrong == "," && number.find('.') == std::string_view::npos;
  return std::string(wrong) + "=" + (comma ? "." : "");
}

// A command that changes nothing: it tries what may mend the group, or shows its example.
std::string NextCommand(const SummaryOptions& options, const Group& group) {
  const DeadLetter& example = group.example;
  const std::string cause(OutcomeName(group.cause));
  const auto command = [&](const std::string& name) {
    return "tallystone dead-letters " + name + " --db " + ShellWord(options.database);
  };
  std::string selected = " --cause " + cause;
  if (!options.selection.filter.tenant.empty() || options.by == "tenant") {
    selected += " --tenant " + ShellWord(example.key.tenant);
  }
  if (!options.selection.filter.batch.empty() || options.by == "batch") {
    selected += " --batch " + ShellWord(example.key.batch);
  }
  if (!example.code.empty() && (!options.selection.code.empty() || options.by == "code")) {
    selected += " --code " + ShellWord(example.code);
  }
  const std::string_view field = FieldOfCause(group.cause);
  const std::string mistake =
      field.empty() ? "" : Mistake(field == "quantity" ? example.quantity : example.unit_cost);
  if (!mistake.empty()) {
    return command("retry") + selected + " --replace " +
           ShellWord(std::string(field) + "=" + mistake) + " --dry-run";
  }
  switch (group.cause) {
    case Outcome::kUnknownItem:
    case Outcome::kCatalogueFull:
    case Outcome::kBalanceOverflow:
    case Outcome::kStoreRejected:
      return command("retry") + selected + " --dry-run";
    default:
      return command("show") + " --tenant " + ShellWord(example.key.tenant) + " --batch " +
             ShellWord(example.key.batch) + " --line " + std::to_string(example.key.line);
  }
}

ExitCode Run(SummaryOptions options) {
  LetSignalsEndAtOnce();
  std::unique_ptr<Inspector> inspector;
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (const Status s = OpenLetters(options.database, &options.selection, &inspector, &cursor);
      !s.ok()) {
    return Fail(s);
  }
  std::map<std::pair<Outcome, std::string>, Group> found;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const DeadLetter& letter = cursor->value();
    if (!options.selection.Passes(letter)) {
      continue;
    }
    std::string value = ValueOf(options.by, letter);
    Group& group = found[{letter.cause, value}];
    if (group.count++ == 0) {
      group.cause = letter.cause;
      group.value = std::move(value);
      group.example = letter;
      group.oldest_us = group.newest_us = letter.failed_at_us;
    }
    group.oldest_us = std::min(group.oldest_us, letter.failed_at_us);
    group.newest_us = std::max(group.newest_us, letter.failed_at_us);
  }
  if (const Status s = cursor->status(); !s.ok()) {
    return Fail(s);
  }
  std::vector<const Group*> groups;
  for (const auto& [key, group] : found) {
    groups.push_back(&group);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Group* left, const Group* right) {
    return left->count > right->count;
  });
  std::vector<Column> columns = {{"cause", Kind::kText}};
  const bool finer = options.by != "cause";
  if (finer) {
    columns.push_back({options.by, Kind::kText});
  }
  for (const Column& column : std::initializer_list<Column>{{"count", Kind::kCount},
                                                            {"oldest", Kind::kText},
                                                            {"newest", Kind::kText},
                                                            {"example", Kind::kText},
                                                            {"next", Kind::kText}}) {
    columns.push_back(column);
  }
  Sink& sink = Sink::Stdout();
  // The commands are for copying, so they are whole; they stand last, behind short examples.
  const auto writer =
      NewRecordWriter(options.format, columns, {"groups", inspector->as_of_lsn()}, 0, &sink);
  const auto shown = [&](std::string example) {
    const bool cut = options.format == Format::kTable && TableWidth() > 0;
    return cut ? CutToWidth(PlainText(example), kExampleWidth) : std::move(example);
  };
  uint64_t rows = 0;
  for (const Group* group : groups) {
    if (options.limit > 0 && rows == options.limit) {
      break;
    }
    std::vector<std::string> row = {std::string(OutcomeName(group->cause))};
    if (finer) {
      row.push_back(group->value);
    }
    for (std::string cell :
         {std::to_string(group->count), UtcTime(group->oldest_us), UtcTime(group->newest_us),
          shown(ExampleText(group->example)), NextCommand(options, *group)}) {
      row.push_back(std::move(cell));
    }
    writer->Write(row);
    ++rows;
  }
  writer->End();
  PrintRowCount(options.format, rows, options.limit, inspector->as_of_lsn());
  return Finish();
}

}  // namespace

void AddSummaryCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("summary", "Count them by cause, with the next command for each");
  command->footer(
      "The command in `next` changes nothing: it shows the example, or tries (--dry-run) what "
      "would\n"
      "mend it. The largest group comes first; the example is its first line.\n"
      "Examples:\n"
      "  tallystone dead-letters summary --db stock.db\n"
      "  tallystone dead-letters summary --db stock.db --by code --cause unknown_item --limit 20");
  auto options = std::make_shared<SummaryOptions>();
  AddDatabaseOption(command, &options->database);
  AddFormatOption(command, &options->format);
  command
      ->add_option("--by", options->by,
                   "cause (default); or cause and also tenant, batch, code or detail")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"cause", "tenant", "batch", "code", "detail"}));
  AddLetterSelection(command, false, &options->selection);
  AddLimitOption(command, "At most N groups", &options->limit);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
