#include "measure.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace tallystone::bench {
namespace {

constexpr uint64_t kLinesMax = 200'000'000;
constexpr uint32_t kBatchLinesMax = 5'000;
constexpr uint32_t kRoundsMax = 100;
constexpr uint32_t kThreadsMax = 256;

std::atomic<bool> stop_requested = false;

void RequestStop(int /*signal*/) {
  stop_requested = true;
}

double AppliedRate(const Report& report, std::string_view peer) {
  for (const PeerResult& result : report.results) {
    if (result.peer->info.name == peer && !result.rounds.empty()) {
      return SpreadOf(result.rounds,
                      [&](const Round& round) {
                        return static_cast<double>(result.lines) / round.applied_s;
                      })
          .median;
    }
  }
  return 0;
}

int CheckGate(const std::string& gate, const Report& report) {
  const size_t equals = gate.find('=');
  const std::string peer = gate.substr(0, equals);
  const double bound =
      equals == std::string::npos ? 0 : std::strtod(gate.c_str() + equals + 1, nullptr);
  const double own = AppliedRate(report, "tallystone");
  const double other = AppliedRate(report, peer);
  if (bound <= 0 || own <= 0 || other <= 0) {
    fmt::print(stderr, "tallystone-bench: --at-least {}: a peer of this run, =, a ratio\n", gate);
    return kUsage;
  }
  const bool kept = own / other >= bound;
  fmt::print("{}: {:.2f}x {}, at least {:.2f}x wanted\n", kept ? "kept" : "MISSED", own / other,
             peer, bound);
  return kept ? 0 : kFailed;
}

}  // namespace

void AddMeasureOptions(CLI::App* app, MeasureOptions* options) {
  RunOptions& run = options->run;
  app->add_option("--workload", options->workload, "which lines; see --list")
      ->capture_default_str();
  app->add_option("--lines", run.lines, "how many lines")
      ->check(CLI::Range(uint64_t{1}, kLinesMax))
      ->capture_default_str();
  app->add_option("--slow-lines", run.slow_lines, "how many lines for peers that are slow")
      ->check(CLI::Range(uint64_t{1}, kLinesMax))
      ->capture_default_str();
  app->add_option("--batch-lines", options->batch_lines, "lines a batch; 0 = as the workload says")
      ->check(CLI::Range(0U, kBatchLinesMax))
      ->capture_default_str();
  app->add_option("--seed", options->seed, "of the lines")->capture_default_str();
  app->add_option("--rounds", run.rounds, "times that each peer runs")
      ->check(CLI::Range(1U, kRoundsMax))
      ->capture_default_str();
  app->add_option("--threads", run.threads, "threads that write")
      ->check(CLI::Range(1U, kThreadsMax))
      ->capture_default_str();
  app->add_flag("--check", run.check,
                "prove that every peer ends with the balances that the lines add up to");
  app->add_option("--json", options->json, "write the figures to this file, one object a peer");
  app->add_option("--csv", options->csv, "the same as CSV, a row a peer");
  app->add_option("--at-least", options->at_least,
                  "PEER=RATIO: exit code 1 if tallystone applies less than this many times the "
                  "lines a second of that peer");
  app->add_option("--dir", run.directory,
                  "where the databases are made, in a new directory that is removed afterwards")
      ->default_val(".");
}

int WithDatabase(const std::string& workload, const std::string& directory,
                 const std::function<Status(const WorkloadSpec&, const std::string& path)>& run) {
  const WorkloadSpec* spec = FindWorkload(workload);
  if (spec == nullptr) {
    fmt::print(stderr, "tallystone-bench: there is no workload '{}'; see peers --list\n", workload);
    return kUsage;
  }
  ScratchDirectory scratch;
  Status status = scratch.Create(directory);
  if (status.ok()) {
    status = run(*spec, scratch.path() + "/db");
  }
  if (!status.ok()) {
    fmt::print(stderr, "tallystone-bench: {}\n", status.ToString());
  }
  return status.ok() ? 0 : kFailed;
}

bool Parse(CLI::App* app, int argc, char** argv, int* code) {
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *code = app->exit(error) == 0 ? 0 : kUsage;
    return false;
  }
  return true;
}

int WriteFile(const std::string& path, const std::string& content) {
  std::ofstream file(path);
  file << content;
  file.close();
  if (!file) {
    fmt::print(stderr, "tallystone-bench: {} could not be written\n", path);
    return kFailed;
  }
  return 0;
}

int Measure(const MeasureOptions& options, const std::vector<const PeerEntry*>& peers) {
  const WorkloadSpec* spec = FindWorkload(options.workload);
  if (spec == nullptr) {
    fmt::print(stderr, "tallystone-bench: there is no workload '{}'; see --list\n",
               options.workload);
    return kUsage;
  }
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  ScratchDirectory directory;
  Status status = directory.Create(options.run.directory);
  if (!status.ok()) {
    fmt::print(stderr, "tallystone-bench: {}\n", status.ToString());
    return kUsage;
  }
  Report report;
  bool in_memory = false;
  report.file_system = FileSystemName(directory.path(), &in_memory);
  if (in_memory) {
    fmt::print(stderr,
               "tallystone-bench: warning: {} keeps files in memory; nothing is durable "
               "there, choose another --dir\n",
               report.file_system);
  }
  const Workload workload(*spec, options.seed, options.run.lines, options.batch_lines);
  report.machine = ThisMachine();
  report.workload = &workload;
  report.options = options.run;
  report.options.directory = directory.path();
  report.options.stop = &stop_requested;
  status = RunPeers(workload, peers, report.options, &report.results);
  if (!status.ok()) {
    fmt::print(stderr, "tallystone-bench: {}\n", status.ToString());
    return status.Is(StatusCode::kInterrupted) ? kInterrupted : kFailed;
  }
  fmt::print("{}", options.table(report));
  int code = options.json.empty() ? 0 : WriteFile(options.json, FormatJson(report));
  if (!options.csv.empty()) {
    code = std::max(code, WriteFile(options.csv, FormatCsv(report)));
  }
  for (const std::string& gate : options.at_least) {
    code = std::max(code, CheckGate(gate, report));
  }
  return code;
}

}  // namespace tallystone::bench
