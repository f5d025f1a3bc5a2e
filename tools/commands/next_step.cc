#include "commands/next_step.h"

#include <algorithm>
#include <array>
#include <memory>

#include "commands/command.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

// They find damage of something else, too, and say themselves of what; `repair` says what is next.
constexpr std::array<std::string_view, 5> kOwnWords = {"repair", "backup", "restore", "diff",
                                                       "import"};

void Say(const std::string& next) {
  PrintMessage("what can be mended is told, without changing anything, by: " + next);
}

}  // namespace

std::string SalvageCommand(const std::string& database) {
  return "tallystone repair --salvage-log --dry-run --db " + ShellWord(database);
}

void PrintNextStep(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
  }
  const CLI::Option* option = command->get_option_no_throw("--db");
  const CLI::Option* kept = command->get_option_no_throw("--log");
  if (option == nullptr || option->results().empty() || command->get_name() == "repair" ||
      (kept != nullptr && !kept->results().empty())) {
    return;
  }
  const std::string database = option->results().front();
  std::unique_ptr<LogInspector> log;
  LogReport report;
  if (!LogInspector::Open(Options{}, database, &log).ok() || !log->Verify(nullptr, &report).ok()) {
    return;
  }
  const std::string repair = "tallystone repair --dry-run --db " + ShellWord(database);
  if (!log->store_problem().empty()) {
    Say(repair);
  } else if (!report.sound) {
    if (kept == nullptr) {  // the commands of the log have said it
      PrintMessage("the log is not sound: " + report.meaning);
    }
    Say(SalvageCommand(database));
  } else if (std::find(kOwnWords.begin(), kOwnWords.end(), command->get_name()) ==
             kOwnWords.end()) {
    Say(repair);
  }
}

}  // namespace tallystone::tool
