// The ledger on PostgreSQL: scenarios and random histories give what they give on other stores, on
// one server and on three.
//
//   TALLYSTONE_SEED=7 TALLYSTONE_HISTORIES=50 TALLYSTONE_SCENARIOS_ALL=1 postgres_engine_tests
//   --gtest_filter='*Ledger*'
#include <tuple>

#include <gtest/gtest.h>

#include "engine_support/random_history.h"
#include "engine_support/scenario.h"
#include "postgres_engine/servers_fixture.h"

namespace tallystone::testing {
namespace {

class LedgerTest : public PostgresEngineTest, public ::testing::WithParamInterface<size_t> {
 protected:
  void SetUp() override { START_SERVERS(GetParam()); }

  // Of what play(place, after) books, in memory, in the directory and on the servers. `after` is
  // for memory and servers; in the directory it is played undisturbed: it has its own tests.
  template <typename Play>
  void ExpectEqualDigests(AfterEvent after, const Play& play) {
    MemoryPlace memory;
    const std::string expected = play(&memory, after);
    ASSERT_FALSE(HasFailure());
    ASSERT_NE("", expected);
    if (GetParam() == 1) {
      EmbeddedPlace embedded;
      EXPECT_EQ(expected, play(&embedded, AfterEvent::kNothing)) << "in the directory";
    }
    for (const auto& database : databases_) {
      ASSERT_OK(database->Empty());
    }
    ServersPlace servers(&databases_);
    EXPECT_EQ(expected, play(&servers, after)) << "on servers";
  }
};

TEST_P(LedgerTest, RandomHistoriesEqualTheSlowProgramAndTheOtherStores) {
  const uint64_t histories = FromEnvironment("TALLYSTONE_HISTORIES", 1);
  const uint64_t seed = test::TestSeed();
  for (uint64_t history = 0; history < histories && !HasFailure(); ++history) {
    SCOPED_TRACE("history " + std::to_string(history) + " of seed " + std::to_string(seed));
    ExpectEqualDigests(AfterEvent::kNothing, [&](EnginePlace* place, AfterEvent) {
      return PlayHistory(seed + history, 40, place);
    });
  }
}

TEST_P(LedgerTest, ScenariosGoAsWritten) {
  const std::vector<Scenario> scenarios = ReadScenarios(TALLYSTONE_SCENARIOS);
  ASSERT_GE(scenarios.size(), 10u);
  // Each is played in one of the four ways, on three servers every third; all of them in all ways
  // by TALLYSTONE_SCENARIOS_ALL=1.
  const bool all = FromEnvironment("TALLYSTONE_SCENARIOS_ALL", 0) != 0;
  for (size_t number = 0; number < scenarios.size(); ++number) {
    for (size_t after = 0; after < 4 && !HasFailure(); ++after) {
      if (!all && (after != number % 4 || number % GetParam() != 0)) {
        continue;
      }
      SCOPED_TRACE(scenarios[number].name);
      ExpectEqualDigests(static_cast<AfterEvent>(after), [&](EnginePlace* place, AfterEvent way) {
        PlayScenario(scenarios[number], way, place);
        return place->SoundDigest();
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, LedgerTest, ::testing::Values(1, 3),
                         [](const auto& servers) { return std::to_string(servers.param); });

}  // namespace
}  // namespace tallystone::testing
