// tallystone-bench: micro benches of the engine's stages, and `peers`.
#include <cstdio>
#include <string_view>

#include <benchmark/benchmark.h>

#include "compare_command.h"
#include "growth_command.h"
#include "mapping_command.h"
#include "parse_command.h"
#include "peers_command.h"
#include "plot_command.h"
#include "reads_command.h"
#ifdef TALLYSTONE_BENCH_POSTGRES
#include "servers_command.h"
#endif
#include "troubles_command.h"
#include "windows_command.h"

namespace {

struct Command {
  std::string_view name;
  int (*run)(int argc, char** argv);
};
constexpr Command kCommands[] = {
    {"peers", tallystone::bench::RunPeersCommand},
    {"windows", tallystone::bench::RunWindowsCommand},
    {"troubles", tallystone::bench::RunTroublesCommand},
    {"growth", tallystone::bench::RunGrowthCommand},
    {"reads", tallystone::bench::RunReadsCommand},
    {"mapping", tallystone::bench::RunMappingCommand},
    {"parse", tallystone::bench::RunParseCommand},
#ifdef TALLYSTONE_BENCH_POSTGRES
    {"servers", tallystone::bench::RunServersCommand},
#endif
    {"plot", tallystone::bench::RunPlotCommand},
    {"compare", tallystone::bench::RunCompareCommand},
};

constexpr const char* kHelp =
    "tallystone-bench COMMAND [OPTIONS]; each has --help:\n"
    "  peers        the engine and its peers side by side\n"
    "  windows      the engine with windows of several sizes\n"
    "  troubles     what bad lines, re-sent batches, tenants and refused keys cost\n"
    "  growth       one database that grows; then the time to open it and to recover\n"
    "  reads        reads at rest and beside a writer, against a bare Get\n"
    "  servers      the engine before a PostgreSQL that is far away, beside COPY\n"
    "  mapping      finding the item that a name means\n"
    "  parse FILE   reads a file as an import does, and nothing else\n"
    "  compare A B  two JSON files of peers: what became slower\n"
    "  plot FILE    a JSON file of peers, windows or growth as SVG\n"
    "tallystone-bench [FLAGS]           micro benches of the engine's stages (Google Benchmark):\n"
    "  --benchmark_list_tests=true        list them\n"
    "  --benchmark_filter=REGEX           run those that match\n"
    "  --benchmark_repetitions=N          with mean, median and spread\n"
    "  --benchmark_format=console|json|csv, --benchmark_out=FILE\n";

}  // namespace

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  for (const Command& command : kCommands) {
    if (first == command.name) {
      return command.run(argc - 1, argv + 1);
    }
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
