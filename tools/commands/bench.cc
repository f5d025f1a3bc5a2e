// tallystone bench: hands over to tallystone-bench.
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "commands/command.h"

namespace tallystone::tool {
namespace {

constexpr const char* kProgram = "tallystone-bench";

// Beside this program; empty if that cannot be told.
std::string BesideUs() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : (self.parent_path() / kProgram).string();
}

ExitCode Run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kProgram);
  std::vector<char*> raw;
  for (std::string& argument : arguments) {
    raw.push_back(argument.data());
  }
  raw.push_back(nullptr);
  signal(SIGPIPE, SIG_DFL);  // what is ignored would stay ignored
  if (const std::string beside = BesideUs(); !beside.empty()) {
    execv(beside.c_str(), raw.data());
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    execvp(kProgram, raw.data());
  }
  if (errno != ENOENT) {
    PrintMessage(std::string(kProgram) + " cannot be run: " + std::strerror(errno));
    return kExitIo;
  }
  PrintMessage(
      "tallystone-bench is not installed: it is neither beside this program nor in PATH. Build it "
      "with `cmake --build build --target tallystone-bench`, or install the package that has it");
  return kExitNotFound;
}

}  // namespace

void AddBenchCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("bench", "Run tallystone-bench, which measures the engine");
  command->footer(
      "ARGS go to tallystone-bench as they are; it stands beside this program or in PATH.\n"
      "Examples:\n"
      "  tallystone bench peers --lines 200000\n"
      "  tallystone bench peers --help");
  command->prefix_command();
  command->callback([=] { chosen->run = [=] { return Run(command->remaining()); }; });
}

}  // namespace tallystone::tool
