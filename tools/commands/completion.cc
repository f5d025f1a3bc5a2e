// tallystone completion: scripts for shells, made from the command tree.
#include <algorithm>
#include <vector>

#include "commands/command.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

// What may stand in one place of a command line.
struct Words {
  std::vector<std::string> choices;
  bool files = false;
  bool directories = false;
};

struct OptionWords {
  std::vector<std::string> names;  // "--db", "-h"
  std::string description;
  bool takes_value = false;
  Words value;
};

// A command and its place in the tree: "", "batch", "batch show".
struct CommandWords {
  std::string path;
  std::string name;
  std::string description;
  std::vector<OptionWords> options;
  Words positional;
  std::vector<std::string> subcommands;
};

// The type is "FORMAT:{table,csv}": the name that the command gave, and the choices, if the parser
// checks them.
Words WordsOfType(const std::string& type) {
  Words words;
  const size_t open = type.find('{');
  const size_t close = type.find('}', open == std::string::npos ? 0 : open);
  if (open != std::string::npos && close != std::string::npos) {
    for (size_t at = open + 1; at < close;) {
      const size_t end = std::min(type.find(',', at), close);
      words.choices.push_back(type.substr(at, end - at));
      at = end + 1;
    }
  } else if (type.starts_with("DIR")) {
    words.directories = true;
  } else if (type.starts_with("FILE") && !type.starts_with("FILE=")) {
    words.files = true;
  } else if (type.starts_with("CAUSE")) {
    for (int cause = 1; cause < kOutcomeCount; ++cause) {
      words.choices.emplace_back(OutcomeName(static_cast<Outcome>(cause)));
    }
  }
  return words;
}

// The command and, behind it, all below it.
void Collect(const CLI::App& app, const std::string& path, std::vector<CommandWords>* commands) {
  CommandWords command;
  command.path = path;
  command.name = app.get_name();
  command.description = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    const bool positional = option->get_lnames().empty() && option->get_snames().empty();
    const bool takes_value = option->get_type_size() != 0;
    const Words value =
        takes_value ? WordsOfType(positional ? option->get_name(true) + option->get_type_name()
                                             : option->get_type_name())
                    : Words{};
    if (positional) {
      command.positional = value;
      continue;
    }
    OptionWords words{{}, option->get_description(), takes_value, value};
    for (const std::string& name : option->get_lnames()) {
      words.names.push_back("--" + name);
    }
    for (const std::string& name : option->get_snames()) {
      words.names.push_back("-" + name);
    }
    command.options.push_back(std::move(words));
  }
  const std::vector<const CLI::App*> below =
      app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* subcommand : below) {
    command.subcommands.push_back(subcommand->get_name());
  }
  commands->push_back(std::move(command));
  for (const CLI::App* subcommand : below) {
    Collect(*subcommand, (path.empty() ? "" : path + " ") + subcommand->get_name(), commands);
  }
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

// What follows, as the scripts of bash and zsh keep it: words, or @files, @dirs, @none.
std::string Wants(const Words& words) {
  return words.files             ? "@files"
         : words.directories     ? "@dirs"
         : words.choices.empty() ? "@none"
                                 : Joined(words.choices);
}

// The part that bash and zsh have in common. Walks the words before the cursor, `words[1]` to
// `words[last]`, and leaves in `wants` what the cursor's word may be.
std::string WalkOfShell(const std::vector<CommandWords>& commands) {
  std::string text =
      "  for ((i = 1; i <= last; ++i)); do\n"
      "    word=${line[i]}\n"
      "    if [[ $word == '=' ]]; then continue; fi\n"
      "    if [[ -n $wants ]]; then wants=''; continue; fi\n"
      "    case \"$at/$word\" in\n";
  for (const CommandWords& command : commands) {
    for (const std::string& subcommand : command.subcommands) {
      text += "      '" + command.path + "/" + subcommand + "') at='" +
              (command.path.empty() ? "" : command.path + " ") + subcommand + "' ;;\n";
    }
    for (const OptionWords& option : command.options) {
      for (const std::string& name : option.names) {
        if (option.takes_value) {
          text +=
              "      '" + command.path + "/" + name + "') wants='" + Wants(option.value) + "' ;;\n";
        }
      }
    }
  }
  text +=
      "    esac\n"
      "  done\n"
      "  if [[ -z $wants ]]; then\n"
      "    case \"$at\" in\n";
  for (const CommandWords& command : commands) {
    std::vector<std::string> names;
    for (const OptionWords& option : command.options) {
      names.insert(names.end(), option.names.begin(), option.names.end());
    }
    std::vector<std::string> others = command.subcommands;
    others.insert(others.end(), command.positional.choices.begin(),
                  command.positional.choices.end());
    const bool files = command.positional.files;
    text += "      '" + command.path + "') options='" + Joined(names) + "'; wants='" +
            (files ? "@files" : Joined(others)) + "' ;;\n";
  }
  text +=
      "    esac\n"
      "    if [[ $cur == -* || -z $wants ]]; then wants=$options; fi\n"
      "  fi\n";
  return text;
}

