// Which orders of the same words are one name.
#include "catalog/arrangement.h"

#include <gtest/gtest.h>

#include "catalog/protected_words.h"
#include "model/table.h"

namespace tallystone {
namespace {

TEST(ArrangementTest, WhatBindsStaysBound) {
  constexpr std::string_view kTable = R"(
    name                                    | in another order                       | one name
    blue widget 10mm                        | widget blue 10mm                       | yes
    office chair black                      | black office chair                     | yes
    paper a4 500 sheets                     | 500 sheets paper a4                    | yes
    widget blue with lid                    | blue widget with lid                   | yes
    red box with blue lid                   | blue box with red lid                  | no
    red box blue lid                        | blue box red lid                       | no
    pump without motor                      | motor without pump                     | no
    adapter usb to hdmi                     | adapter hdmi to usb                    | no
    set 3 cups 2 plates                     | set 2 cups 3 plates                    | no
    10 cups plates                          | cups 10 plates                         | no
    inner thread brass outer thread steel   | outer thread brass inner thread steel  | no
    widget blue                             | widget red                             | no
    widget blue                             | widget blue blue                       | no
    cup with lid without handle             | cup without handle with lid            | yes
    tee mit milch ohne zucker               | tee mit zucker ohne milch              | no
  )";
  for (const auto& row : test::Table(kTable)) {
    EXPECT_EQ(SameArrangement(row[0], row[1]), row[2] == "yes") << row[0] << " / " << row[1];
    EXPECT_EQ(SameArrangement(row[1], row[0]), row[2] == "yes") << row[1] << " / " << row[0];
  }
}

TEST(ArrangementTest, WordsHaveTheirClassInEveryLanguage) {
  EXPECT_EQ(ClassOfWord("blue"), WordClass::kColour);
  EXPECT_EQ(ClassOfWord("blauem"), WordClass::kColour);
  EXPECT_EQ(ClassOfWord("ohne"), WordClass::kWithout);
  EXPECT_EQ(ClassOfWord("links"), WordClass::kSide);
  EXPECT_EQ(ClassOfWord("zwei"), WordClass::kNumber);
  EXPECT_EQ(ClassOfWord("widget"), WordClass::kNone);
  EXPECT_EQ(ClassOfWord(""), WordClass::kNone);
}

}  // namespace
}  // namespace tallystone
