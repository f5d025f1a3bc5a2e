// The text by which descriptions are compared. Its results are stored: a change breaks databases.
#include <string>

#include <gtest/gtest.h>

#include "catalog/tenant_catalogue.h"
#include "model/random_source.h"
#include "model/table.h"

namespace tallystone {
namespace {

TEST(NormalFormTest, FoldsWhatPeopleWriteDifferently) {
  constexpr std::string_view kTable = R"(
    text                                    | normal form
    WIDGET 10 mm                            | widget 10mm
    '  Widget\t10   MM '                    | widget 10mm
    ''                                      | ''
    '   '                                   | ''
    Caf\xC3\xA9                             | caf\xC3\xA9
    Cafe\xCC\x81                            | caf\xC3\xA9
    CAF\xC3\x89                             | caf\xC3\xA9
    STRASSE                                 | strasse
    Stra\xC3\x9F\x65                        | strasse
    \xEF\xBC\xB7\xEF\xBC\xA9\xEF\xBC\xA4    | wid
    \xEF\xAC\x81lter                        | filter
    \xC2\xBD inch                           | 1/2inch
    \xE2\x84\xAB                            | \xC3\xA5
    10\xC2\xA0mm                            | 10mm
    \xE3\x80\x80\xE2\x80\x83                | ''
    a\xE3\x80\x80\xE2\x80\x83 b             | a b
    \xCE\x9F\xCE\x94\xCE\x9F\xCE\xA3        | \xCE\xBF\xCE\xB4\xCE\xBF\xCF\x83
    a\xE2\x80\xA8z                          | a z
    10\xC2\xB2 and 102                       | 10^2 and 102
    H\xE2\x82\x82O 5\xE2\x82\x82                  | h2o 5~2
    1\xC2\xBD mm                            | 1 1/2mm
    12\xE2\x91\xA0                          | 12 1
    10 x 15 x 20 cm                         | 10x15x20cm
    10x 15                                  | 10x 15
    10 x15                                  | 10 x15
    10mm x 15mm                             | 10mmx15mm
    10 * 15                                 | 10x15
    10\xC3\x97\x31\x35                         | 10x15
    size x 15                               | size x 15
    1,5 l                                   | 1.5l
    1,000 pcs                               | 1,000pcs
    0,500 kg                                | 0.500kg
    1,2,3                                   | 1,2,3
    .5 kg                                   | 0.5kg
    No.5                                    | no 5
    -20 to 10-20                            | -20 to 10-20
    T-Shirt, (blue) [new]!                  | t shirt blue new
    O\xE2\x80\x99\x42rien                       | o brien
    5\xE2\x80\xB2 by 3\xE2\x80\x9D                  | 5\x27 by 3\x22
    3 in box                                | 3 in box
    soft\xC2\xADhyphen                       | softhyphen
    10\xE2\x80\x8B\xC2\xB2                       | 10^2
    Widget\xE2\x84\xA2                       | widget
    10 m\xCE\xA9 10 M\xCE\xA9                    | 10m\xCF\x89 10meg\xCF\x89
    w/o sugar 50 % A+                       | w/o sugar 50% a+
    ?!                                      | ?!
  )";
  for (const auto& row : test::Table(kTable)) {
    EXPECT_EQ(NormaliseDescription(row[0]), row[1]) << row[0];
  }
}

void AppendRune(uint32_t rune, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (rune < 0x80) {
    put(rune);
  } else if (rune < 0x800) {
    put(0xC0 | rune >> 6);
    put(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    put(0xE0 | rune >> 12);
    put(0x80 | (rune >> 6 & 0x3F));
    put(0x80 | (rune & 0x3F));
  } else {
    put(0xF0 | rune >> 18);
    put(0x80 | (rune >> 12 & 0x3F));
    put(0x80 | (rune >> 6 & 0x3F));
    put(0x80 | (rune & 0x3F));
  }
}

// Otherwise an alias read back from the store would not be found by its own text.
TEST(NormalFormTest, TheFormOfAFormIsItself) {
  for (uint32_t rune = 0; rune < 0x110000; ++rune) {
    if (rune >= 0xD800 && rune < 0xE000) {
      continue;
    }
    std::string text;
    AppendRune(rune, &text);
    const std::string form = NormaliseDescription(text);
    ASSERT_EQ(NormaliseDescription(form), form) << "U+" << std::hex << rune;
  }
  test::RandomSource random(test::TestSeed());
  // Marks and letters that compose, fold and decompose.
  const std::vector<std::string_view> parts = {"e",
                                               "E",
                                               "\xCC\x81",
                                               "\xCC\xA7",
                                               "\xCD\x85",
                                               "\xCE\xB1",
                                               "\xCE\x91",
                                               "\xC4\xB0",
                                               "\xE1\xBE\xB4",
                                               "\xE1\x84\x80",
                                               "\xE1\x85\xA1",
                                               "\xE1\x86\xA8",
                                               "\xEF\xAC\x83",
                                               " ",
                                               "\xC2\xA0",
                                               "\xC2\xA8",
                                               "\xCC\x88",
                                               "\xC7\xB0"};
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (uint64_t count = random.Below(6); count > 0; --count) {
      text += random.Pick(parts);
    }
    const std::string form = NormaliseDescription(text);
    ASSERT_EQ(NormaliseDescription(form), form) << text;
  }
}

TEST(NormalFormTest, AsciiGoesTheSameWayAsUnicode) {
  test::RandomSource random(test::TestSeed());
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = random.Text("aBcZ 09-.,/'\"x*km\t\n\v\f\r\x1f@[`{", 20);
    // A letter that is not ASCII at the end sends the whole text the long way.
    const std::string with_letter = NormaliseDescription(text + "\xC3\xA9");
    const std::string expected = NormaliseDescription(text + "e");
    ASSERT_EQ(with_letter.substr(0, with_letter.size() - 2),
              expected.substr(0, expected.size() - 1))
        << text;
  }
}

