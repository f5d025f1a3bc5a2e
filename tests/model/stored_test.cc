// Sums of stored values and their bytes.
#include "model/stored.h"

#include <functional>

#include <gtest/gtest.h>

#include "model/random_source.h"
#include "model/review_entry.h"
#include "model/stored_codec.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using test::RandomSource;

BalanceSum RandomBalance(RandomSource* random, Lsn lsn) {
  BalanceSum sum;
  sum.on_hand = Int128{random->AnySigned()} * (random->OneIn(3) ? 1'000'000 : 1);
  sum.value = (static_cast<Int128>(random->Bits()) << 60) * (random->OneIn(2) ? -1 : 1);
  sum.lines = random->Below(1000);
  sum.last_lsn = random->OneIn(5) ? 0 : lsn;
  sum.places = static_cast<uint32_t>(random->Bits());
  sum.last_time = random->OneIn(2) ? "" : random->Text("0123456789-: T", 20);
  return sum;
}

BatchSum RandomBatchSum(RandomSource* random, Lsn lsn) {
  BatchSum sum;
  if (!random->OneIn(3)) {
    sum.lines = 1 + random->Below(500);
    sum.first_lsn = lsn;
    sum.last_lsn = lsn;
    sum.accepted = random->Below(sum.lines + 1);
    sum.failed = sum.lines - sum.accepted;
  }
  sum.digest = {UInt128{random->Bits()} << 64 | random->Bits()};
  sum.rejected = random->Below(3);
  sum.retried = random->Below(3);
  sum.dropped = random->Below(3);
  sum.accepted_at_us = random->OneIn(2) ? 0 : random->Bits();
  sum.finished = random->OneIn(4);
  return sum;
}

StoredDeadLetter RandomLetter(RandomSource* random) {
  StoredDeadLetter letter;
  letter.cause = static_cast<Outcome>(random->Below(kOutcomeCount));
  letter.attempts = static_cast<uint32_t>(random->Bits());
  letter.lsn = random->Bits();
  letter.failed_at_us = random->Bits();
  for (std::string* text : {&letter.detail, &letter.code, &letter.description, &letter.quantity,
                            &letter.unit_cost, &letter.vendor, &letter.gtin, &letter.unit,
                            &letter.document, &letter.time, &letter.line_id, &letter.raw}) {
    *text = random->Bytes(random->OneIn(20) ? 300 : 12);
  }
  if (random->OneIn(2)) {
    letter.vendor_code = random->Bytes(12);
  }
  return letter;
}

Marker RandomMarker(RandomSource* random) {
  Marker marker;
  marker.applied = random->Bits();
  marker.database_id = random->Bytes(16);
  if (random->OneIn(2)) {
    ReplayProgress& replay = marker.replay.emplace();
    replay.last = random->Bits();
    replay.done = {static_cast<TenantId>(random->Bits()), static_cast<ItemId>(random->Bits())};
    replay.keys_done = random->Below(300);
    for (uint64_t count = random->Below(4); count > 0; --count) {
      replay.rejected.push_back({{static_cast<TenantId>(random->Below(4)), 7}, random->Bytes(40)});
    }
  }
  return marker;
}

TEST(StoredSumTest, GroupingDoesNotMatter) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 10'000; ++round) {
    BalanceSum left = RandomBalance(&random, 1);
    BalanceSum middle = RandomBalance(&random, 2);
    const BalanceSum right = RandomBalance(&random, 3);
    BalanceSum first = left;
    first.Add(middle);
    first.Add(right);
    middle.Add(right);
    left.Add(middle);
    ASSERT_TRUE(first == left);

    BatchSum batch_left = RandomBatchSum(&random, 1);
    BatchSum batch_middle = RandomBatchSum(&random, 2);
    const BatchSum batch_right = RandomBatchSum(&random, 3);
    BatchSum batch_first = batch_left;
    batch_first.Add(batch_middle);
    batch_first.Add(batch_right);
    batch_middle.Add(batch_right);
    batch_left.Add(batch_middle);
    ASSERT_TRUE(batch_first == batch_left);
  }
}

TEST(StoredSumTest, NothingPlusASumIsTheSum) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 1000; ++round) {
    const BalanceSum sum = RandomBalance(&random, 9);
    BalanceSum total;
    total.Add(sum);
    ASSERT_TRUE(total == sum);
    total.Add({});
    ASSERT_TRUE(total == sum);
  }
}

