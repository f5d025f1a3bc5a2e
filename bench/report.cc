#include "report.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <rocksdb/version.h>

namespace tallystone::bench {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

struct Figures {
  Spread acked;    // lines/s
  Spread room;     // likewise, while there is room; 0: there is none
  Spread applied;  // lines/s
  Spread cpu;      // seconds a million lines
  double rss_growth_bytes = 0;
  double disk_bytes = 0;
  double written_bytes = 0;
  double flushes = 0;
  Spread ack_p50_us;
  Spread ack_p99_us;
};

Figures FiguresOf(const PeerResult& result) {
  const auto lines = static_cast<double>(result.lines);
  Figures figures;
  figures.acked =
      SpreadOf(result.rounds, [&](const Round& round) { return lines / round.acked_s; });
  figures.room = SpreadOf(result.rounds, RoomRate);
  figures.applied =
      SpreadOf(result.rounds, [&](const Round& round) { return lines / round.applied_s; });
  figures.cpu =
      SpreadOf(result.rounds, [&](const Round& round) { return round.cpu_s / lines * 1e6; });
  const auto median = [&](auto Round::*figure) {
    return SpreadOf(result.rounds,
                    [&](const Round& round) { return static_cast<double>(round.*figure); })
        .median;
  };
  figures.rss_growth_bytes = median(&Round::rss_growth_bytes);
  figures.disk_bytes = median(&Round::disk_bytes);
  figures.written_bytes = median(&Round::written_bytes);
  figures.flushes = median(&Round::flushes);
  figures.ack_p50_us = SpreadOf(result.rounds, [](const Round& round) { return round.ack_p50_us; });
  figures.ack_p99_us = SpreadOf(result.rounds, [](const Round& round) { return round.ack_p99_us; });
  return figures;
}

}  // namespace

double RoomRate(const Round& round) {
  return round.room_s == 0 ? 0 : static_cast<double>(round.room_lines) / round.room_s;
}

