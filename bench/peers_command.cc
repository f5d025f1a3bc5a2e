#include "peers_command.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "report.h"

namespace tallystone::bench {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInterrupted = 130;
constexpr uint64_t kLinesMax = 200'000'000;
constexpr uint32_t kBatchLinesMax = 500;  // a batch is one chunk for every peer
constexpr uint32_t kRoundsMax = 100;
constexpr uint32_t kThreadsMax = 256;

std::atomic<bool> stop_requested = false;

void RequestStop(int /*signal*/) {
  stop_requested = true;
}

struct PeersOptions {
  std::string workload = "zipf100k";
  uint64_t seed = 42;
  uint32_t batch_lines = 0;
  std::string json;
  std::vector<std::string> peers;
  bool list = false;
  RunOptions run;
};

void AddOptions(CLI::App* app, PeersOptions* options) {
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
  app->add_option("--peers", options->peers, "which, separated by commas; default: all")
      ->delimiter(',');
  app->add_flag("--check", run.check,
                "prove that every peer ends with the balances that the lines add up to");
  app->add_option("--json", options->json, "write the figures to this file, one object a peer");
  app->add_option("--dir", run.directory,
                  "where the databases are made, in a new directory that is removed afterwards")
      ->default_val(".");
  app->add_flag("--list", options->list, "list peers and workloads, and end");
}

void List() {
  fmt::print("peers:\n");
  for (const PeerEntry& peer : Peers()) {
    fmt::print("  {:<14} {}{}\n", peer.info.name, peer.info.text,
               peer.info.speed == PeerSpeed::kSlow ? " (slow)" : "");
  }
  for (const AbsentPeer& peer : PeersNotBuilt()) {
    fmt::print("  {:<14} not in this build: {}\n", peer.name, peer.why);
  }
  fmt::print("workloads:\n");
  for (const WorkloadSpec& spec : Workloads()) {
    fmt::print("  {:<14} {}, batches of {} lines\n", spec.name, spec.text, spec.batch_lines);
  }
}

// Empty, with a message, if a name is unknown.
std::vector<const PeerEntry*> ChoosePeers(const std::vector<std::string>& names) {
  std::vector<const PeerEntry*> chosen;
  if (names.empty()) {
    for (const PeerEntry& peer : Peers()) {
      chosen.push_back(&peer);
    }
  }
  for (const std::string& name : names) {
    const PeerEntry* peer = FindPeer(name);
    if (peer == nullptr) {
      fmt::print(stderr, "tallystone-bench: there is no peer '{}'; see --list\n", name);
      return {};
    }
    chosen.push_back(peer);
  }
  return chosen;
}

int WriteJson(const std::string& path, const std::string& json) {
  std::ofstream file(path);
  file << json;
  file.close();
  if (!file) {
    fmt::print(stderr, "tallystone-bench: {} could not be written\n", path);
    return kFailed;
  }
  return 0;
}

int Run(const PeersOptions& options) {
  const WorkloadSpec* spec = FindWorkload(options.workload);
  if (spec == nullptr) {
    fmt::print(stderr, "tallystone-bench: there is no workload '{}'; see --list\n",
               options.workload);
    return kUsage;
  }
  const std::vector<const PeerEntry*> peers = ChoosePeers(options.peers);
  if (peers.empty()) {
    return kUsage;
  }
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
  fmt::print("{}", FormatTable(report));
  return options.json.empty() ? 0 : WriteJson(options.json, FormatJson(report));
}

}  // namespace

int RunPeersCommand(int argc, char** argv) {
  CLI::App app(
      "Runs the engine and its peers side by side: same lines, same durability, same contents.",
      "tallystone-bench peers");
  PeersOptions options;
  AddOptions(&app, &options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (options.list) {
    List();
    return 0;
  }
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  return Run(options);
}

}  // namespace tallystone::bench
