// Every crash of small scenarios (laws L1 to L6). How much of them, the environment says:
//   TALLYSTONE_CRASHES=long   every boundary of the scenarios and of their recoveries
#include <cstdlib>
#include <iostream>
#include <string_view>

#include <gtest/gtest.h>

#include "crash/crash_explorer.h"
#include "crash/scenario.h"

namespace tallystone::testing {
namespace {

bool Long() {
  const char* how = std::getenv("TALLYSTONE_CRASHES");
  return how != nullptr && std::string_view(how) == "long";
}

class CrashTest : public ::testing::TestWithParam<size_t> {};

TEST_P(CrashTest, NothingIsLostOrDoubled) {
  const Scenario scenario = CrashScenarios()[GetParam()];
  ExplorerOptions options;
  if (const char* seed = std::getenv("TALLYSTONE_SEED")) {
    options.seed = std::strtoull(seed, nullptr, 10);
  }
  options.parts = Long() ? 3 : 1;
  options.stride = Long() ? 1 : 3;
  options.recovery_stride = Long() ? 23 : 97;
  options.second_recovery_stride = Long() ? 53 : 97;
  const ExplorerReport report = CrashExplorer(scenario, options).Run();
  std::cout << scenario.name << ": " << report.boundaries
            << " boundaries; distinct crash states: " << report.crashes << " of the run, "
            << report.recovery_crashes << " of recovery, " << report.second_recovery_crashes
            << " of the second recovery\n";
  for (const std::string& failure : report.failures) {
    ADD_FAILURE() << failure;
  }
  EXPECT_GT(report.crashes, 20u);
}

// One process made the directory and died before its name was durable; the next one finds it.
TEST(CreationTest, AfterAKilledCreationTheNextOneIsDurable) {
  Scenario scenario = CrashScenarios().front();
  scenario.steps = {{.kind = StepKind::kSend, .tenant = "acme", .batch = "b1", .lines = 50}};
  for (uint64_t operation = 0; operation < 8; ++operation) {
    SCOPED_TRACE("operation " + std::to_string(operation));
    std::unique_ptr<FaultFileSystem> disk;
    {
      SimulatedDatabase database(std::make_unique<FaultFileSystem>());
      ScenarioRun run(&scenario, &database);
      database.disk()->CrashAt(operation);
      EXPECT_FALSE(run.Open().ok());
      run.Abandon();
      database.disk()->Kill();
      ASSERT_TRUE(run.Open().ok());
      ASSERT_TRUE(run.Run(scenario.steps.front()).ok());
      disk = database.disk()->Copy();
      run.Abandon();
    }
    disk->Crash(FaultFileSystem::Keep::kNothing);
    SimulatedDatabase database(std::move(disk));
    ScenarioRun run(&scenario, &database);
    ASSERT_TRUE(run.Open().ok());
    EXPECT_EQ(CheckAgainstModel(scenario, 1, run.engine()), "");
    run.Abandon();
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, CrashTest, ::testing::Range<size_t>(0, CrashScenarios().size()),
                         [](const auto& parameter) {
                           std::string name = CrashScenarios()[parameter.param].name;
                           std::erase_if(name, [](char c) { return c == ','; });
                           for (char& c : name) {
                             c = c == ' ' ? '_' : c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace tallystone::testing
