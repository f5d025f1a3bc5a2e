// tallystone diff: what is different between two databases.
#include "tallystone/diff.h"

#include <fmt/format.h>

#include "commands/command.h"
#include "output/progress.h"
#include "output/terminal.h"
#include "output/text.h"
#include "process/give_way.h"
#include "process/interrupt.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct CommandOptions {
  std::string left;
  std::string right;
  Format format = Format::kTable;
  uint64_t limit = 0;  // 0 = all
};

const std::vector<Column>& Columns() {
  static const std::vector<Column> columns = {
      {"kind", Kind::kText},  {"change", Kind::kText}, {"tenant", Kind::kText},
      {"batch", Kind::kText}, {"line", Kind::kCount},  {"name", Kind::kText},
      {"field", Kind::kText}, {"a", Kind::kText},      {"b", Kind::kText}};
  return columns;
}

void FillRow(const Difference& difference, std::vector<std::string>* row) {
  *row = {std::string(DifferenceKindName(difference.kind)),
          std::string(DifferenceSideName(difference.side)),
          difference.tenant,
          difference.batch,
          difference.line == 0 ? std::string() : std::to_string(difference.line),
          difference.name,
          difference.field,
          difference.left,
          difference.right};
}

// For people, on stderr: rows are data.
void PrintSummary(const Differ& differ, const DiffReport& report) {
  std::string text;
  if (report.equal) {
    text = fmt::format("equal: {} booked lines", Thousands(report.left_lines));
  } else {
    text = Counted(report.differences, report.complete ? "difference" : "or more differences",
                   report.complete ? "" : "or more differences") +
           " (";
    std::string separator;
    for (int kind = 0; kind < kDifferenceKindCount; ++kind) {
      if (report.by_kind[kind] > 0) {
        text += separator + std::string(DifferenceKindName(static_cast<DifferenceKind>(kind))) +
                " " + Thousands(report.by_kind[kind]);
        separator = ", ";
      }
    }
    text += fmt::format(") in {} and {} booked lines", Thousands(report.left_lines),
                        Thousands(report.right_lines));
  }
  text += fmt::format(", as of LSN {} of a and {} of b\n", differ.left_lsn(), differ.right_lsn());
  std::fputs(text.c_str(), stderr);
}

ExitCode Run(const CommandOptions& options) {
  GiveWayToWriter(options.left);
  GiveWayToWriter(options.right);
  std::unique_ptr<Differ> differ;
  if (const Status s = Differ::Open({}, options.left, options.right, &differ); !s.ok()) {
    return Fail(s);
  }
  Progress progress("comparing");
  Sink& sink = Sink::Stdout();
  const auto writer = NewRecordWriter(options.format, Columns(),
                                      {"differences", differ->left_lsn(), differ->right_lsn()},
                                      TableWidth(), &sink);
  uint64_t rows = 0;
  std::vector<std::string> row;
  DiffReport report;
  const Status s = differ->Run(
      [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, Interrupted,
      [&](const Difference& difference) {
        progress.Clear();
        FillRow(difference, &row);
        writer->Write(row);
        ++rows;
        return !sink.done() && (options.limit == 0 || rows < options.limit);
      },
      &report);
  progress.Clear();
  if (!s.ok()) {
    sink.Flush().PermitUnchecked();
    return Fail(s);
  }
  if (!sink.done()) {
    writer->End();
  }
  const ExitCode written = Finish(report.equal ? kExitOk : kExitDifferent);
  PrintSummary(*differ, report);
  return written;
}

}  // namespace

void AddDiffCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("diff", "Show what is different in two databases");
  command->footer(
      "Compares what they say, however it came about: items by code (or else description), lines "
      "by\n"
      "batch and number; never by item number or LSN. A row for each field that is different.\n"
      "Exit code 0: equal, 1: different.\n"
      "Examples:\n"
      "  tallystone diff stock.db restored.db\n"
      "  tallystone diff stock.db other.db --format csv --limit 100");
  auto options = std::make_shared<CommandOptions>();
  command->add_option("A", options->left, "Directory of a database")->required();
  command->add_option("B", options->right, "Directory of the other one")->required();
  AddFormatOption(command, &options->format);
  AddLimitOption(command, "End after N rows", &options->limit);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
