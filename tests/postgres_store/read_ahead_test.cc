// What a writer's store keeps of batches that it was not asked for yet.
#include "store/postgres/read_ahead.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tallystone::postgres {
namespace {

BatchRef Ref(uint64_t number) {
  return {1, "batch " + std::to_string(number)};
}

// Chunks first..last of the log, each of a batch of its own.
AheadRows Rows(Lsn first, Lsn last, size_t payload_bytes = 10) {
  AheadRows rows;
  for (Lsn lsn = first; lsn <= last; ++lsn) {
    rows.blocks.push_back({Ref(lsn), {lsn, std::string(payload_bytes, 'p'), {}}});
    BatchSum sum;
    sum.first_lsn = sum.last_lsn = lsn;
    sum.lines = 1;
    rows.batches.emplace_back(Ref(lsn), sum);
  }
  return rows;
}

class ReadAheadTest : public ::testing::Test {
 protected:
  void Put(AheadRows rows) { ahead_.Put(ahead_.ticket(), std::move(rows)); }
  bool HasBatch(uint64_t number) {
    BatchSum sum;
    return ahead_.GetBatch(Ref(number), &sum);
  }
  std::vector<Lsn> Blocks(uint64_t number, Lsn first, Lsn last) {
    std::vector<StoredBlock> blocks;
    const bool found = ahead_.GetBlocks(Ref(number), first, last, &blocks);
    EXPECT_EQ(found, !blocks.empty());
    std::vector<Lsn> lsns;
    for (const StoredBlock& block : blocks) {
      lsns.push_back(block.lsn);
    }
    return lsns;
  }