std::string Grouped(double number) {
  std::string digits = fmt::format("{:.0f}", number);
  for (auto at = static_cast<ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

namespace {

std::string RateText(const Spread& rate) {
  return fmt::format("{:>9} ({} - {})", Grouped(rate.median), Grouped(rate.min), Grouped(rate.max));
}

// Null if it did not run.
const PeerResult* OwnResult(const Report& report) {
  const auto found =
      std::find_if(report.results.begin(), report.results.end(),
                   [](const PeerResult& result) { return result.peer->info.name == "tallystone"; });
  return found == report.results.end() ? nullptr : &*found;
}

std::string RocksVersion() {
  return fmt::format("{}.{}.{}", ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH);
}

// log-limit has no balances to be checked.
const char* CheckText(const Report& report, const PeerResult& result) {
  return !report.options.check ? "-" : result.has_balances ? "equal" : "none";
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + '"';
}

void AppendSpread(const char* name, const Spread& spread, std::string* out) {
  fmt::format_to(std::back_inserter(*out),
                 "    \"{0}\": {1:.1f},\n    \"{0}_min\": {2:.1f},\n    \"{0}_max\": {3:.1f},\n",
                 name, spread.median, spread.min, spread.max);
}

void AppendObject(const Report& report, const PeerResult& result, std::string* out) {
  const Figures figures = FiguresOf(result);
  const auto append = [&](auto format, const auto&... values) {
    fmt::format_to(std::back_inserter(*out), fmt::runtime(format), values...);
  };
  append("  {{\n    \"peer\": {},\n", Quoted(result.peer->info.name));
  append("    \"workload\": {},\n", Quoted(report.workload->spec().name));
  append("    \"seed\": {},\n    \"lines\": {},\n", report.workload->seed(), result.lines);
  append("    \"batch_lines\": {},\n", report.workload->batch_lines());
  append("    \"threads\": {},\n    \"rounds\": {},\n", report.options.threads,
         result.rounds.size());
  AppendSpread("acked_lines_per_s", figures.acked, out);
  AppendSpread("acked_with_room_lines_per_s", figures.room, out);
  AppendSpread("applied_lines_per_s", figures.applied, out);
  AppendSpread("ack_p50_us", figures.ack_p50_us, out);
  AppendSpread("ack_p99_us", figures.ack_p99_us, out);
  append("    \"cpu_s_per_million_lines\": {:.4f},\n", figures.cpu.median);
  append("    \"memory_bytes\": {:.0f},\n", figures.rss_growth_bytes);
  append("    \"disk_bytes\": {:.0f},\n", figures.disk_bytes);
  append("    \"written_bytes\": {:.0f},\n", figures.written_bytes);
  append("    \"device_flushes\": {:.0f},\n", figures.flushes);
  if (const PeerResult* own = OwnResult(report); own != nullptr) {
    const Figures ours = FiguresOf(*own);
    append("    \"times_slower_acked\": {:.3f},\n", ours.acked.median / figures.acked.median);
    append("    \"times_slower_applied\": {:.3f},\n", ours.applied.median / figures.applied.median);
  }
  append("    \"check\": {},\n", !report.options.check || !result.has_balances ? "null" : "true");
  append("    \"cpu\": {},\n    \"cpus\": {},\n", Quoted(report.machine.cpu), report.machine.cpus);
  append("    \"kernel\": {},\n    \"file_system\": {},\n", Quoted(report.machine.kernel),
         Quoted(report.file_system));
  append("    \"compiler\": {},\n    \"build\": {},\n", Quoted(report.machine.compiler),
         Quoted(report.machine.build_type));
  append("    \"tallystone\": {},\n    \"rocksdb\": {}\n  }}", Quoted(TALLYSTONE_VERSION),
         Quoted(RocksVersion()));
}

}  // namespace

std::string FormatTable(const Report& report) {
  const Workload& workload = *report.workload;
  std::string out = fmt::format(
      "tallystone {} ({}, {}), RocksDB {}\n{}, {} CPUs, {}, {}\n"
      "{}: {}, seed {}, batches of {} lines, {} thread{}, {} round{}; median (min - max)\n\n",
      TALLYSTONE_VERSION, report.machine.compiler, report.machine.build_type, RocksVersion(),
      report.machine.cpu, report.machine.cpus, report.machine.kernel, report.file_system,
      workload.spec().name, workload.spec().text, workload.seed(), workload.batch_lines(),
      report.options.threads, report.options.threads == 1 ? "" : "s", report.options.rounds,
      report.options.rounds == 1 ? "" : "s");
  constexpr const char* kRates = "{:<14} {:>10}  {:<33} {:<33} {:>8}\n";
  constexpr const char* kCosts =
      "{:<14} {:>10}  {:>10} {:>10} {:>10} {:>10} {:>12} {:>13} {:>8} {:>6}\n";
  const auto append = [&](const char* row, const auto&... cells) {
    fmt::format_to(std::back_inserter(out), fmt::runtime(row), cells...);
  };
  append(kRates, "peer", "lines", "acknowledged lines/s", "applied lines/s", "slower");
  const PeerResult* own = OwnResult(report);
  std::string absent;
  for (const PeerResult& result : report.results) {
    if (!result.absent.empty()) {
      absent += fmt::format("absent: {}: {}\n", result.peer->info.name, result.absent);
      continue;
    }
    const Figures figures = FiguresOf(result);
    const std::string slower =
        own == nullptr
            ? "-"
            : fmt::format("{:.2f}x", FiguresOf(*own).applied.median / figures.applied.median);
    append(kRates, result.peer->info.name, Grouped(static_cast<double>(result.lines)),
           RateText(figures.acked), RateText(figures.applied), slower);
  }
  out +=
      "slower: the applied rate of tallystone over that of the peer (below 1: the peer is "
      "faster)\n\n";
  append(kCosts, "peer", "threads", "ack p50 us", "ack p99 us", "CPU s/M", "RSS MiB", "disk B/line",
         "written B/line", "flushes", "check");
  for (const PeerResult& result : report.results) {
    if (result.absent.empty()) {
      const Figures figures = FiguresOf(result);
      const auto lines = static_cast<double>(result.lines);
      append(kCosts, result.peer->info.name, report.options.threads,
             fmt::format("{:.0f}", figures.ack_p50_us.median),
             fmt::format("{:.0f}", figures.ack_p99_us.median),
             fmt::format("{:.2f}", figures.cpu.median),
             fmt::format("{:.1f}", figures.rss_growth_bytes / kMebibyte),
             fmt::format("{:.1f}", figures.disk_bytes / lines),
             fmt::format("{:.1f}", figures.written_bytes / lines),
             fmt::format("{:.0f}", figures.flushes), CheckText(report, result));
    }
  }
  for (const AbsentPeer& peer : PeersNotBuilt()) {
    absent += fmt::format("absent: {}: {}\n", peer.name, peer.why);
  }
  return out + absent;
}

std::string FormatCsv(const Report& report) {
  std::string out =
      "peer,workload,seed,lines,batch_lines,threads,rounds,acked_lines_per_s,acked_lines_per_s_min,"
      "acked_lines_per_s_max,applied_lines_per_s,applied_lines_per_s_min,applied_lines_per_s_max,"
      "ack_p50_us,ack_p99_us,cpu_s_per_million_lines,memory_bytes,disk_bytes,written_bytes,"
      "device_flushes,check\n";
  for (const PeerResult& result : report.results) {
    if (!result.absent.empty()) {
      continue;
    }
    const Figures figures = FiguresOf(result);
    const Spread& acked = figures.acked;
    const Spread& applied = figures.applied;
    fmt::format_to(std::back_inserter(out),
                   "{},{},{},{},{},{},{},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f},"
                   "{:.4f},{:.0f},{:.0f},{:.0f},{:.0f},{}\n",
                   result.peer->info.name, report.workload->spec().name, report.workload->seed(),
                   result.lines, report.workload->batch_lines(), report.options.threads,
                   result.rounds.size(), acked.median, acked.min, acked.max, applied.median,
                   applied.min, applied.max, figures.ack_p50_us.median, figures.ack_p99_us.median,
                   figures.cpu.median, figures.rss_growth_bytes, figures.disk_bytes,
                   figures.written_bytes, figures.flushes, CheckText(report, result));
  }
  return out;
}

std::string FormatJson(const Report& report) {
  std::string out = "[\n";
  for (const PeerResult& result : report.results) {
    if (!result.absent.empty()) {
      continue;
    }
    out += out.size() > 2 ? ",\n" : "";
    AppendObject(report, result, &out);
  }
  return out + "\n]\n";
}

}  // namespace tallystone::bench
