#include "commands/usage.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace tallystone::tool {
namespace {

// The words that were given, from "tallystone" to the last command that was understood.
std::vector<const CLI::App*> PathOf(const CLI::App& app) {
  std::vector<const CLI::App*> path = {&app};
  while (!path.back()->get_subcommands().empty()) {
    path.push_back(path.back()->get_subcommands().front());
  }
  return path;
}

std::string NameOf(const std::vector<const CLI::App*>& path) {
  std::string name;
  for (const CLI::App* app : path) {
    name += (name.empty() ? "" : " ") + app->get_name();
  }
  return name;
}

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> OptionsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

// "; did you mean 'inventory'?"; "" where nothing is near.
std::string Suggestion(const std::string& word, const std::vector<std::string>& names) {
  constexpr size_t kLettersForAnError = 3;
  std::string nearest;
  size_t least = std::max<size_t>(word.size() / kLettersForAnError, 1) + 1;
  for (const std::string& name : names) {
    if (const size_t distance = EditDistance(word, name); distance < least) {
      least = distance;
      nearest = name;
    }
  }
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

// Of a word that nobody understood; "" if there is none.
std::string AboutWord(const std::vector<const CLI::App*>& path) {
  for (const CLI::App* app : path) {
    const std::vector<std::string> words = app->remaining();
    if (words.empty()) {
      continue;
    }
    const std::string word = words.front().substr(0, words.front().find('='));
    if (word.starts_with("-") && word != "-") {
      return "there is no option '" + word + "' of " + NameOf(path) +
             Suggestion(word, OptionsOf(*path.back()));
    }
    const std::vector<std::string> commands = CommandsOf(*path.back());
    return commands.empty() ? NameOf(path) + " takes no '" + word + "'"
                            : "there is no command '" + word + "'" + Suggestion(word, commands);
  }
  return {};
}

// Of an option that was given to a command and belongs to the one behind it; "" if none was.
std::string AboutPlace(const std::vector<const CLI::App*>& path) {
  for (size_t index = 0; index + 1 < path.size(); ++index) {
    for (const CLI::Option* option : path[index]->get_options()) {
      const std::string name = option->get_name();
      const CLI::Option* own = path.back()->get_option_no_throw(name);
      if (option->count() > 0 && own != nullptr && own->get_required() && own->count() == 0) {
        return name + " stands before '" + path.back()->get_name() + "': write it behind";
      }
    }
  }
  return {};
}

}  // namespace

size_t EditDistance(std::string_view one, std::string_view other) {
  std::vector<std::vector<size_t>> cost(one.size() + 1, std::vector<size_t>(other.size() + 1));
  for (size_t i = 0; i <= one.size(); ++i) {
    for (size_t j = 0; j <= other.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const size_t differs = one[i - 1] == other[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + differs});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[one.size()][other.size()];
}

std::string UsageMessage(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<const CLI::App*> path = PathOf(app);
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  std::string message;
  // What is missing may be what was misspelled.
  if (missing || dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    message = AboutWord(path);
  }
  if (message.empty() && missing) {
    message = AboutPlace(path);
  }
  if (message.empty()) {
    message = missing && !CommandsOf(*path.back()).empty() &&
                      path.back()->get_option_no_throw("--db") == nullptr
                  ? NameOf(path) + " needs a command"
                  : std::string(error.what());
  }
  return message + " (" + NameOf(path) + " --help)";
}

}  // namespace tallystone::tool
