// Random histories against the slow program (laws L2, L3, L4, L5, L7): batches of all kinds,
// resends, other content, interrupted batches, retries, drops, refused windows of the store,
// reopening.
#include <cstdlib>

#include <gtest/gtest.h>

#include "engine_support/random_history.h"

namespace tallystone::testing {
namespace {

// `servers`: 0 = the embedded store, behind faults; more: that many stores in memory whose
// connections are cut.
void RunHistories(size_t servers, uint64_t usual) {
  const uint64_t seed = test::TestSeed();
  const char* given = std::getenv("TALLYSTONE_HISTORIES");
  const uint64_t histories = given != nullptr ? std::strtoull(given, nullptr, 10) : usual;
  for (uint64_t history = 0; history < histories; ++history) {
    SCOPED_TRACE("history " + std::to_string(history) + " of seed " + std::to_string(seed));
    std::unique_ptr<EnginePlace> place;
    if (servers == 0) {
      place = std::make_unique<EmbeddedPlace>();
    } else {
      place = std::make_unique<CutServersPlace>(seed + history, servers);
    }
    EXPECT_NE("", PlayHistory(seed + history, 60, place.get()));
    if (::testing::Test::HasFailure()) {
      return;
    }
  }
}

TEST(RandomBatchesTest, EqualTheSlowProgramThatBooksLineByLine) {
  RunHistories(0, 12);
}

TEST(RandomBatchesTest, TheSameOnAServerThatAppliesTenantByTenantAndIsCutOffBetweenThem) {
  RunHistories(1, 5);
}

TEST(RandomBatchesTest, TheSameOnThreeServersThatAreCutOff) {
  RunHistories(3, 5);
}

}  // namespace
}  // namespace tallystone::testing