TEST(StoredSumTest, ABatchKeepsItsFirstAndItsLast) {
  BatchSum sum;
  sum.Add({.first_lsn = 4,
           .last_lsn = 4,
           .lines = 3,
           .accepted = 2,
           .failed = 1,
           .accepted_at_us = 100,
           .digest = {1}});
  sum.Add({.retried = 1, .digest = {99}});
  sum.Add({.first_lsn = 6,
           .last_lsn = 6,
           .lines = 1,
           .accepted = 1,
           .accepted_at_us = 0,
           .finished = true,
           .digest = {2}});
  sum.Add({.dropped = 1});
  EXPECT_EQ(sum.first_lsn, 4u);
  EXPECT_EQ(sum.last_lsn, 6u);
  EXPECT_EQ(sum.accepted_at_us, 100u);
  EXPECT_TRUE(sum.digest == ContentDigest{2});
  EXPECT_TRUE(sum.finished);
  EXPECT_EQ(sum.booked(), 4u);
  EXPECT_EQ(sum.not_booked(), 0u);
}

// --- bytes ---

template <typename Value>
struct Codec {
  std::function<Value(RandomSource*)> make;
  std::function<void(const Value&, std::string*)> encode;
  std::function<Status(std::string_view, Value*)> decode;
  std::function<bool(const Value&, const Value&)> equal =
      [](const Value& left, const Value& right) { return left == right; };
  bool takes_any_end = false;  // the rest of the bytes is content
};

// Every value comes back; every truncation is refused; no damage crashes or is read beyond the end.
template <typename Value>
void CheckCodec(const Codec<Value>& codec) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 300; ++round) {
    const Value value = codec.make(&random);
    std::string bytes;
    codec.encode(value, &bytes);
    Value read;
    ASSERT_TRUE(codec.decode(bytes, &read).ok());
    ASSERT_TRUE(codec.equal(value, read));
    for (size_t size = 0; size < bytes.size() && !codec.takes_any_end; ++size) {
      const std::string cut = bytes.substr(0, size);
      Value ignored;
      ASSERT_TRUE(codec.decode(cut, &ignored).Is(StatusCode::kCorruption)) << size;
    }
    if (!codec.takes_any_end) {
      Value ignored;
      ASSERT_FALSE(codec.decode(bytes + '\0', &ignored).ok());
    }
    std::string other = bytes;
    other[0] = 3;
    Value ignored;
    ASSERT_FALSE(codec.decode(other, &ignored).ok()) << "another version";
    for (int flips = 0; flips < 50; ++flips) {
      std::string damaged = bytes;
      damaged[random.Below(damaged.size())] ^= static_cast<char>(1 << random.Below(8));
      Value maybe;
      if (codec.decode(damaged, &maybe).ok()) {
        std::string again;
        codec.encode(maybe, &again);  // whatever is read can be written
      }
    }
  }
  for (int round = 0; round < 20'000; ++round) {
    Value maybe;
    std::string noise = "\x01" + random.Bytes(60);
    codec.decode(noise, &maybe).PermitUnchecked();
  }
}

TEST(StoredCodecTest, Balances) {
  CheckCodec<BalanceSum>(
      {[](RandomSource* random) { return RandomBalance(random, random->Bits()); }, EncodeBalanceSum,
       DecodeBalanceSum});
}

TEST(StoredCodecTest, Batches) {
  CheckCodec<BatchSum>({[](RandomSource* random) { return RandomBatchSum(random, random->Bits()); },
                        EncodeBatchSum, DecodeBatchSum});
}

TEST(StoredCodecTest, Items) {
  CheckCodec<StoredItem>({[](RandomSource* random) {
                            return StoredItem{random->Bytes(9), random->Bytes(9),
                                              random->Bytes(200), random->Bytes(3)};
                          },
                          EncodeStoredItem, DecodeStoredItem});
}

TEST(StoredCodecTest, DeadLetters) {
  CheckCodec<StoredDeadLetter>({RandomLetter, EncodeStoredDeadLetter, DecodeStoredDeadLetter});
}

