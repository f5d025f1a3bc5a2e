// tallystone-stress: many seeds of random batches, readers, faults and crashes against the slow
// program. A failure is run again by its seed:
//
//     tallystone-stress [--seeds N] [--first SEED] [--batches N] [--threads N] [--no-faults]
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stress/stress_history.h"

namespace tallystone::testing {
namespace {

struct Arguments {
  uint64_t seeds = 20;
  uint64_t first = 1;
  uint64_t threads = 2;
  StressOptions history;
};

bool Parse(int count, char** values, Arguments* arguments) {
  for (int index = 1; index < count; ++index) {
    const std::string_view name = values[index];
    if (name == "--no-faults") {
      arguments->history.faults = false;
      continue;
    }
    uint64_t* number = name == "--seeds"     ? &arguments->seeds
                       : name == "--first"   ? &arguments->first
                       : name == "--threads" ? &arguments->threads
                       : name == "--batches" ? &arguments->history.batches
                                             : nullptr;
    if (number == nullptr || ++index == count) {
      return false;
    }
    *number = std::strtoull(values[index], nullptr, 10);
  }
  return true;
}

void Print(const StressCounts& counts, double seconds) {
  std::printf("%llu seeds, %llu batches, %llu lines in %.0f s\n",
              static_cast<unsigned long long>(counts.seeds),
              static_cast<unsigned long long>(counts.batches),
              static_cast<unsigned long long>(counts.lines), seconds);
  std::printf("%-40s %12llu\n", "steps", static_cast<unsigned long long>(counts.steps));
  std::printf("%-40s %12llu\n", "comparisons of the whole database",
              static_cast<unsigned long long>(counts.comparisons));
  std::printf("%-40s %12llu\n", "reads beside the writers",
              static_cast<unsigned long long>(counts.reads));
  for (const auto& [fault, number] : counts.faults) {
    std::printf("%-40s %12llu\n", fault.c_str(), static_cast<unsigned long long>(number));
  }
}

int Run(const Arguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  std::mutex mutex;
  StressCounts all;
  std::atomic<uint64_t> next = arguments.first;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (uint64_t thread = 0; thread < arguments.threads; ++thread) {
    threads.emplace_back([&] {
      uint64_t seed = 0;
      while ((seed = next++) < arguments.first + arguments.seeds && failures == 0) {
        StressOptions options = arguments.history;
        options.seed = seed;
        StressHistory history(options);
        const std::string wrong = history.Run();
        std::lock_guard lock(mutex);
        all.Add(history.counts());
        if (!wrong.empty()) {
          ++failures;
          std::printf("FAILED: seed %llu: %s\n", static_cast<unsigned long long>(seed),
                      wrong.c_str());
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  Print(all, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  std::printf(failures == 0 ? "nothing lost, nothing doubled\n" : "FAILED\n");
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tallystone::testing

int main(int count, char** values) {
  tallystone::testing::Arguments arguments;
  if (!tallystone::testing::Parse(count, values, &arguments)) {
    std::fprintf(stderr,
                 "usage: tallystone-stress [--seeds N] [--first SEED] [--batches N] [--threads N] "
                 "[--no-faults]\n");
    return 2;
  }
  return tallystone::testing::Run(arguments);
}
