// tallystone-bench: micro benches of the engine's stages, and `peers`.
#include <cstdio>
#include <string_view>

#include <benchmark/benchmark.h>

#include "compare_command.h"
#include "peers_command.h"
#include "windows_command.h"

namespace {

constexpr const char* kHelp =
    "tallystone-bench peers [OPTIONS]   the engine and its peers side by side; see peers --help\n"
    "tallystone-bench windows [OPTIONS] the engine with windows of several sizes\n"
    "tallystone-bench compare A B       two JSON files of peers: what became slower\n"
    "tallystone-bench [FLAGS]           micro benches of the engine's stages (Google Benchmark):\n"
    "  --benchmark_list_tests=true        list them\n"
    "  --benchmark_filter=REGEX           run those that match\n"
    "  --benchmark_repetitions=N          with mean, median and spread\n"
    "  --benchmark_format=console|json|csv, --benchmark_out=FILE\n";

}  // namespace

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "peers") {
    return tallystone::bench::RunPeersCommand(argc - 1, argv + 1);
  }
  if (first == "windows") {
    return tallystone::bench::RunWindowsCommand(argc - 1, argv + 1);
  }
  if (first == "compare") {
    return tallystone::bench::RunCompareCommand(argc - 1, argv + 1);
  }
  if (first == "--help" || first == "-h") {
    std::fputs(kHelp, stdout);
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
