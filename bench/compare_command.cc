#include "compare_command.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <tuple>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "figures.h"
#include "measure.h"

namespace tallystone::bench {
namespace {

struct CompareOptions {
  std::string before, after;
  double threshold = 0.10;
  std::string metric = "applied_lines_per_s";
  std::string relative_to;
};

// What must be equal for two figures to be comparable.
auto KeyOf(const Figure& figure) {
  return std::tuple(figure.Text("peer"), figure.Text("workload"), figure.Number("lines"),
                    figure.Number("batch_lines"), figure.Number("threads"));
}

// The rate that all others are divided by; 1 if none is asked for, 0 if it is not there.
double UnitOf(const std::vector<Figure>& figures, const Figure& of, const CompareOptions& options) {
  if (options.relative_to.empty()) {
    return 1;
  }
  const auto found = std::find_if(figures.begin(), figures.end(), [&](const Figure& figure) {
    return figure.Text("peer") == options.relative_to &&
           figure.Text("workload") == of.Text("workload");
  });
  return found == figures.end() ? 0 : found->Number(options.metric);
}

// "+3.1 %", or "-20.0 %  SLOWER".
int CompareOne(const Figure& before, const Figure& after, double unit_before, double unit_after,
               const CompareOptions& options) {
  const double left = before.Number(options.metric) / unit_before;
  const double right = after.Number(options.metric) / unit_after;
  const double change = right / left - 1;
  const bool slower = change < -options.threshold;
  // Ranges that do not meet: no round of one was like any of the other.
  const auto bound = [&](const Figure& figure, const char* end, double unit) {
    return figure.Number(options.metric + end) / unit;
  };
  const bool apart = bound(after, "_max", unit_after) < bound(before, "_min", unit_before) ||
                     bound(after, "_min", unit_after) > bound(before, "_max", unit_before);
  fmt::print("{:<16} {:<12} {:>14.4g} {:>14.4g} {:>+8.1f} %  {}{}\n", after.Text("peer"),
             after.Text("workload"), left, right, change * 100,
             apart ? "beyond the spread" : "within the spread", slower ? "  SLOWER" : "");
  return slower ? kFailed : 0;
}

int Run(const CompareOptions& options) {
  std::vector<Figure> before, after;
  Status status = ReadFigures(options.before, &before);
  if (status.ok()) {
    status = ReadFigures(options.after, &after);
  }
  if (!status.ok()) {
    fmt::print(stderr, "tallystone-bench: {}\n", status.ToString());
    return kUsage;
  }
  fmt::print("{:<16} {:<12} {:>14} {:>14} {:>10}\n", "peer", "workload", "before", "after",
             "change");
  int code = 0;
  size_t compared = 0;
  for (const Figure& figure : after) {
    const auto found = std::find_if(before.begin(), before.end(), [&](const Figure& other) {
      return KeyOf(other) == KeyOf(figure);
    });
    if (found == before.end()) {
      continue;
    }
    const double unit_before = UnitOf(before, *found, options);
    const double unit_after = UnitOf(after, figure, options);
    if (unit_before <= 0 || unit_after <= 0) {
      fmt::print(stderr, "tallystone-bench: there is no figure of '{}' to divide by\n",
                 options.relative_to);
      return kUsage;
    }
    ++compared;
    code = std::max(code, CompareOne(*found, figure, unit_before, unit_after, options));
  }
  if (compared == 0) {
    fmt::print(stderr, "tallystone-bench: {} and {} have no figure of the same peer and workload\n",
               options.before, options.after);
    return kUsage;
  }
  return code;
}

}  // namespace

int RunCompareCommand(int argc, char** argv) {
  CLI::App app(
      "Compares two JSON files of `peers`. Exit code 1 if a median is slower by more than the "
      "threshold.",
      "tallystone-bench compare");
  CompareOptions options;
  app.add_option("before", options.before, "the older file")->required();
  app.add_option("after", options.after, "the newer file")->required();
  app.add_option("--threshold", options.threshold, "a part of 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--metric", options.metric, "what to compare: a rate, larger is better")
      ->check(CLI::IsMember({"applied_lines_per_s", "acked_lines_per_s"}))
      ->capture_default_str();
  app.add_option("--relative-to", options.relative_to,
                 "divide by the rate of this peer in the same file, so that another machine or a "
                 "busy one compares: --relative-to log-limit");
  int code = 0;
  return Parse(&app, argc, argv, &code) ? Run(options) : code;
}

}  // namespace tallystone::bench
