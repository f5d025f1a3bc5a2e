#include "base/text.h"

#include <string>

#include <gtest/gtest.h>

namespace tallystone {
namespace {

using namespace std::string_view_literals;

TEST(Text, ValidUtf8) {
  for (const auto text : {""sv, "plain"sv, "a\0b"sv, "caf\xC3\xA9"sv, "\xE2\x82\xAC 5"sv,
                          "\xF0\x9F\x93\xA6"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv,
                          "\xF4\x8F\xBF\xBF"sv, "\xC2\x80\xDF\xBF\xE0\xA0\x80"sv}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
}

TEST(Text, InvalidUtf8) {
  for (const auto text : {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC3"sv, "\xC3("sv,
                          "\xE2\x82"sv, "\xE0\x9F\xBF"sv, "\xED\xA0\x80"sv, "\xF0\x8F\xBF\xBF"sv,
                          "\xF0\x9F\x93"sv, "\xF4\x90\x80\x80"sv, "\xF5\x80\x80\x80"sv, "\xFF"sv,
                          "latin-1 caf\xE9"sv, "eight by\xFFtes"sv}) {
    EXPECT_FALSE(IsValidUtf8(text)) << text;
  }
}

TEST(Text, BadByteAtEveryPosition) {
  for (size_t size = 1; size < 40; ++size) {
    for (size_t position = 0; position < size; ++position) {
      std::string text(size, 'a');
      ASSERT_TRUE(IsAscii(text));
      text[position] = '\xFF';
      ASSERT_FALSE(IsAscii(text));
      ASSERT_FALSE(IsValidUtf8(text));
    }
  }
}

TEST(Text, StripBlanks) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {" \t\r\n", ""},
      {"a", "a"},
      {"  a b \r\n", "a b"},
      {"\xC2\xA0 a\xC2\xA0\xC2\xA0", "a"},
      {"\xC2\xA0", ""},
      {"a\xC2\xA0z", "a\xC2\xA0z"},
      {"\xA0", "\xA0"},  // half of one is not one
      {"\xC2", "\xC2"},
      {"a\xC2", "a\xC2"},
      {"\va\f", "\va\f"},
  };
  for (const auto& [text, stripped] : cases) {
    EXPECT_EQ(StripBlanks(text), stripped);
  }
}

}  // namespace
}  // namespace tallystone
