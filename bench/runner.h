// Runner: peers in interleaved rounds over one workload.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "peer.h"
#include "tallystone/status.h"
#include "workload.h"

namespace tallystone::bench {

struct RunOptions {
  uint64_t lines = 1'000'000;
  uint64_t slow_lines = 20'000;  // for peers that are PeerSpeed::kSlow
  uint32_t rounds = 3;
  uint32_t threads = 1;
  bool check = false;
  std::string directory;  // of the databases; not removed
  // Ends the run early when it becomes true. Not owned; may be null.
  const std::atomic<bool>* stop = nullptr;
};

// What one round of one peer took.
struct Round {
  double acked_s = 0;       // until the last Write returned
  double room_s = 0;        // until room_lines were acknowledged; 0: that was not so
  double applied_s = 0;     // until Finish returned
  double cpu_s = 0;         // of all threads, until Finish returned
  uint64_t room_lines = 0;  // those for which the peer has room, or a few more
  uint64_t rss_growth_bytes =
      0;                       // most resident memory above what there was before the first Write
  uint64_t disk_bytes = 0;     // after Close
  uint64_t written_bytes = 0;  // to the device, by whomever, until all of it is there
  uint64_t flushes = 0;        // of the device's cache, likewise
  double ack_p50_us = 0;       // of a Write
  double ack_p99_us = 0;
};

struct PeerResult {
  const PeerEntry* peer = nullptr;
  uint64_t lines = 0;
  std::string absent;  // why it could not run on this machine; empty: it ran
  std::vector<Round> rounds;
  bool has_balances = false;  // the check found some, equal to the expected ones in every round
};

// Of one figure over all rounds.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};
Spread SpreadOf(std::vector<double> figures);
template <typename Figure>
Spread SpreadOf(const std::vector<Round>& rounds, const Figure& figure) {
  std::vector<double> figures;
  figures.reserve(rounds.size());
  for (const Round& round : rounds) {
    figures.push_back(figure(round));
  }
  return SpreadOf(std::move(figures));
}

// Runs every peer once a round, each time on a fresh database, in another order each round, after
// one short round that does not count. A peer whose Open says kUnavailable is absent. Progress goes
// to stderr. kInterrupted after `stop`; kCorruption if a check failed: the message says which.
Status RunPeers(const Workload& workload, const std::vector<const PeerEntry*>& peers,
                const RunOptions& options, std::vector<PeerResult>* results);

}  // namespace tallystone::bench
