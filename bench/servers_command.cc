#include "servers_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "machine.h"
#include "measure.h"
#include "peers/postgres_network.h"
#include "peers/tallystone.h"

namespace tallystone::bench {
namespace {

constexpr const char* kEmbedded = "tallystone";
constexpr double kNetworkSecondsMax = 10;  // of a round, that a peer waits for round trips
constexpr uint64_t kCopyRoundTrips = 2;
constexpr double kAcknowledgedWanted = 0.8;
constexpr double kAppliedWanted = 3;
constexpr uint32_t kAppliedWantedAtMs = 1;

struct ServersOptions {
  std::vector<uint32_t> latencies_ms = {0, 1, 10};
  std::vector<std::string> ways = {"embedded", "servers", "copy", "line"};
  uint64_t copy_lines = 500'000;
  size_t window_lines = 0;
  int server_nice = 0;

  [[nodiscard]] bool Has(const char* way) const {
    return std::find(ways.begin(), ways.end(), way) != ways.end();
  }
};

std::string NameAt(const char* way, uint32_t latency_ms) {
  return fmt::format("{}-{}ms", way, latency_ms);
}

// So many lines as a way can write in kNetworkSecondsMax if all it does is wait.
uint64_t LinesMax(uint32_t latency_ms, uint64_t lines_per_round_trip) {
  return latency_ms == 0
             ? UINT64_MAX
             : static_cast<uint64_t>(kNetworkSecondsMax * 1e3 / latency_ms) * lines_per_round_trip;
}

std::vector<PeerEntry> Entries(const ServersOptions& options, const MeasureOptions& measure) {
  const WorkloadSpec* spec = FindWorkload(measure.workload);  // null: Measure says so
  const uint32_t chunk =
      measure.batch_lines != 0 || spec == nullptr ? measure.batch_lines : spec->batch_lines;
  const uint64_t threads = measure.run.threads;
  Options embedded;
  if (options.window_lines != 0) {
    embedded.window_lines_max = options.window_lines;
  }
  std::vector<PeerEntry> entries;
  PeerEntry inside;
  inside.info.name = kEmbedded;
  inside.info.text = "the engine, its store inside";
  inside.make = [embedded] { return MakeTallystonePeer(embedded); };
  if (options.Has("embedded")) {
    entries.push_back(std::move(inside));
  }
  for (const uint32_t latency : options.latencies_ms) {
    const PostgresNetwork network = {std::chrono::milliseconds(latency), options.server_nice};
    if (options.Has("servers")) {
      entries.push_back(
          TallystonePeerBehind(NameAt("servers", latency), network, options.window_lines));
    }
    if (options.Has("copy")) {
      entries.push_back(PostgresCopyPeerBehind(NameAt("copy", latency), network));
      entries.back().info.lines_max =
          std::min(options.copy_lines, LinesMax(latency, threads * chunk / kCopyRoundTrips));
    }
    if (options.Has("line")) {
      entries.push_back(PostgresLinePeerBehind(NameAt("line", latency), network));
      entries.back().info.lines_max = LinesMax(latency, threads);
    }
  }
  return entries;
}

// What a `SELECT 1` takes through each of the proxies, in milliseconds.
Status Calibrate(const ServersOptions& options, const std::string& directory,
                 std::map<uint32_t, double>* measured_ms) {
  for (const uint32_t latency : options.latencies_ms) {
    ScratchDirectory scratch;
    Status status = scratch.Create(directory);
    PostgresPlace place;
    double seconds = 0;
    if (status.ok()) {
      status =
          place.Start(scratch.path(), {std::chrono::milliseconds(latency), options.server_nice});
    }
    if (status.ok()) {
      status = place.MeasureRoundTrip(&seconds);
    }
    const Status stopped = place.Stop();
    if (!status.ok() || !stopped.ok()) {
      return status.ok() ? stopped : status;
    }
    (*measured_ms)[latency] = seconds * 1e3;
  }
  return Status::Ok();
}

struct Rates {
  Spread room, acked, applied;
  bool known = false;
};

Rates RatesOf(const Report& report, const std::string& name) {
  Rates rates;
  for (const PeerResult& result : report.results) {
    if (result.peer->info.name != name || result.rounds.empty()) {
      continue;
    }
    const auto lines = static_cast<double>(result.lines);
    rates.known = true;
    rates.room = SpreadOf(result.rounds, RoomRate);
    rates.acked =
        SpreadOf(result.rounds, [&](const Round& round) { return lines / round.acked_s; });
    rates.applied =
        SpreadOf(result.rounds, [&](const Round& round) { return lines / round.applied_s; });
  }
  return rates;
}

std::string Ratio(double rate, double of) {
  return rate == 0 || of == 0 ? "-" : fmt::format("{:.2f}x", rate / of);
}

std::string Cell(const Spread& rate) {
  return rate.median == 0 ? "-"
                          : fmt::format("{} ({} - {})", Grouped(rate.median), Grouped(rate.min),
                                        Grouped(rate.max));
}

// The rates of all ways, latency by latency, and what they are to each other.
std::string FormatRates(const Report& report, const ServersOptions& options,
                        const std::map<uint32_t, double>& measured_ms) {
  constexpr const char* kRow = "{:<14} {:>9}  {:<33} {:>6}  {:<33} {:>6}  {:<30} {:>8} {:>8}\n";
  std::string out;
  const auto append = [&](const char* row, const auto&... cells) {
    fmt::format_to(std::back_inserter(out), fmt::runtime(row), cells...);
  };
  append("\nround trip of SELECT 1, measured:");
  for (const auto& [latency, measured] : measured_ms) {
    append(" {} ms: {:.2f} ms{}", latency, measured,
           latency == measured_ms.rbegin()->first ? "\n" : ",");
  }
  append(kRow, "way", "lines", "acknowledged/s with room", "of emb", "acknowledged/s over all",
         "of emb", "applied/s", "of copy", "of line");
  const Rates embedded = RatesOf(report, kEmbedded);
  for (const PeerResult& result : report.results) {
    const std::string& name = result.peer->info.name;
    const Rates rates = RatesOf(report, name);
    if (!rates.known) {
      append("{:<14} absent: {}\n", name, result.absent);
      continue;
    }
    const std::string latency =
        name.find('-') == std::string::npos ? "" : name.substr(name.find('-'));
    const Rates copy = RatesOf(report, "copy" + latency);
    const Rates line = RatesOf(report, "line" + latency);
    append(kRow, name, Grouped(static_cast<double>(result.lines)), Cell(rates.room),
           Ratio(rates.room.median, embedded.room.median), Cell(rates.acked),
           Ratio(rates.acked.median, embedded.acked.median), Cell(rates.applied),
           Ratio(rates.applied.median, copy.applied.median),
           Ratio(rates.applied.median, line.applied.median));
  }
  append(
      "with room: until the two windows are full; from then on callers wait for the database, and "
      "what is acknowledged is what is applied\n"
      "over all: of the whole run; of emb: of the embedded engine's; of copy, of line: at the same "
      "latency\n");
  for (const uint32_t latency : options.latencies_ms) {
    const Rates servers = RatesOf(report, NameAt("servers", latency));
    const Rates copy = RatesOf(report, NameAt("copy", latency));
    if (servers.room.median > 0 && embedded.room.median > 0) {
      const double part = servers.room.median / embedded.room.median;
      append("{} ms: acknowledged with room {:.2f} of the embedded engine's, {:.2f} wanted: {}\n",
             latency, part, kAcknowledgedWanted, part >= kAcknowledgedWanted ? "kept" : "MISSED");
    }
    if (latency == kAppliedWantedAtMs && servers.known && copy.known) {
      const double times = servers.applied.median / copy.applied.median;
      append("{} ms: applied {:.2f}x copy, {:.0f}x wanted: {}\n", latency, times, kAppliedWanted,
             times >= kAppliedWanted ? "kept" : "MISSED");
    }
  }
  return out;
}

}  // namespace

int RunServersCommand(int argc, char** argv) {
  CLI::App app(
      "Runs the engine before a PostgreSQL at some distance, beside COPY and upsert a chunk and a "
      "transaction a line at the same distance, and the engine with its store inside.",
      "tallystone-bench servers");
  MeasureOptions options;
  ServersOptions servers;
  options.run.slow_lines = 10'000;
  AddMeasureOptions(&app, &options);
  app.add_option("--latencies", servers.latencies_ms,
                 "round trips to the server in ms, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  app.add_option("--ways", servers.ways, "which, separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember({"embedded", "servers", "copy", "line"}))
      ->capture_default_str();
  app.add_option("--copy-lines", servers.copy_lines, "how many lines for COPY and upsert")
      ->check(CLI::Range(uint64_t{1}, uint64_t{200'000'000}))
      ->capture_default_str();
  app.add_option("--window-lines", servers.window_lines,
                 "lines of a window of the engine; 0 = its default")
      ->check(CLI::Range(0, 4'194'304))
      ->capture_default_str();
  app.add_option("--server-nice", servers.server_nice,
                 "niceness of all servers: they yield the processors to the bench, as if they had "
                 "a machine of their own")
      ->check(CLI::Range(0, 19))
      ->capture_default_str();
  int code = 0;
  if (!Parse(&app, argc, argv, &code)) {
    return code;
  }
  std::map<uint32_t, double> measured_ms;
  const Status status = Calibrate(servers, options.run.directory, &measured_ms);
  if (!status.ok()) {
    fmt::print(stderr, "tallystone-bench: {}\n", status.ToString());
    return status.Is(StatusCode::kUnavailable) ? kAbsent : kFailed;
  }
  const std::vector<PeerEntry> entries = Entries(servers, options);
  std::vector<const PeerEntry*> peers;
  for (const PeerEntry& entry : entries) {
    peers.push_back(&entry);
  }
  options.table = [&](const Report& report) {
    return FormatTable(report) + FormatRates(report, servers, measured_ms);
  };
  return Measure(options, peers);
}

}  // namespace tallystone::bench