// Everything that splits and joins, with what composes and decomposes.
TEST(NormalFormTest, TheFormOfAFormOfNumbersUnitsAndSignsIsItself) {
  test::RandomSource random(test::TestSeed());
  const std::vector<std::string_view> parts = {"5",
                                               "10",
                                               "0",
                                               "000",
                                               ".",
                                               ",",
                                               "-",
                                               "'",
                                               "\"",
                                               "x",
                                               "*",
                                               "/",
                                               ":",
                                               "(",
                                               ")",
                                               "mm",
                                               "kg",
                                               "a",
                                               "M",
                                               "Ohm",
                                               " ",
                                               " ",
                                               "\xCC\x81",
                                               "\xC2\xBD",
                                               "\xC2\xB2",
                                               "\xE2\x82\x82",
                                               "\xE2\x80\xB2",
                                               "\xE2\x80\xB3",
                                               "\xE2\x80\x93",
                                               "\xC3\x97",
                                               "\xCE\xA9",
                                               "\xE3\x8F\x81",
                                               "\xE2\x91\xA0",
                                               "\xE3\x8E\xA1",
                                               "\xC2\xAD"};
  for (int round = 0; round < 100'000; ++round) {
    std::string text;
    for (uint64_t count = 1 + random.Below(8); count > 0; --count) {
      text += random.Pick(parts);
    }
    const std::string form = NormaliseDescription(text);
    ASSERT_EQ(NormaliseDescription(form), form) << text;
  }
}

TEST(NormalFormTest, BytesThatAreNotUtf8AreKeptApart) {
  EXPECT_NE(NormaliseDescription("a\xFF"), NormaliseDescription("a\xFE"));
  EXPECT_NE(NormaliseDescription("a\xFF"), NormaliseDescription("a"));
}

}  // namespace
}  // namespace tallystone
