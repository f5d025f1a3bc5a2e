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
    WIDGET 10 mm                            | widget 10 mm
    '  Widget\t10   MM '                    | widget 10 mm
    ''                                      | ''
    '   '                                   | ''
    Caf\xC3\xA9                             | caf\xC3\xA9
    Cafe\xCC\x81                            | caf\xC3\xA9
    CAF\xC3\x89                             | caf\xC3\xA9
    STRASSE                                 | strasse
    Stra\xC3\x9F\x65                        | strasse
    \xEF\xBC\xB7\xEF\xBC\xA9\xEF\xBC\xA4    | wid
    \xEF\xAC\x81lter                        | filter
    \xC2\xBD inch                           | 1\xE2\x81\x84\x32 inch
    \xE2\x84\xAB                            | \xC3\xA5
    10\xC2\xA0mm                            | 10 mm
    \xE3\x80\x80\xE2\x80\x83                | ''
    a\xE3\x80\x80\xE2\x80\x83 b             | a b
    \xCE\x9F\xCE\x94\xCE\x9F\xCE\xA3        | \xCE\xBF\xCE\xB4\xCE\xBF\xCF\x83
    a\xE2\x80\xA8z                          | a z
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
    const std::string text = random.Text("aBcZ 09-./\t\n\v\f\r\x1f@[`{", 20);
    // A letter that is not ASCII at the end sends the whole text the long way.
    const std::string with_letter = NormaliseDescription(text + "\xC3\xA9");
    const std::string expected = NormaliseDescription(text + "e");
    ASSERT_EQ(with_letter.substr(0, with_letter.size() - 2),
              expected.substr(0, expected.size() - 1))
        << text;
  }
}

TEST(NormalFormTest, BytesThatAreNotUtf8GiveSomethingStable) {
  test::RandomSource random(test::TestSeed());
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = random.Bytes(20);
    ASSERT_EQ(NormaliseDescription(text), NormaliseDescription(text));
  }
}

}  // namespace
}  // namespace tallystone
