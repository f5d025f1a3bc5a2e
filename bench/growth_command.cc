#include "growth_command.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/wait.h>

#include "endless_lines.h"
#include "machine.h"
#include "measure.h"
#include "tallystone/tallystone.h"

namespace tallystone::bench {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

struct GrowthOptions {
  std::string workload = "zipf100k";
  uint64_t seed = 42;
  uint64_t lines = 10'000'000;
  uint64_t steps = 10;
  uint64_t tail = 1'000'000;
  std::string directory = ".";
  std::string json;
};

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Growth {
 public:
  Growth(const GrowthOptions& options, const WorkloadSpec& spec, std::string path)
      : options_(options), spec_(spec), path_(std::move(path)) {}

  Status Run() {
    fmt::print("{:>12} {:>14} {:>14} {:>9} {:>10} {:>8}\n", "lines", "acknowl. l/s", "applied l/s",
               "RSS MiB", "disk MiB", "B/line");
    Status status = Grow();
    if (status.ok()) {
      status = MeasureOpen("open, nothing to recover");
    }
    if (status.ok() && options_.tail > 0) {
      status = WriteTail();
    }
    if (status.ok() && options_.tail > 0) {
      status = MeasureOpen("open, with a tail to recover");
    }
    return status;
  }

  [[nodiscard]] std::string Json() const { return "[\n" + json_ + "\n]\n"; }

 private:
  Status Grow() {
    std::unique_ptr<Engine> engine;
    Status status = Engine::Open({}, path_, &engine);
    EndlessLines source(spec_, options_.seed);
    uint64_t total = 0;
    for (uint64_t step = 1; step <= options_.steps && status.ok(); ++step) {
      const uint64_t lines = options_.lines * step / options_.steps - total;
      ResetPeakResidentBytes();
      double seconds = 0;
      status = source.Feed(lines, &seconds,
                           [&](const Batch& batch) { return IngestAll(engine.get(), batch); });
      const auto flushing = std::chrono::steady_clock::now();
      if (status.ok()) {
        status = engine->Flush();
      }
      total += lines;
      Report(total, lines, seconds, seconds + SecondsSince(flushing));
    }
    return status.ok() ? engine->Close() : status;
  }

  void Report(uint64_t total, uint64_t lines, double acked, double applied) {
    const auto rate = [&](double seconds) { return static_cast<double>(lines) / seconds; };
    const auto resident = static_cast<double>(PeakResidentBytes());
    const auto disk = static_cast<double>(DiskBytes(path_));
    fmt::print("{:>12} {:>14.0f} {:>14.0f} {:>9.1f} {:>10.1f} {:>8.1f}\n", total, rate(acked),
               rate(applied), resident / kMebibyte, disk / kMebibyte,
               disk / static_cast<double>(total));
    std::fflush(stdout);
    Add(fmt::format(
        "\"lines\": {}, \"acked_lines_per_s\": {:.1f}, \"applied_lines_per_s\": {:.1f}, "
        "\"memory_bytes\": {:.0f}, \"disk_bytes\": {:.0f}",
        total, rate(acked), rate(applied), resident, disk));
  }

  // In a process of its own, which ends without Close: the lines are in the log, not in the store.
  Status WriteTail() {
    const pid_t child = ::fork();
    if (child == 0) {
      Options options;
      options.window_lines_max = std::max<uint64_t>(2 * options_.tail, 4096);
      options.window_age_ms_max = 0;
      std::unique_ptr<Engine> engine;
      Status status = Engine::Open(options, path_, &engine);
      EndlessLines source(spec_, options_.seed + 1'000'003);
      double ignored = 0;
      if (status.ok()) {
        status = source.Feed(options_.tail, &ignored,
                             [&](const Batch& batch) { return IngestAll(engine.get(), batch); });
      }
      ::_exit(status.ok() ? 0 : 1);
    }
    int code = 0;
    return child > 0 && ::waitpid(child, &code, 0) == child && code == 0
               ? Status::Ok()
               : Status::IoError("the process that writes the tail failed");
  }

  Status MeasureOpen(const char* what) {
    SyncFileSystem(path_);
    ResetPeakResidentBytes();
    const auto start = std::chrono::steady_clock::now();
    std::unique_ptr<Engine> engine;
    Status status = Engine::Open({}, path_, &engine);
    const double seconds = SecondsSince(start);
    if (!status.ok()) {
      return status;
    }
    const EngineStats stats = engine->stats();
    status = engine->Close();
    const auto disk = static_cast<double>(DiskBytes(path_));
    fmt::print(
        "{}: {:.3f} s, {} items, {} lines recovered, {:.1f} MiB resident; on disk after Close "
        "{:.1f} MiB, {:.1f} B/line\n",
        what, seconds, stats.items, stats.replayed_lines,
        static_cast<double>(PeakResidentBytes()) / kMebibyte, disk / kMebibyte,
        disk / static_cast<double>(options_.lines + stats.replayed_lines));
    Add(fmt::format(
        "\"step\": \"{}\", \"seconds\": {:.4f}, \"items\": {}, \"recovered_lines\": {}, "
        "\"disk_bytes\": {:.0f}",
        what, seconds, stats.items, stats.replayed_lines, disk));
    return status;
  }

  void Add(const std::string& members) {
    json_ += fmt::format("{}  {{\"peer\": \"tallystone\", \"workload\": \"{}\", {}}}",
                         json_.empty() ? "" : ",\n", spec_.name, members);
  }

  const GrowthOptions& options_;
  const WorkloadSpec& spec_;
  const std::string path_;
  std::string json_;
};

int Run(const GrowthOptions& options) {
  std::string json;
  const int code = WithDatabase(options.workload, options.directory,
                                [&](const WorkloadSpec& spec, const std::string& path) {
                                  Growth growth(options, spec, path);
                                  const Status status = growth.Run();
                                  json = growth.Json();
                                  return status;
                                });
  return code != 0 || options.json.empty() ? code : WriteFile(options.json, json);
}

}  // namespace

int RunGrowthCommand(int argc, char** argv) {
  CLI::App app(
      "Lets one database grow in equal steps and says for each: rates, memory, bytes on disk; then "
      "the time to open it, and to recover a tail of lines that are in the log only.",
      "tallystone-bench growth");
  GrowthOptions options;
  app.add_option("--workload", options.workload, "which lines; see peers --list")
      ->capture_default_str();
  app.add_option("--lines", options.lines, "how many lines in the end")
      ->check(CLI::Range(uint64_t{1000}, uint64_t{1'000'000'000}))
      ->capture_default_str();
  app.add_option("--steps", options.steps, "how many steps")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--tail", options.tail, "lines of the tail; 0 = none")
      ->check(CLI::Range(0, 2'000'000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the lines")->capture_default_str();
  app.add_option("--dir", options.directory, "where the database is made, and removed afterwards")
      ->capture_default_str();
  app.add_option("--json", options.json, "write the figures to this file");
  int code = 0;
  return Parse(&app, argc, argv, &code) ? Run(options) : code;
}

}  // namespace tallystone::bench
