#include "plot_command.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "figures.h"
#include "measure.h"
#include "svg.h"

namespace tallystone::bench {
namespace {

constexpr const char* kAcked = "acked_lines_per_s";
constexpr const char* kApplied = "applied_lines_per_s";

struct PlotOptions {
  std::string json;
  std::string out;
  std::string title;
  std::string metric = kApplied;
};

// "loaded-65536": the size behind the last dash; 0 if there is none.
double WindowLines(const std::string& peer) {
  const size_t dash = peer.rfind('-');
  return dash == std::string::npos ? 0 : std::strtod(peer.c_str() + dash + 1, nullptr);
}

std::string PlotPeers(const PlotOptions& options, std::vector<Figure> figures) {
  const auto value = [&](const Figure& figure) { return figure.Number(options.metric); };
  std::stable_sort(figures.begin(), figures.end(), [&](const Figure& left, const Figure& right) {
    return (left.Text("peer") == "tallystone") > (right.Text("peer") == "tallystone");
  });
  std::vector<PlotRow> rows;
  for (const Figure& figure : figures) {
    PlotRow row{figure.Text("peer"), value(figure), figure.Number(options.metric + "_min"),
                figure.Number(options.metric + "_max"), ""};
    if (row.value <= 0 || row.min <= 0) {
      continue;
    }
    if (!rows.empty() && rows.front().name == "tallystone") {
      row.note = fmt::format("  ({:.3g}x)", rows.front().value / row.value);
    }
    rows.push_back(row);
  }
  const std::string what = options.metric == kApplied ? "applied" : "acknowledged";
  return rows.empty() ? "" : DotPlot(options.title, what + " lines a second", rows);
}

std::string PlotWindows(const PlotOptions& options, const std::vector<Figure>& figures) {
  std::map<std::string, std::map<double, double>> ways;
  for (const Figure& figure : figures) {
    const std::string peer = figure.Text("peer");
    ways[peer.substr(0, peer.rfind('-'))][WindowLines(peer)] = figure.Number(options.metric);
  }
  std::vector<PlotSeries> series;
  for (const auto& [way, points] : ways) {
    series.push_back({way, {points.begin(), points.end()}});
  }
  return LinePlot(options.title, "lines a window", "lines a second", true, series);
}

std::string PlotGrowth(const PlotOptions& options, const std::vector<Figure>& figures) {
  PlotSeries acked{"acknowledged", {}}, applied{"applied", {}};
  for (const Figure& figure : figures) {
    if (figure.numbers.contains(kApplied)) {
      acked.points.emplace_back(figure.Number("lines"), figure.Number(kAcked));
      applied.points.emplace_back(figure.Number("lines"), figure.Number(kApplied));
    }
  }
  return applied.points.empty() ? ""
                                : LinePlot(options.title, "lines in the database",
                                           "lines a second, of each step", false, {acked, applied});
}

int Run(PlotOptions options) {
  std::vector<Figure> figures;
  const Status status = ReadFigures(options.json, &figures);
  if (!status.ok()) {
    fmt::print(stderr, "tallystone-bench: {}\n", status.ToString());
    return kUsage;
  }
  const bool peers = !figures.empty() && figures.front().numbers.contains(options.metric + "_min");
  const bool windows =
      peers && std::all_of(figures.begin(), figures.end(), [](const Figure& figure) {
        return WindowLines(figure.Text("peer")) > 0;
      });
  if (options.title.empty() && !figures.empty()) {
    options.title = figures.front().Text("workload");
  }
  const std::string svg = figures.empty() ? ""
                          : windows       ? PlotWindows(options, figures)
                          : peers         ? PlotPeers(options, figures)
                                          : PlotGrowth(options, figures);
  if (svg.empty()) {
    fmt::print(stderr, "tallystone-bench: {} has no figures of peers, windows or growth\n",
               options.json);
    return kUsage;
  }
  if (options.out.empty()) {
    fmt::print("{}", svg);
    return 0;
  }
  return WriteFile(options.out, svg);
}

}  // namespace

int RunPlotCommand(int argc, char** argv) {
  CLI::App app("Draws a JSON file of peers, windows or growth as SVG.", "tallystone-bench plot");
  PlotOptions options;
  app.add_option("json", options.json, "the file that --json wrote")->required();
  app.add_option("--out", options.out, "the file to write; default: standard output");
  app.add_option("--title", options.title, "default: the name of the workload");
  app.add_option("--metric", options.metric, "which rate of peers and windows")
      ->check(CLI::IsMember({kApplied, kAcked}))
      ->capture_default_str();
  int code = 0;
  return Parse(&app, argc, argv, &code) ? Run(options) : code;
}

}  // namespace tallystone::bench
