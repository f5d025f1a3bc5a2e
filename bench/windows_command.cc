#include "windows_command.h"

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "measure.h"
#include "peers/tallystone.h"

namespace tallystone::bench {
namespace {

PeerEntry WindowPeer(uint64_t lines, bool loaded) {
  Options options;
  options.window_lines_max = lines;
  options.window_age_ms_max = 0;
  options.ingest_lines_min = loaded ? 0 : SIZE_MAX;
  const std::string way = loaded ? "loaded" : "written";
  return {
      {way + "-" + std::to_string(lines), "windows of " + std::to_string(lines) + " lines, " + way},
      [options] { return MakeTallystonePeer(options); }};
}

}  // namespace

int RunWindowsCommand(int argc, char** argv) {
  CLI::App app(
      "Runs the engine with windows of several sizes, each written as a WriteBatch (written-N) and "
      "loaded as sorted files (loaded-N): where the defaults of window_lines_max and "
      "ingest_lines_min come from.",
      "tallystone-bench windows");
  MeasureOptions options;
  std::vector<uint64_t> sizes = {2'048, 8'192, 16'384, 32'768, 65'536, 131'072, 262'144, 524'288};
  AddMeasureOptions(&app, &options);
  app.add_option("--sizes", sizes, "lines of a window, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(500, 4'194'304))
      ->capture_default_str();
  int code = 0;
  if (!Parse(&app, argc, argv, &code)) {
    return code;
  }
  std::vector<PeerEntry> entries;
  for (const uint64_t lines : sizes) {
    entries.push_back(WindowPeer(lines, false));
    entries.push_back(WindowPeer(lines, true));
  }
  std::vector<const PeerEntry*> peers;
  for (const PeerEntry& entry : entries) {
    peers.push_back(&entry);
  }
  return Measure(options, peers);
}

}  // namespace tallystone::bench
