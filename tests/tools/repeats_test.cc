// A trouble that lasts: what a person is told of it.
#include "output/repeats.h"

#include <gtest/gtest.h>

namespace tallystone::tool {
namespace {

using std::chrono::seconds;

constexpr Repeats::Time kStart{};

TEST(RepeatsTest, MessagesThatTakeTurnsAreShownOnceAndRemindedOfEachMinute) {
  Repeats repeats;
  int shown = 0;
  for (int second = 0; second < 180; second += 3) {
    shown += repeats.IsToBeShown("the store refused", kStart + seconds(second)) ? 1 : 0;
    shown += repeats.IsToBeShown("it cannot be written", kStart + seconds(second)) ? 1 : 0;
  }
  EXPECT_EQ(6, shown);
}

TEST(RepeatsTest, TheSameTroubleIsNewsAfterItWasOver) {
  Repeats repeats;
  EXPECT_TRUE(repeats.IsToBeShown("away", kStart));
  EXPECT_FALSE(repeats.IsToBeShown("away", kStart + seconds(1)));
  repeats.Forget();
  EXPECT_TRUE(repeats.IsToBeShown("away", kStart + seconds(2)));
}

TEST(RepeatsTest, ManyMessagesAreShownAndDoNotFillTheMemory) {
  Repeats repeats;
  for (size_t number = 0; number < 10 * Repeats::kMessagesMax; ++number) {
    EXPECT_TRUE(repeats.IsToBeShown(std::to_string(number), kStart));
  }
}

}  // namespace
}  // namespace tallystone::tool