  ReadAhead ahead_;
};

using Lsns = std::vector<Lsn>;

TEST_F(ReadAheadTest, ABatchThatAWindowChangesIsNotKnownAnyMore) {
  Put(Rows(1, 10));
  ahead_.BeginWrite({{Ref(5), {}}});
  EXPECT_FALSE(HasBatch(5));
  EXPECT_TRUE(HasBatch(6));
}

TEST_F(ReadAheadTest, WhatWasReadBeforeAWriteBeganIsNotKept) {
  const uint64_t ticket = ahead_.ticket();
  ahead_.BeginWrite({{Ref(5), {}}});
  ahead_.EndWrite();
  ahead_.Put(ticket, Rows(1, 10));
  EXPECT_FALSE(HasBatch(5));
  EXPECT_EQ(Lsns{5}, Blocks(5, 1, 10));  // blocks do not change
}

TEST_F(ReadAheadTest, WhatWasReadBeforeAWriteEndedIsNotKept) {
  ahead_.BeginWrite({{Ref(5), {}}});
  const uint64_t ticket = ahead_.ticket();
  ahead_.EndWrite();
  ahead_.Put(ticket, Rows(1, 10));
  EXPECT_FALSE(HasBatch(5));
}

TEST_F(ReadAheadTest, WhatAWriteMayBeChangingIsNotKeptUntilItsEndIsKnown) {
  ahead_.BeginWrite({{Ref(5), {}}});
  Put(Rows(1, 10));
  EXPECT_FALSE(HasBatch(5));
  EXPECT_TRUE(HasBatch(6));
  ahead_.BeginWrite({{Ref(5), {}}});  // the end of the first was not seen: again
  Put(Rows(1, 10));
  EXPECT_FALSE(HasBatch(5));
  ahead_.EndWrite();
  Put(Rows(1, 10));
  EXPECT_TRUE(HasBatch(5));
}

TEST_F(ReadAheadTest, NothingIsKnownAfterClearNorWhatWasReadBefore) {
  const uint64_t ticket = ahead_.ticket();
  Put(Rows(1, 10));
  ahead_.Clear();
  EXPECT_FALSE(HasBatch(5));
  EXPECT_EQ(Lsns{}, Blocks(5, 1, 10));
  ahead_.Put(ticket, Rows(1, 10));
  EXPECT_FALSE(HasBatch(5));
}

TEST_F(ReadAheadTest, BlocksAreThoseOfTheBatchInTheRange) {
  AheadRows rows = Rows(1, 10);
  rows.blocks[7].ref = rows.blocks[3].ref = Ref(2);  // 2, 4, 8
  Put(std::move(rows));
  EXPECT_EQ((Lsns{2, 4, 8}), Blocks(2, 1, 10));
  EXPECT_EQ((Lsns{4}), Blocks(2, 3, 7));
  EXPECT_EQ(Lsns{}, Blocks(2, 5, 7));
  EXPECT_EQ(Lsns{}, Blocks(2, 9, 20));
  EXPECT_EQ(Lsns{}, Blocks(2, 0, 20));  // begins before what is known
}

TEST_F(ReadAheadTest, BlocksGoOnInTheNextStretch) {
  for (const Lsn first : {1, 11, 16}) {
    AheadRows rows = Rows(first, first + 9);
    if (first == 16) {
      rows.blocks[7].ref = Ref(2);  // 23
    }
    Put(std::move(rows));
  }
  EXPECT_EQ((Lsns{2}), Blocks(2, 1, 30));
  EXPECT_EQ((Lsns{23}), Blocks(2, 3, 30));
  EXPECT_EQ(Lsns{}, Blocks(2, 3, 22));
}

TEST_F(ReadAheadTest, BlocksDoNotGoOnBehindAGap) {
  AheadRows later = Rows(12, 20);
  later.blocks[3].ref = Ref(2);  // 15
  Put(Rows(1, 10));
  Put(std::move(later));
  EXPECT_EQ(Lsns{}, Blocks(2, 3, 20));
  EXPECT_EQ((Lsns{15}), Blocks(2, 12, 20));
}

// The second may have blocks behind some that came after the first was read.
TEST_F(ReadAheadTest, BlocksDoNotGoOnInAStretchThatAWriteMayHaveChanged) {
  for (const bool during : {false, true}) {
    ahead_.Clear();
    if (during) {
      ahead_.BeginWrite({{Ref(77), {}}});
    }
    Put(Rows(1, 10));
    if (!during) {
      ahead_.BeginWrite({{Ref(77), {}}});
      ahead_.EndWrite();
    }
    AheadRows later = Rows(11, 20);
    later.blocks[4].ref = Ref(2);  // 15
    Put(std::move(later));
    EXPECT_EQ(Lsns{}, Blocks(2, 3, 20));
    EXPECT_EQ((Lsns{15}), Blocks(2, 11, 20));
  }
}

TEST_F(ReadAheadTest, MemoryIsBounded) {
  const uint64_t stretches = ReadAhead::kStretchesMax + 4;
  for (uint64_t number = 0; number < stretches; ++number) {
    Put(Rows(number * 10 + 1, number * 10 + 10));
  }
  EXPECT_FALSE(HasBatch(31));
  EXPECT_EQ(Lsns{}, Blocks(31, 31, 40));
  EXPECT_TRUE(HasBatch(50));
  EXPECT_EQ(Lsns{50}, Blocks(50, 50, 50));
  Put(Rows(1001, 1004, ReadAhead::kBytesMax / 8));
  Put(Rows(2001, 2004, ReadAhead::kBytesMax / 8));
  EXPECT_FALSE(HasBatch(1001));
  EXPECT_TRUE(HasBatch(2001));
  Put(Rows(2001, 2004));  // the same again, in place
  EXPECT_TRUE(HasBatch(2001));
}

TEST_F(ReadAheadTest, ReadsMoreAtOnceWhileItIsUsed) {
  size_t before = 0;
  Lsn next = 1;
  for (size_t blocks = ahead_.blocks_to_read(); blocks != before;
       blocks = ahead_.blocks_to_read()) {
    EXPECT_LT(before, blocks);
    before = blocks;
    Put(Rows(next, next + blocks - 1));
    for (const Lsn end = next + blocks; next < end; ++next) {
      EXPECT_TRUE(HasBatch(next));
    }
  }
  EXPECT_EQ(ReadAhead::kBlocksMax, before);
  for (size_t blocks = before; blocks > ReadAhead::kBlocksMin;) {
    Put(Rows(next, next + blocks));
    const size_t fewer = ahead_.blocks_to_read();
    EXPECT_GT(blocks, fewer);
    blocks = fewer;
  }
}

}  // namespace
}  // namespace tallystone::postgres
