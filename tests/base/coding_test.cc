#include "base/coding.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace tallystone {
namespace {

constexpr UInt128 kMax128 = ~UInt128{0};

TEST(Coding, FixedIsLittleEndian) {
  std::string bytes;
  PutFixed16(&bytes, 0x0102);
  PutFixed32(&bytes, 0x03040506);
  PutFixed64(&bytes, 0x0708090a0b0c0d0e);
  PutFixed128(&bytes, UInt128{0x11} << 120 | 0x22);
  EXPECT_EQ(bytes, std::string("\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x22\0\0\0"
                               "\0\0\0\0\0\0\0\0\0\0\0\x11",
                               30));
  std::string_view input = bytes;
  uint16_t a = 0;
  uint32_t b = 0;
  uint64_t c = 0;
  UInt128 d = 0;
  ASSERT_TRUE(GetFixed16(&input, &a) && GetFixed32(&input, &b) && GetFixed64(&input, &c) &&
              GetFixed128(&input, &d));
  EXPECT_EQ(a, 0x0102);
  EXPECT_EQ(b, 0x03040506u);
  EXPECT_EQ(c, 0x0708090a0b0c0d0eu);
  EXPECT_TRUE(d == (UInt128{0x11} << 120 | 0x22));
  EXPECT_FALSE(GetFixed16(&input, &a));
}

TEST(Coding, BigEndianSortsAsNumbers) {
  const uint64_t numbers[] = {0, 1, 255, 256, 65535, 1u << 31, uint64_t{1} << 40, UINT64_MAX};
  std::string before;
  for (const uint64_t number : numbers) {
    std::string bytes;
    PutBigEndian64(&bytes, number);
    EXPECT_EQ(DecodeBigEndian64(bytes.data()), number);
    EXPECT_LT(before, bytes);
    before = bytes;
    std::string_view input = std::string_view(bytes).substr(4);
    uint32_t low = 0;
    ASSERT_TRUE(GetBigEndian32(&input, &low));
    EXPECT_EQ(low, static_cast<uint32_t>(number));
  }
}

TEST(Coding, VarintAtEveryBit) {
  for (int bit = 0; bit < 128; ++bit) {
    for (const int off : {-1, 0, 1}) {
      const UInt128 value = (UInt128{1} << bit) + static_cast<UInt128>(static_cast<Int128>(off));
      std::string bytes;
      PutVarint128(&bytes, value);
      std::string_view input = bytes;
      UInt128 back = 0;
      ASSERT_TRUE(GetVarint128(&input, &back));
      ASSERT_TRUE(back == value && input.empty());
      input = bytes;
      uint64_t small = 0;
      ASSERT_EQ(GetVarint64(&input, &small), value <= UINT64_MAX);
      if (value <= UINT64_MAX) {
        EXPECT_EQ(small, static_cast<uint64_t>(value));
        EXPECT_EQ(Varint64Bytes(small), bytes.size());
      }
      input = bytes;
      uint32_t smaller = 0;
      ASSERT_EQ(GetVarint32(&input, &smaller), value <= UINT32_MAX);
      for (size_t size = 0; size < bytes.size(); ++size) {
        input = std::string_view(bytes).substr(0, size);
        ASSERT_FALSE(GetVarint128(&input, &back)) << "cut short";
      }
    }
  }
}

TEST(Coding, VarintLimits) {
  std::string bytes;
  PutVarint32(&bytes, UINT32_MAX);
  EXPECT_EQ(bytes.size(), kVarint32BytesMax);
  bytes.clear();
  PutVarint64(&bytes, UINT64_MAX);
  EXPECT_EQ(bytes.size(), kVarint64BytesMax);
  bytes.clear();
  PutVarint128(&bytes, kMax128);
  EXPECT_EQ(bytes.size(), kVarint128BytesMax);
}

TEST(Coding, VarintThatNeverEndsIsRefused) {
  const std::string bytes(40, '\xff');
  std::string_view input = bytes;
  uint32_t a = 0;
  uint64_t b = 0;
  UInt128 c = 0;
  EXPECT_FALSE(GetVarint32(&input, &a));
  input = bytes;
  EXPECT_FALSE(GetVarint64(&input, &b));
  input = bytes;
  EXPECT_FALSE(GetVarint128(&input, &c));
}

TEST(Coding, ZigZag) {
  EXPECT_EQ(ZigZag64(0), 0u);
  EXPECT_EQ(ZigZag64(-1), 1u);
  EXPECT_EQ(ZigZag64(1), 2u);
  EXPECT_EQ(ZigZag64(INT64_MIN), UINT64_MAX);
  for (const int64_t value : {int64_t{0}, int64_t{-7}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(UnZigZag64(ZigZag64(value)), value);
    EXPECT_TRUE(UnZigZag128(ZigZag128(value)) == value);
  }
  const auto least = static_cast<Int128>(UInt128{1} << 127);
  EXPECT_TRUE(UnZigZag128(ZigZag128(least)) == least);
  EXPECT_TRUE(ZigZag128(least) == kMax128);
}

TEST(Coding, TextLongerThanItsBytesIsRefused) {
  std::string bytes;
  PutText(&bytes, "item");
  PutText(&bytes, "");
  std::string_view input = bytes;
  std::string_view text;
  ASSERT_TRUE(GetText(&input, &text));
  EXPECT_EQ(text, "item");
  ASSERT_TRUE(GetText(&input, &text));
  EXPECT_EQ(text, "");
  EXPECT_FALSE(GetText(&input, &text));
  input = std::string_view(bytes).substr(0, 4);
  EXPECT_FALSE(GetText(&input, &text));
  bytes.clear();
  PutVarint64(&bytes, UINT64_MAX);
  input = bytes;
  EXPECT_FALSE(GetText(&input, &text));
  input = "abc";
  ASSERT_TRUE(GetBytes(&input, 2, &text));
  EXPECT_EQ(text, "ab");
  EXPECT_FALSE(GetBytes(&input, 2, &text));
}

TEST(Coding, RandomBytesNeverReadOutside) {
  constexpr unsigned kSeed = 20261123;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20'000; ++round) {
    // A heap block of exactly this size, so that a sanitizer sees a read outside of it.
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random() % 3 == 0 ? 0xff : random());
    }
    std::string_view input = bytes;
    uint64_t number = 0;
    UInt128 large = 0;
    std::string_view text;
    while (GetVarint64(&input, &number) && GetText(&input, &text) && GetVarint128(&input, &large)) {
      ASSERT_LE(text.data() + text.size(), bytes.data() + bytes.size()) << "seed " << kSeed;
    }
  }
}

}  // namespace
}  // namespace tallystone