std::string BashScript(const std::vector<CommandWords>& commands) {
  return "# bash completion of tallystone, made by `tallystone completion bash`.\n"
         "_tallystone() {\n"
         "  local -a line=(\"${COMP_WORDS[@]}\")\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} at='' wants='' options='' word i\n"
         "  local last=$((COMP_CWORD - 1))\n"
         "  if [[ $cur == '=' ]]; then cur=''; fi\n" +
         WalkOfShell(commands) +
         "  COMPREPLY=()\n"
         "  case \"$wants\" in\n"
         "    @none) ;;\n"
         "    @files) compopt -o filenames 2> /dev/null\n"
         "      mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
         "    @dirs) compopt -o filenames 2> /dev/null\n"
         "      mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
         "    *) mapfile -t COMPREPLY < <(compgen -W \"$wants\" -- \"$cur\") ;;\n"
         "  esac\n"
         "}\n"
         "complete -F _tallystone tallystone\n";
}

std::string ZshScript(const std::vector<CommandWords>& commands) {
  return "#compdef tallystone\n"
         "# zsh completion of tallystone, made by `tallystone completion zsh`.\n"
         "_tallystone() {\n"
         "  local -a line=(\"${(@)words[2,-1]}\")\n"
         "  local cur=${words[CURRENT]} at='' wants='' options='' word\n"
         "  integer i last=$((CURRENT - 2))\n" +
         WalkOfShell(commands) +
         "  case \"$wants\" in\n"
         "    @none) ;;\n"
         "    @files) _files ;;\n"
         "    @dirs) _files -/ ;;\n"
         "    *) compadd -- ${=wants} ;;\n"
         "  esac\n"
         "}\n"
         "if [[ $funcstack[1] == _tallystone ]]; then _tallystone \"$@\"\n"
         "elif (( $+functions[compdef] )); then compdef _tallystone tallystone; fi\n";
}

// A text between apostrophes.
std::string FishText(std::string_view text) {
  std::string quoted = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') {
      quoted += '\\';
    }
    quoted += letter;
  }
  return quoted + "'";
}

std::string FishScript(const std::vector<CommandWords>& commands) {
  std::string text =
      "# fish completion of tallystone, made by `tallystone completion fish`.\n"
      "# True if the command that is being written is the one given, word by word.\n"
      "function __tallystone_at\n"
      "  set -l words (commandline -opc | string match -v -- '-*')[2..]\n"
      "  for index in (seq (count $argv))\n"
      "    test \"$words[$index]\" = \"$argv[$index]\"; or return 1\n"
      "  end\n"
      "end\n"
      "# True if none of the words given stands behind the first N.\n"
      "function __tallystone_no\n"
      "  set -l words (commandline -opc | string match -v -- '-*')[2..]\n"
      "  set -l place (math $argv[1] + 1)\n"
      "  set -q words[$place]; or return 0\n"
      "  not contains -- $words[$place] $argv[2..]\n"
      "end\n"
      "complete -c tallystone -f\n";
  for (const CommandWords& command : commands) {
    const auto words = static_cast<size_t>(
        command.path.empty() ? 0 : 1 + std::count(command.path.begin(), command.path.end(), ' '));
    std::string where = command.path.empty() ? "" : "__tallystone_at " + command.path;
    if (!command.subcommands.empty()) {
      where += (where.empty() ? "" : "; and ") + ("__tallystone_no " + std::to_string(words)) +
               " " + Joined(command.subcommands);
    }
    const std::string begin = "complete -c tallystone -n " + FishText(where);
    for (const CommandWords& below : commands) {
      const std::string path = (command.path.empty() ? "" : command.path + " ") + below.name;
      if (!below.path.empty() && below.path == path) {
        text += begin + " -a " + below.name + " -d " + FishText(below.description) + "\n";
      }
    }
    if (command.positional.files) {
      text += begin + " -F\n";
    } else if (!command.positional.choices.empty()) {
      text += begin + " -a " + FishText(Joined(command.positional.choices)) + "\n";
    }
    for (const OptionWords& option : command.options) {
      text += begin;
      for (const std::string& name : option.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (option.takes_value) {
        text += option.value.files             ? " -r -F"
                : option.value.directories     ? " -x -a '(__fish_complete_directories)'"
                : option.value.choices.empty() ? " -x"
                                               : " -x -a " + FishText(Joined(option.value.choices));
      }
      text += " -d " + FishText(option.description) + "\n";
    }
  }
  return text;
}

}  // namespace

void AddCompletionCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("completion", "Write a shell's script that completes command lines");
  command->footer(
      "Examples:\n"
      "  source <(tallystone completion bash)\n"
      "  tallystone completion zsh > ~/.zfunc/_tallystone\n"
      "  tallystone completion fish > ~/.config/fish/completions/tallystone.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([=] {
    chosen->run = [=] {
      std::vector<CommandWords> commands;
      Collect(*parent, "", &commands);
      Sink::Stdout().Write(*shell == "bash"  ? BashScript(commands)
                           : *shell == "zsh" ? ZshScript(commands)
                                             : FishScript(commands));
      return Finish();
    };
  });
}

}  // namespace tallystone::tool