TEST(StoredCodecTest, ReviewEntries) {
  const auto make = [](RandomSource* random) {
    ReviewEntry entry;
    entry.status = static_cast<ReviewStatus>(random->Below(kReviewStatusMax + 1));
    entry.after_move = static_cast<ReviewStatus>(random->Below(kReviewStatusMax + 1));
    entry.version = static_cast<uint8_t>(random->Bits());
    entry.text = random->Bytes(40);
    entry.vendor = random->Bytes(8);
    for (uint64_t count = random->Below(limits::kCandidatesMax + 1); count > 0; --count) {
      entry.candidates.push_back(
          {static_cast<uint32_t>(random->Bits()), static_cast<uint32_t>(random->Below(1001))});
    }
    entry.answers = static_cast<uint32_t>(random->Bits());
    entry.move = {.from = static_cast<ItemId>(random->Bits()),
                  .to = static_cast<ItemId>(random->Bits()),
                  .any_vendor = random->OneIn(2),
                  .vendor = random->Bytes(8),
                  .form = random->Bytes(20),
                  .batch = random->Bytes(8),
                  .up_to = random->Bits(),
                  .id = random->Bytes(20)};
    return entry;
  };
  CheckCodec<ReviewEntry>({make, EncodeReviewEntry, DecodeReviewEntry});
}

TEST(StoredCodecTest, Markers) {
  CheckCodec<Marker>({RandomMarker, EncodeMarker, DecodeMarker});
}

TEST(StoredCodecTest, Blocks) {
  const auto make = [](RandomSource* random) {
    StoredBlock block;
    block.payload = random->Bytes(100);
    uint32_t index = 0;
    for (uint64_t count = random->Below(5); count > 0; --count) {
      index += static_cast<uint32_t>(random->Below(200));
      block.rejected.push_back(index++);
    }
    return block;
  };
  const auto encode = [](const StoredBlock& block, std::string* out) {
    EncodeStoredBlock(block.payload, block.rejected, out);
  };
  const auto equal = [](const StoredBlock& left, const StoredBlock& right) {
    return left.payload == right.payload && left.rejected == right.rejected;
  };
  CheckCodec<StoredBlock>({make, encode, DecodeStoredBlock, equal, true});
}

TEST(StoredCodecTest, Postings) {
  const auto make = [](RandomSource* random) {
    std::vector<Posting> postings;
    Posting next{random->Bits() >> 8, static_cast<uint32_t>(random->Below(500))};
    for (uint64_t count = random->Below(30); count > 0; --count) {
      postings.push_back(next);
      if (random->OneIn(2)) {
        next.index += 1 + static_cast<uint32_t>(random->Below(20));
      } else {
        next = {next.lsn + 1 + random->Below(1000), static_cast<uint32_t>(random->Below(500))};
      }
    }
    return postings;
  };
  CheckCodec<std::vector<Posting>>(
      {make, [](const std::vector<Posting>& list, std::string* out) { EncodePostings(list, out); },
       DecodePostings});
}

TEST(StoredCodecTest, ExtremesSurvive) {
  const Int128 most = static_cast<Int128>(~UInt128{0} >> 1);
  for (const Int128 sum : {Int128{0}, Int128{-1}, most, -most - 1}) {
    BalanceSum balance{sum, -sum - 1, UINT64_MAX, UINT64_MAX, UINT32_MAX, "t"};
    std::string bytes;
    EncodeBalanceSum(balance, &bytes);
    BalanceSum read;
    ASSERT_TRUE(DecodeBalanceSum(bytes, &read).ok());
    EXPECT_TRUE(read == balance);
  }
  std::string bytes;
  const std::vector<Posting> postings = {
      {0, 0}, {0, UINT32_MAX}, {UINT64_MAX, 0}, {UINT64_MAX, UINT32_MAX}};
  EncodePostings(postings, &bytes);
  std::vector<Posting> read;
  ASSERT_TRUE(DecodePostings(bytes, &read).ok());
  EXPECT_TRUE(read == postings);
}

TEST(StoredCodecTest, BytesOfFormat1NeverChange) {
  const BalanceSum balance{-2, 300, 5, 129, 0x04030201, "T"};
  std::string bytes;
  EncodeBalanceSum(balance, &bytes);
  EXPECT_EQ(bytes, std::string("\x01\x03\xD8\x04\x05\x81\x01\x01\x02\x03\x04\x01T", 13));
  bytes.clear();
  EncodePostings(std::vector<Posting>{{7, 3}, {7, 5}, {9, 0}}, &bytes);
  EXPECT_EQ(bytes, std::string("\x01\x03\x07\x03\x00\x01\x02\x00", 8));
}

}  // namespace
}  // namespace tallystone
