#include "store/rocks/merge_operator.h"

#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "model/stored_codec.h"
#include "store/raw_contents.h"
#include "store/rocks/keys.h"
#include "store/scratch_directory.h"
#include "store/status_matchers.h"

namespace tallystone::rocks {
namespace {

using Operands = std::vector<std::string>;

std::string Partial(const rocksdb::MergeOperator& merge, const Operands& operands) {
  if (operands.size() == 1) {
    return operands.front();
  }
  const std::deque<rocksdb::Slice> slices(operands.begin(), operands.end());
  std::string value;
  EXPECT_TRUE(merge.PartialMergeMulti("key", slices, &value, nullptr));
  return value;
}

std::string Full(const rocksdb::MergeOperator& merge, const std::string* existing,
                 const Operands& operands) {
  const std::vector<rocksdb::Slice> slices(operands.begin(), operands.end());
  const rocksdb::Slice key("key");
  const rocksdb::Slice base = existing != nullptr ? rocksdb::Slice(*existing) : rocksdb::Slice();
  std::string value = "what was there before";
  rocksdb::Slice same(nullptr, 0);
  const rocksdb::MergeOperator::MergeOperationInput in(key, existing != nullptr ? &base : nullptr,
                                                       slices, nullptr);
  rocksdb::MergeOperator::MergeOperationOutput out(value, same);
  EXPECT_TRUE(merge.FullMergeV2(in, &out));
  return same.data() != nullptr ? same.ToString() : value;
}

BalanceSum RandomSum(std::mt19937_64* random) {
  BalanceSum sum;
  sum.on_hand = static_cast<int64_t>((*random)());
  sum.value = Int128{static_cast<int64_t>((*random)())} << ((*random)() % 50);
  sum.lines = (*random)() % 1000;
  sum.last_lsn = (*random)() % 1'000'000;
  if ((*random)() % 2 == 0) {
    sum.last_time = "2026-01-" + std::to_string((*random)() % 31);
  }
  return sum;
}

using Balances = std::map<uint8_t, BalanceSum>;  // of a group, by place

std::string Encoded(const Balances& balances) {
  std::string bytes, part;
  for (const auto& [place, sum] : balances) {
    part.clear();
    EncodeBalanceSum(sum, &part);
    AddPart(place, part, &bytes);
  }
  return bytes;
}

Status Decode(std::string_view bytes, Balances* balances) {
  balances->clear();
  return ForEachPart(bytes, [&](uint8_t place, std::string_view part) {
    return DecodeBalanceSum(part, &(*balances)[place]);
  });
}

// Places are few and close, so that operands meet at some of them.
std::string RandomBalance(std::mt19937_64* random) {
  Balances balances;
  for (size_t count = 1 + (*random)() % 3; count > 0; --count) {
    const uint64_t place = (*random)() % 4;
    balances[static_cast<uint8_t>(place == 3 ? kGroupItems - 1 : place)] = RandomSum(random);
  }
  return Encoded(balances);
}

std::string RandomBatch(std::mt19937_64* random) {
  BatchSum sum;
  sum.first_lsn = (*random)() % 100;
  sum.last_lsn = sum.first_lsn + 3;
  sum.lines = sum.accepted = (*random)() % 500;
  sum.retried = (*random)() % 2;
  sum.finished = (*random)() % 2 == 0;
  sum.digest.sum = (*random)();
  std::string bytes;
  EncodeBatchSum(sum, &bytes);
  return bytes;
}

std::string RandomGarbage(std::mt19937_64* random) {
  std::string bytes((*random)() % 40, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>((*random)());
  }
  if (!bytes.empty() && (*random)() % 3 == 0) {
    bytes[0] = (*random)() % 2 == 0 ? kDamagedTag : '\x01';
  }
  return bytes;
}

// Merges neighbours in a random order until one is left.
std::string RandomGrouping(const rocksdb::MergeOperator& merge, Operands operands,
                           std::mt19937_64* random) {
  while (operands.size() > 1) {
    const size_t begin = (*random)() % (operands.size() - 1);
    const size_t count = 2 + (*random)() % (operands.size() - begin - 1);
    const Operands group(operands.begin() + begin, operands.begin() + begin + count);
    if (begin == 0 && (*random)() % 2 == 0) {
      operands[0] = Full(merge, &group.front(), {group.begin() + 1, group.end()});
    } else {
      operands[begin] = Partial(merge, group);
    }
    operands.erase(operands.begin() + begin + 1, operands.begin() + begin + count);
  }
  return operands.front();
}

template <typename Make>
void ExpectAssociative(const rocksdb::MergeOperator& merge, const Make& make) {
  std::random_device device;
  const uint64_t seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    Operands operands(2 + random() % 8);
    const bool clean = round % 2 == 0;
    for (std::string& operand : operands) {
      operand = clean || random() % 3 != 0 ? make(&random) : RandomGarbage(&random);
    }
    const std::string expected = Full(merge, nullptr, operands);
    for (int grouping = 0; grouping < 4; ++grouping) {
      ASSERT_EQ(expected, RandomGrouping(merge, operands, &random)) << "round " << round;
    }
    ASSERT_FALSE(clean && IsDamaged(expected));
  }
}

TEST(MergeOperatorTest, BalancesAreAssociative) {
  ExpectAssociative(*NewBalanceMergeOperator(), RandomBalance);
}

TEST(MergeOperatorTest, BatchesAreAssociative) {
  ExpectAssociative(*NewBatchMergeOperator(), RandomBatch);
}

TEST(MergeOperatorTest, SumIsTheModelsSum) {
  std::mt19937_64 random(5);
  Balances expected, next, sum;
  Operands operands;
  for (int index = 0; index < 20; ++index) {
    operands.push_back(RandomBalance(&random));
    ASSERT_OK(Decode(operands.back(), &next));
    for (const auto& [place, part] : next) {
      expected[place].Add(part);
    }
  }
  ASSERT_OK(Decode(Full(*NewBalanceMergeOperator(), nullptr, operands), &sum));
  EXPECT_EQ(4u, sum.size());
  EXPECT_EQ(expected, sum);
}

TEST(MergeOperatorTest, GarbageIsKeptAndFlaggedAndTheGoodPartsWithIt) {
  std::mt19937_64 random(6);
  const auto merge = NewBalanceMergeOperator();
  const std::string good = RandomBalance(&random), later = RandomBalance(&random);
  const std::string value = Full(*merge, &good, {"garbage", later});
  EXPECT_TRUE(IsDamaged(value));
  EXPECT_NE(std::string::npos, value.find(good));
  EXPECT_NE(std::string::npos, value.find("garbage"));
  EXPECT_NE(std::string::npos, value.find(later));
  Balances balances;
  EXPECT_CODE(kCorruption, Decode(value, &balances));
  EXPECT_FALSE(IsDamaged(good));
}

TEST(MergeOperatorTest, SumsThatDoNotFitAreKeptApartInsteadOfWrapped) {
  const Int128 half = Int128{1} << 126;
  BalanceSum large, small;
  large.on_hand = half;
  const auto merge = NewBalanceMergeOperator();
  const std::string bytes = Encoded({{3, small}, {5, large}});
  EXPECT_TRUE(IsDamaged(Full(*merge, nullptr, {bytes, bytes})));
  Balances sum;
  const std::string elsewhere = Encoded({{3, small}, {6, large}});
  ASSERT_OK(Decode(Full(*merge, nullptr, {bytes, elsewhere}), &sum));
  EXPECT_TRUE(sum[5].on_hand == half);
  EXPECT_TRUE(sum[6].on_hand == half);
  large.on_hand = half - 1;
  const std::string fits = Encoded({{5, large}});
  ASSERT_OK(Decode(Full(*merge, nullptr, {fits, fits}), &sum));
  EXPECT_TRUE(sum[5].on_hand == 2 * (half - 1));
}

// What DESIGN 9 warns of: a merge that fails in a flush or compaction makes RocksDB 7.8.3
// read-only.
TEST(MergeOperatorTest, GarbageInTheDatabaseDoesNotStopFlushCompactionOrWrites) {
  testing::ScratchDirectory scratch;
  RocksStoreOptions options;
  options.path = scratch.File("store");
  options.create = true;
  std::shared_ptr<Database> database;
  ASSERT_OK(Database::Open(options, &database));
  rocksdb::DB* db = database->db();
  std::mt19937_64 random(7);
  for (const Family family : {Family::kBalances, Family::kBatches}) {
    rocksdb::ColumnFamilyHandle* handle = database->handle(family);
    for (int round = 0; round < 6; ++round) {
      for (int key = 0; key < 40; ++key) {
        ASSERT_TRUE(db->Merge({}, handle, std::to_string(key), RandomGarbage(&random)).ok());
        ASSERT_TRUE(db->Merge({}, handle, std::to_string(key), RandomBalance(&random)).ok());
      }
      ASSERT_TRUE(db->Flush({}, handle).ok());
    }
    ASSERT_TRUE(db->CompactRange({}, handle, nullptr, nullptr).ok());
    std::string value;
    ASSERT_TRUE(db->Get({}, handle, "7", &value).ok());
    EXPECT_TRUE(IsDamaged(value));
    ASSERT_TRUE(db->Put({}, handle, "after", "all").ok());
    ASSERT_TRUE(db->Flush({}, handle).ok());
  }
  ASSERT_OK(database->Close());
}

}  // namespace
}  // namespace tallystone::rocks
