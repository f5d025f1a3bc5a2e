#include "store/rocks/keys.h"

#include <vector>

#include <gtest/gtest.h>

namespace tallystone::rocks {
namespace {

TEST(KeysTest, BytesAreAsDocumented) {
  std::string key;
  EncodeBalanceKey({0x01020304, 0x05060708}, &key);
  EXPECT_EQ("\x01\x02\x03\x04\x05\x06\x07\x08", key);
  EncodeBlockKey(0x0102030405060708, &key);
  EXPECT_EQ("\x01\x02\x03\x04\x05\x06\x07\x08", key);
  EncodePostingKey({1, 2}, 3, &key);
  EXPECT_EQ(std::string("\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\x03", 16), key);
  EncodeTenantKey(1, &key);
  EXPECT_EQ(std::string("T\0\0\0\x01", 5), key);
  EncodeItemKey({1, 2}, &key);
  EXPECT_EQ(std::string("I\0\0\0\x01\0\0\0\x02", 9), key);
  EncodeAliasKey({1, 2}, "blue", &key);
  EXPECT_EQ(std::string("A\0\0\0\x01\0\0\0\x02"
                        "blue",
                        13),
            key);
  EncodeBatchKey({1, "b"}, &key);
  EXPECT_EQ(std::string("B\0\0\0\x01"
                        "b\0",
                        7),
            key);
  EncodeDeadLetterKey({1, "b", 2}, &key);
  EXPECT_EQ(std::string("D\0\0\0\x01"
                        "b\0\0\0\0\0\0\0\0\x02",
                        15),
            key);
}

TEST(KeysTest, DecodersTakeBackWhatEncodersWrote) {
  std::string key, text;
  StockKey stock;
  EncodeBalanceKey({7, 0xFFFFFFFF}, &key);
  ASSERT_TRUE(ParseBalanceKey(key, &stock));
  EXPECT_EQ((StockKey{7, 0xFFFFFFFF}), stock);
  Lsn lsn = 0;
  EncodeBlockKey(UINT64_MAX - 1, &key);
  ASSERT_TRUE(ParseBlockKey(key, &lsn));
  EXPECT_EQ(UINT64_MAX - 1, lsn);
  TenantId tenant = 0;
  EncodeTenantKey(9, &key);
  ASSERT_TRUE(ParseTenantKey(key, &tenant));
  EXPECT_EQ(9u, tenant);
  EncodeItemKey({7, 8}, &key);
  ASSERT_TRUE(ParseItemKey(key, &stock));
  EXPECT_EQ((StockKey{7, 8}), stock);
  for (const std::string& alias : {std::string(), std::string("a\0b", 3), std::string("\xFF")}) {
    EncodeAliasKey({7, 8}, alias, &key);
    ASSERT_TRUE(ParseAliasKey(key, &stock, &text));
    EXPECT_EQ(alias, text);
  }
  for (const std::string& batch : {std::string(), std::string("a/b"), std::string(256, '\xFF')}) {
    BatchRef ref;
    EncodeBatchKey({3, batch}, &key);
    ASSERT_TRUE(ParseBatchKey(key, &ref));
    EXPECT_EQ((BatchRef{3, batch}), ref);
    LineRef line;
    EncodeDeadLetterKey({3, batch, UINT64_MAX}, &key);
    ASSERT_TRUE(ParseDeadLetterKey(key, &line));
    EXPECT_EQ((LineRef{3, batch, UINT64_MAX}), line);
  }
}

TEST(KeysTest, EveryShortenedOrLengthenedKeyIsRefused) {
  std::string key, text;
  StockKey stock;
  Lsn lsn = 0;
  TenantId tenant = 0;
  BatchRef batch;
  LineRef line;
  const auto fails_but_whole = [&](const auto& parse) {
    EXPECT_TRUE(parse(key));
    EXPECT_FALSE(parse(key + "x"));
    for (size_t size = 0; size < key.size(); ++size) {
      EXPECT_FALSE(parse(key.substr(0, size))) << size;
    }
  };
  EncodeBalanceKey({1, 2}, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseBalanceKey(bytes, &stock); });
  EncodeBlockKey(1, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseBlockKey(bytes, &lsn); });
  EncodeTenantKey(1, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseTenantKey(bytes, &tenant); });
  EncodeItemKey({1, 2}, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseItemKey(bytes, &stock); });
  EncodeBatchKey({1, "b"}, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseBatchKey(bytes, &batch); });
  EncodeDeadLetterKey({1, "b", 2}, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseDeadLetterKey(bytes, &line); });
  EXPECT_FALSE(ParseAliasKey("A1234123", &stock, &text));
  EXPECT_FALSE(ParseItemKey("A12341234", &stock));
}

TEST(KeysTest, ByteOrderIsTheOrderOfTheModel) {
  const std::vector<LineRef> lines = {{1, "", 0},    {1, "", 256},  {1, "a", 1},
                                      {1, "a", 255}, {1, "a", 256}, {1, "a!", 0},
                                      {1, "aa", 0},  {1, "b", 0},   {1, "\xFF", 0},
                                      {2, "", 0},    {256, "a", 0}, {0x80000000, "", 0}};
  std::string before, key;
  for (const LineRef& line : lines) {
    EncodeDeadLetterKey(line, &key);
    EXPECT_LT(before, key) << line.tenant << " " << line.batch << " " << line.line;
    before = key;
  }
  EncodeBalanceKey({1, 0xFFFFFFFF}, &before);
  EncodeBalanceKey({2, 0}, &key);
  EXPECT_LT(before, key);
}

}  // namespace
}  // namespace tallystone::rocks
