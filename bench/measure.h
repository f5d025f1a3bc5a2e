// Measure: what the commands that run peers share: options, progress, table, JSON, exit code.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "peer.h"
#include "report.h"
#include "runner.h"

namespace CLI {
class App;
}

namespace tallystone::bench {

// Exit codes of the program.
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kAbsent = 77;  // this machine does not have what the command needs
constexpr int kInterrupted = 130;

struct MeasureOptions {
  std::string workload = "zipf100k";
  uint64_t seed = 42;
  uint32_t batch_lines = 0;           // 0 = as the workload says
  std::string json;                   // a file; empty = none
  std::string csv;                    // likewise
  std::vector<std::string> at_least;  // "PEER=RATIO"
  RunOptions run;
  std::function<std::string(const Report&)> table = FormatTable;
};

// Adds --workload, --lines, --rounds and so on.
void AddMeasureOptions(CLI::App* app, MeasureOptions* options);

// Runs the peers, prints the table and writes the JSON. Returns the exit code. SIGINT and SIGTERM
// end it early.
int Measure(const MeasureOptions& options, const std::vector<const PeerEntry*>& peers);

// Runs `run` with the workload of this name and a path for a database that is removed afterwards.
// Returns the exit code; errors go to stderr.
int WithDatabase(const std::string& workload, const std::string& directory,
                 const std::function<Status(const WorkloadSpec&, const std::string& path)>& run);

// Parses the arguments of a command; false: *code is what to exit with.
bool Parse(CLI::App* app, int argc, char** argv, int* code);

int WriteFile(const std::string& path, const std::string& content);

}  // namespace tallystone::bench
