// The ledger scenarios (engine_support/scenario.h) on each store, and again with everything
// drained, or the engine reopened, after every event (laws L2, L3, L5, L7).
#include <memory>
#include <tuple>

#include <gtest/gtest.h>

#include "engine_support/scenario.h"

namespace tallystone::testing {
namespace {

enum class StoreKind { kMemory, kRocks };

class ScenariosTest : public ::testing::TestWithParam<std::tuple<StoreKind, AfterEvent>> {};

TEST_P(ScenariosTest, GoAsWritten) {
  const std::vector<Scenario> scenarios = ReadScenarios(TALLYSTONE_SCENARIOS);
  ASSERT_GE(scenarios.size(), 10u);
  for (const Scenario& scenario : scenarios) {
    std::unique_ptr<EnginePlace> place;
    if (std::get<0>(GetParam()) == StoreKind::kMemory) {
      place = std::make_unique<MemoryPlace>();
    } else {
      place = std::make_unique<EmbeddedPlace>();
    }
    ASSERT_NO_FATAL_FAILURE(PlayScenario(scenario, std::get<1>(GetParam()), place.get()))
        << scenario.name;
    EXPECT_NE(place->SoundDigest(), "");
  }
}

std::string StageName(const ::testing::TestParamInfo<ScenariosTest::ParamType>& parameter) {
  static const char* const kStores[] = {"Memory", "Rocks"};
  static const char* const kAfter[] = {"Undisturbed", "FlushedAfterEachEvent",
                                       "ReopenedAfterEachEvent", "CrashedAfterEachEvent"};
  return std::string(kStores[static_cast<int>(std::get<0>(parameter.param))]) +
         kAfter[static_cast<int>(std::get<1>(parameter.param))];
}

INSTANTIATE_TEST_SUITE_P(
    Stores, ScenariosTest,
    ::testing::Combine(::testing::Values(StoreKind::kMemory, StoreKind::kRocks),
                       ::testing::Values(AfterEvent::kNothing, AfterEvent::kFlush,
                                         AfterEvent::kReopen, AfterEvent::kCrash)),
    StageName);

}  // namespace
}  // namespace tallystone::testing
