#include "output/base64.h"

#include <gtest/gtest.h>

namespace tallystone::tool {
namespace {

TEST(Base64, AllBytesComeBack) {
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    std::string text;
    AppendBase64(bytes, &text);
    std::string back = "x";
    ASSERT_TRUE(DecodeBase64(text, &back)) << text;
    EXPECT_EQ(back, bytes);
    bytes += static_cast<char>(size * 7 + 1);
  }
  std::string text;
  AppendBase64("any carnal pleas", &text);
  EXPECT_EQ(text, "YW55IGNhcm5hbCBwbGVhcw==");
}

TEST(Base64, WhatIsNoBase64IsRefused) {
  std::string out;
  for (const char* text : {"A", "AA", "AAA", "AA=A", "====", "A===", "AB==", "AAB=", "AA A",
                           "AA\n=", "AAAA=", "AA-_", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(DecodeBase64(text, &out)) << text;
  }
}

}  // namespace
}  // namespace tallystone::tool
