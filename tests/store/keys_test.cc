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
  EncodePostingKey(GroupOf({1, 32}), 3, &key);
  EXPECT_EQ(std::string("\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\x03", 16), key);
  EncodeTenantKey(1, &key);
  EXPECT_EQ(std::string("T\0\0\0\x01", 5), key);
  EncodeItemKey(GroupOf({1, 47}), 3, &key);
  EXPECT_EQ(std::string("I\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\x03", 17), key);
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
  GroupKey group;
  Lsn lsn = 0;
  EncodeBalanceKey({7, kGroupMax}, &key);
  ASSERT_TRUE(ParseBalanceKey(key, &group));
  EXPECT_EQ((GroupKey{7, kGroupMax}), group);
  EncodeBalanceKey({7, kGroupMax + 1}, &key);
  EXPECT_FALSE(ParseBalanceKey(key, &group)) << "its items have no numbers";
  EncodeItemKey({7, kGroupMax + 1}, 9, &key);
  EXPECT_FALSE(ParseItemKey(key, &group, &lsn));
  EncodeBlockKey(UINT64_MAX - 1, &key);
  ASSERT_TRUE(ParseBlockKey(key, &lsn));
  EXPECT_EQ(UINT64_MAX - 1, lsn);
  TenantId tenant = 0;
  EncodeTenantKey(9, &key);
  ASSERT_TRUE(ParseTenantKey(key, &tenant));
  EXPECT_EQ(9u, tenant);
  EncodeItemKey({7, 8}, 9, &key);
  ASSERT_TRUE(ParseItemKey(key, &group, &lsn));
  EXPECT_EQ((GroupKey{7, 8}), group);
  EXPECT_EQ(9u, lsn);
  for (const std::string& alias : {std::string(), std::string("a\0b", 3), std::string("\xFF")}) {
    EncodeAliasKey({7, 8}, alias, &key);
    ASSERT_TRUE(ParseAliasKey(key, &stock, &text));
    EXPECT_EQ(alias, text);
  }
  for (const std::string& record : {std::string(), std::string("a\0b", 3), std::string("\xFF")}) {
    RecordRef ref;
    EncodeRecordKey({7, RecordKind::kReview, record}, &key);
    ASSERT_TRUE(ParseRecordKey(key, &ref));
    EXPECT_EQ((RecordRef{7, RecordKind::kReview, record}), ref);
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
  GroupKey group;
  const auto fails_but_whole = [&](const auto& parse) {
    EXPECT_TRUE(parse(key));
    EXPECT_FALSE(parse(key + "x"));
    for (size_t size = 0; size < key.size(); ++size) {
      EXPECT_FALSE(parse(key.substr(0, size))) << size;
    }
  };
  EncodeBalanceKey({1, 2}, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseBalanceKey(bytes, &group); });
  EncodeBlockKey(1, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseBlockKey(bytes, &lsn); });
  EncodeTenantKey(1, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseTenantKey(bytes, &tenant); });
  EncodeItemKey({1, 2}, 3, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseItemKey(bytes, &group, &lsn); });
  EncodeBatchKey({1, "b"}, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseBatchKey(bytes, &batch); });
  EncodeDeadLetterKey({1, "b", 2}, &key);
  fails_but_whole([&](const std::string& bytes) { return ParseDeadLetterKey(bytes, &line); });
  EXPECT_FALSE(ParseAliasKey("A1234123", &stock, &text));
  EXPECT_FALSE(ParseItemKey("A123412341234567", &group, &lsn));
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

TEST(ItemGroupsTest, PartsComeBackAndNothingElseDoes) {
  std::string value;
  AddPart(0, "first", &value);
  AddPart(7, "", &value);
  AddPart(kGroupItems - 1, std::string(300, 'x'), &value);
  const auto read = [](std::string_view bytes) {
    std::vector<std::pair<uint8_t, std::string>> parts;
    const Status status = ForEachPart(bytes, [&](uint8_t place, std::string_view part) {
      parts.emplace_back(place, part);
      return Status::Ok();
    });
    return std::pair(status.ok(), parts);
  };
  EXPECT_EQ(read(value).second,
            (std::vector<std::pair<uint8_t, std::string>>{
                {0, "first"}, {7, ""}, {kGroupItems - 1, std::string(300, 'x')}}));
  // A value ends with a part: only what is cut between two parts is one too.
  size_t whole = 0;
  for (size_t size = 0; size < value.size(); ++size) {
    whole += read(value.substr(0, size)).first ? 1 : 0;
  }
  EXPECT_EQ(whole, 2u);
  for (const std::string& damaged :
       {value + "x", std::string("\2\0\0", 3), std::string("\1\x10\0", 3),
        std::string("\1\3\0\3\0", 5), std::string("\1\3\0\2\0", 5)}) {
    EXPECT_FALSE(read(damaged).first);
  }
}

}  // namespace
}  // namespace tallystone::rocks
