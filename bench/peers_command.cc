#include "peers_command.h"

#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "measure.h"

namespace tallystone::bench {
namespace {

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

}  // namespace

int RunPeersCommand(int argc, char** argv) {
  CLI::App app(
      "Runs the engine and its peers side by side: same lines, same durability, same contents.",
      "tallystone-bench peers");
  MeasureOptions options;
  std::vector<std::string> names;
  bool list = false;
  AddMeasureOptions(&app, &options);
  app.add_option("--peers", names, "which, separated by commas; default: all")->delimiter(',');
  app.add_flag("--list", list, "list peers and workloads, and end");
  int code = 0;
  if (!Parse(&app, argc, argv, &code)) {
    return code;
  }
  if (list) {
    List();
    return 0;
  }
  const std::vector<const PeerEntry*> peers = ChoosePeers(names);
  return peers.empty() ? kUsage : Measure(options, peers);
}

}  // namespace tallystone::bench
