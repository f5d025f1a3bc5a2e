// Chunks: whatever goes in comes out, and whatever was damaged is refused or at least harmless (law
// L10).
#include "model/chunk.h"

#include <deque>
#include <memory>

#include <gtest/gtest.h>

#include "model/line_rebuild.h"
#include "model/random_lines.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

using test::RandomSource;

// A chunk with everything its views point to.
struct MadeChunk {
  Batch batch{"tenant", "batch"};
  std::vector<std::string> numbers;
  std::deque<std::string> texts;
  std::deque<std::string> item_codes, item_descriptions;  // by line; of accepted lines
  std::vector<CheckedLine> checked;
  Chunk chunk;
};

// Decides for an accepted line at random, in a way that a mapper could.
void DecideAtRandom(RandomSource* random, MadeChunk* made, ChunkLine* line) {
  line->item = random->OneIn(10) ? static_cast<ItemId>(random->Bits() | 1)
                                 : static_cast<ItemId>(1 + random->Below(20'000));
  std::string& code = made->item_codes.back();
  std::string& description = made->item_descriptions.back();
  if (!line->code.empty()) {
    line->decided_by = random->OneIn(8) ? DecidedBy::kCreated : DecidedBy::kCode;
    code = line->code;
  } else {
    line->decided_by = random->OneIn(4) ? DecidedBy::kCreated : DecidedBy::kAlias;
    code = line->decided_by == DecidedBy::kCreated ? "" : "item's code";
  }
  if (random->OneIn(30)) {
    line->decided_by = DecidedBy::kFuzzy;  // a later rule: its lines keep their code
    code = "item's code";
    line->score = static_cast<uint32_t>(random->Below(1001));
    line->runner_up = static_cast<ItemId>(random->Below(4));
    line->runner_up_score = static_cast<uint32_t>(random->Below(1001));
    made->chunk.mapping_version = 7;
  } else if (random->OneIn(30)) {
    line->decided_by = random->OneIn(2) ? DecidedBy::kSorted : DecidedBy::kMoved;
    code = "item's code";
    made->chunk.mapping_version =
        line->decided_by == DecidedBy::kSorted ? 7 : made->chunk.mapping_version;
  }
  description =
      random->OneIn(3) ? std::string("item's description") : std::string(line->description);
  if (!line->description.empty()) {
    line->description_kind =
        line->description == description ? DescriptionKind::kOfItem : DescriptionKind::kOwn;
  }
}

void AddCatalogue(RandomSource* random, MadeChunk* made) {
  CatalogueChanges& changes = made->chunk.catalogue;
  const auto text = [&](size_t bytes_max) -> std::string_view {
    return made->texts.emplace_back(random->Text("abc ", bytes_max));
  };
  ItemId item = static_cast<ItemId>(1 + random->Below(100'000));
  for (uint64_t count = random->Below(5); count > 0; --count) {
    changes.items.push_back({item++, text(6), text(13), text(30), text(3)});
  }
  for (uint64_t count = random->Below(3); count > 0; --count) {
    changes.descriptions.push_back({static_cast<ItemId>(1 + random->Below(100)), text(30)});
  }
  for (uint64_t count = random->Below(5); count > 0; --count) {
    changes.aliases.push_back({static_cast<ItemId>(1 + random->Below(100)), text(30)});
  }
  for (uint64_t count = random->Below(4); count > 0; --count) {
    changes.records.push_back(
        {static_cast<RecordKind>(1 + random->Below(kRecordKindMax)), text(20), text(20)});
  }
}

std::unique_ptr<MadeChunk> MakeChunk(RandomSource* random, size_t lines, uint8_t flags) {
  auto made = std::make_unique<MadeChunk>();
  made->numbers.reserve(lines * 2);
  for (size_t line = 0; line < lines; ++line) {
    test::AddRandomLine(random, &made->batch);
  }
  const bool numbered = (flags & (kChunkRetry | kChunkDrop)) == 0;
  ChunkHeader& header = made->chunk.header;
  header.flags = flags;
  header.tenant = static_cast<TenantId>(random->Bits());
  header.tenant_name = (flags & kChunkNewTenant) != 0 ? "tenant" : "";
  header.batch = "batch";
  header.accepted_at_us = random->Bits();
  header.first_line = 1 + random->Below(1'000'000);
  header.digest = {UInt128{random->Bits()} << 64 | random->Bits()};
  for (size_t line = 0; line < lines; ++line) {
    const CheckedLine& checked =
        made->checked.emplace_back(CheckLine(made->batch.lines().lines()[line]));
    const uint64_t number = numbered ? header.first_line + line : 1 + random->Below(1'000'000);
    ChunkLine kept = test::LineOfChunk(number, checked, &made->numbers);
    made->item_codes.emplace_back();
    made->item_descriptions.emplace_back();
    if ((flags & kChunkDrop) != 0) {
      kept = {};
      kept.number = number;
      kept.outcome = Outcome::kBadPrice;
    } else if (kept.outcome == Outcome::kAccepted && random->OneIn(20)) {
      kept = test::LineOfChunk(number, checked, &made->numbers);
      kept.outcome = Outcome::kUnknownItem;
      kept.quantity_text =
          made->numbers.emplace_back(Decimal::FromUnits(checked.quantity).ToString());
      kept.unit_cost_text =
          made->numbers.emplace_back(Decimal::FromUnits(checked.unit_cost).ToString());
      kept.quantity = kept.unit_cost = 0;
      kept.detail = "no such item";
      kept.attempts = 3;
    } else if (kept.outcome == Outcome::kAccepted) {
      DecideAtRandom(random, made.get(), &kept);
    }
    made->chunk.lines.push_back(kept);
  }
  if (random->OneIn(2)) {
    AddCatalogue(random, made.get());
  }
  return made;
}

void ExpectSameLine(const ChunkLine& wrote, const ChunkLine& read) {
  ASSERT_EQ(read.number, wrote.number);
  ASSERT_EQ(read.outcome, wrote.outcome);
  ASSERT_EQ(read.decided_by, wrote.decided_by);
  ASSERT_EQ(read.item, wrote.item);
  ASSERT_EQ(read.quantity, wrote.quantity);
  ASSERT_EQ(read.unit_cost, wrote.unit_cost);
  ASSERT_EQ(read.description_kind, wrote.description_kind);
  ASSERT_EQ(read.attempts, wrote.attempts);
  ASSERT_EQ(read.score, wrote.score);
  ASSERT_EQ(read.runner_up, wrote.runner_up);
  ASSERT_EQ(read.runner_up_score, wrote.runner_up_score);
  const bool failed = wrote.outcome != Outcome::kAccepted;
  if (failed || wrote.description_kind == DescriptionKind::kOwn) {
    ASSERT_EQ(read.description, wrote.description.substr(0, read.description.size()));
  } else {
    ASSERT_EQ(read.description, "");
  }
  for (const auto field :
       {&ChunkLine::vendor, &ChunkLine::gtin, &ChunkLine::unit, &ChunkLine::document,
        &ChunkLine::time, &ChunkLine::line_id, &ChunkLine::quantity_text,
        &ChunkLine::unit_cost_text, &ChunkLine::raw, &ChunkLine::vendor_code}) {
    if (read.cut_digest == 0) {
      ASSERT_EQ(read.*field, wrote.*field);
    } else {
      ASSERT_EQ(read.*field, (wrote.*field).substr(0, limits::kFailedFieldBytesMax));
    }
  }
  if (read.cut_digest == 0) {
    ASSERT_EQ(read.detail, wrote.detail);
  } else {
    ASSERT_NE(read.detail.find(" bytes left out"), std::string_view::npos);
  }
}

void ExpectSameCatalogue(const CatalogueChanges& wrote, const CatalogueChanges& read) {
  ASSERT_EQ(read.items.size(), wrote.items.size());
  for (size_t index = 0; index < wrote.items.size(); ++index) {
    const NewItem& left = wrote.items[index];
    const NewItem& right = read.items[index];
    ASSERT_TRUE(left.item == right.item && left.code == right.code && left.gtin == right.gtin &&
                left.description == right.description && left.unit == right.unit);
  }
  ASSERT_EQ(read.descriptions.size(), wrote.descriptions.size());
  for (size_t index = 0; index < wrote.descriptions.size(); ++index) {
    ASSERT_EQ(read.descriptions[index].item, wrote.descriptions[index].item);
    ASSERT_EQ(read.descriptions[index].description, wrote.descriptions[index].description);
  }
  ASSERT_EQ(read.aliases.size(), wrote.aliases.size());
  for (size_t index = 0; index < wrote.aliases.size(); ++index) {
    ASSERT_EQ(read.aliases[index].item, wrote.aliases[index].item);
    ASSERT_EQ(read.aliases[index].text, wrote.aliases[index].text);
  }
  ASSERT_EQ(read.records.size(), wrote.records.size());
  for (size_t index = 0; index < wrote.records.size(); ++index) {
    ASSERT_EQ(read.records[index].kind, wrote.records[index].kind);
    ASSERT_EQ(read.records[index].key, wrote.records[index].key);
    ASSERT_EQ(read.records[index].value, wrote.records[index].value);
  }
}

constexpr uint8_t kKinds[] = {0,           kChunkFirst | kChunkNewTenant, kChunkFirst | kChunkLast,
                              kChunkRetry, kChunkRetry | kChunkNewTenant, kChunkDrop};

TEST(ChunkTest, WhatGoesInComesOut) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 400; ++round) {
    const size_t lines = random.OneIn(20) ? limits::kChunkLinesMax : random.Below(30);
    const auto made = MakeChunk(&random, lines, kKinds[random.Below(std::size(kKinds))]);
    std::string payload;
    EncodeChunk(made->chunk, &payload);
    Chunk read;
    ASSERT_TRUE(DecodeChunk(payload, &read).ok());
    const ChunkHeader& wrote = made->chunk.header;
    ASSERT_EQ(read.header.flags, wrote.flags);
    ASSERT_EQ(read.header.tenant, wrote.tenant);
    ASSERT_EQ(read.header.tenant_name, wrote.tenant_name);
    ASSERT_EQ(read.header.batch, wrote.batch);
    ASSERT_EQ(read.header.accepted_at_us, wrote.accepted_at_us);
    ASSERT_EQ(read.header.first_line, wrote.first_line);
    ASSERT_TRUE(read.header.digest == wrote.digest);
    ASSERT_EQ(read.header.lines, lines);
    ASSERT_EQ(read.lines.size(), lines);
    ASSERT_EQ(read.mapping_version, made->chunk.mapping_version);
    for (size_t line = 0; line < lines; ++line) {
      ASSERT_NO_FATAL_FAILURE(ExpectSameLine(made->chunk.lines[line], read.lines[line]));
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSameCatalogue(made->chunk.catalogue, read.catalogue));

    std::string again;
    EncodeChunk(read, &again);
    ASSERT_TRUE(again == payload) << "a decoded chunk is written as it was";
  }
}

TEST(ChunkTest, PartsSayTheSameAsTheWhole) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 400; ++round) {
    const auto made = MakeChunk(&random, random.Below(40), kKinds[random.Below(std::size(kKinds))]);
    std::string payload;
    EncodeChunk(made->chunk, &payload);
    Chunk whole;
    ASSERT_TRUE(DecodeChunk(payload, &whole).ok());
    ChunkHeader header;
    CatalogueChanges changes;
    ChunkNumbers numbers;
    std::vector<std::string_view> times;
    ASSERT_TRUE(DecodeChunkHeader(payload, &header).ok());
    ASSERT_TRUE(DecodeChunkCatalogue(payload, &changes).ok());
    ASSERT_TRUE(DecodeChunkNumbers(payload, &numbers).ok());
    ASSERT_TRUE(DecodeChunkTimes(payload, &times).ok());
    ASSERT_NO_FATAL_FAILURE(ExpectSameCatalogue(whole.catalogue, changes));
    ASSERT_EQ(header.lines, whole.lines.size());
    ASSERT_EQ(numbers.items.size(), header.accepted);
    ASSERT_EQ(times.size(), header.accepted);
    size_t accepted = 0;
    for (const ChunkLine& line : whole.lines) {
      if (line.outcome == Outcome::kAccepted) {
        ASSERT_EQ(numbers.items[accepted], line.item);
        ASSERT_EQ(numbers.quantities[accepted], line.quantity);
        ASSERT_EQ(numbers.unit_costs[accepted], line.unit_cost);
        ASSERT_EQ(times[accepted], line.time);
        ++accepted;
      }
    }
    ASSERT_EQ(accepted, header.accepted);
  }
}

// Law L7 after a restart: the digest of a batch is compared line by line with what the log kept.
TEST(ChunkTest, LinesRebuiltFromAChunkHaveTheDigestOfTheOriginals) {
  RandomSource random(test::TestSeed());
  std::string scratch;
  size_t cut = 0;
  size_t failed = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto made = MakeChunk(&random, 30, 0);
    std::string payload;
    EncodeChunk(made->chunk, &payload);
    Chunk read;
    ASSERT_TRUE(DecodeChunk(payload, &read).ok());
    for (size_t line = 0; line < read.lines.size(); ++line) {
      const ChunkLine& kept = read.lines[line];
      const CheckedLine rebuilt =
          ReconstructLine(kept, made->item_codes[line], made->item_descriptions[line]);
      ASSERT_TRUE(DigestLine(kept.number, rebuilt, &scratch) ==
                  DigestLine(kept.number, made->checked[line], &scratch))
          << OutcomeName(kept.outcome);
      cut += kept.cut_digest != 0 ? 1 : 0;
      failed += kept.outcome != Outcome::kAccepted ? 1 : 0;
    }
  }
  EXPECT_GT(cut, 100u);
  EXPECT_GT(failed, 1000u);
}

TEST(ChunkTest, OversizedFieldsAreCutBetweenCharactersAndCounted) {
  std::string description(limits::kFailedFieldBytesMax - 1, 'x');
  description += "\xE2\x82\xAC and more";  // the limit falls into the euro sign
  Chunk chunk;
  chunk.header.first_line = 1;
  chunk.lines.push_back({.number = 1,
                         .outcome = Outcome::kFieldTooLong,
                         .code = "A",
                         .description = description,
                         .quantity_text = "1",
                         .unit_cost_text = "2",
                         .detail = "said before"});
  std::string payload;
  EncodeChunk(chunk, &payload);
  Chunk read;
  ASSERT_TRUE(DecodeChunk(payload, &read).ok());
  EXPECT_EQ(read.lines[0].description.size(), limits::kFailedFieldBytesMax - 1);
  EXPECT_EQ(read.lines[0].detail, "said before; description: 12 bytes left out");

  const std::string huge(5'000'000, 'y');
  chunk.lines[0].description = huge;
  chunk.lines[0].detail = "";
  payload.clear();
  EncodeChunk(chunk, &payload);
  ASSERT_TRUE(DecodeChunk(payload, &read).ok());
  EXPECT_LT(payload.size(), limits::kFailedFieldBytesMax + 200);
  EXPECT_EQ(read.lines[0].detail, "description: 4,983,616 bytes left out");
}

// --- damage ---

void DecodeAll(std::string_view payload) {
  ChunkHeader header;
  CatalogueChanges changes;
  ChunkNumbers numbers;
  std::vector<std::string_view> times;
  Chunk chunk;
  DecodeChunkHeader(payload, &header).PermitUnchecked();
  DecodeChunkCatalogue(payload, &changes).PermitUnchecked();
  DecodeChunkNumbers(payload, &numbers).PermitUnchecked();
  DecodeChunkTimes(payload, &times).PermitUnchecked();
  if (DecodeChunk(payload, &chunk).ok()) {
    std::string again;
    EncodeChunk(chunk, &again);  // whatever is read can be written
  }
}

TEST(ChunkTest, EveryTruncationIsRefused) {
  RandomSource random(test::TestSeed());
  for (const uint8_t flags : kKinds) {
    const auto made = MakeChunk(&random, 12, flags);
    std::string payload;
    EncodeChunk(made->chunk, &payload);
    for (size_t size = 0; size < payload.size(); ++size) {
      const std::string cut = payload.substr(0, size);
      Chunk chunk;
      ChunkNumbers numbers;
      CatalogueChanges changes;
      std::vector<std::string_view> times;
      ASSERT_TRUE(DecodeChunk(cut, &chunk).Is(StatusCode::kCorruption)) << size;
      ASSERT_FALSE(DecodeChunkNumbers(cut, &numbers).ok()) << size;
      ASSERT_FALSE(DecodeChunkCatalogue(cut, &changes).ok()) << size;
      ASSERT_FALSE(DecodeChunkTimes(cut, &times).ok()) << size;
    }
    Chunk chunk;
    ASSERT_FALSE(DecodeChunk(payload + '\0', &chunk).ok()) << "bytes too many";
  }
}

TEST(ChunkTest, DamagedBytesNeverCrash) {
  RandomSource random(test::TestSeed());
  for (int round = 0; round < 100; ++round) {
    const auto made = MakeChunk(&random, random.Below(15), kKinds[random.Below(std::size(kKinds))]);
    std::string payload;
    EncodeChunk(made->chunk, &payload);
    for (int damage = 0; damage < 200; ++damage) {
      std::string damaged = payload;
      // Mostly at the front, where the lengths and counts are.
      const size_t reach = random.OneIn(2) ? damaged.size() : std::min<size_t>(damaged.size(), 120);
      for (uint64_t flips = 1 + random.Below(3); flips > 0; --flips) {
        char& byte = damaged[random.Below(reach)];
        byte = random.OneIn(2) ? static_cast<char>(random.Bits())
                               : static_cast<char>(byte ^ 1 << random.Below(8));
      }
      DecodeAll(damaged);
    }
  }
  for (int round = 0; round < 50'000; ++round) {
    DecodeAll("\x01" + random.Bytes(80));
  }
}

std::string HeaderBytes(uint8_t flags, std::string_view lines, std::string_view accepted) {
  std::string bytes = {2, static_cast<char>(flags), 1, 1, 'b', 0, 1};
  bytes.append(lines).append(accepted).append(16, '\0');
  return bytes;
}

TEST(ChunkTest, CountsAndEnumsThatCannotBeAreRefused) {
  using namespace std::string_literals;
  Chunk chunk;
  ChunkHeader header;
  EXPECT_TRUE(DecodeChunkHeader(HeaderBytes(0, "\xF4\x03", "\x01"), &header).ok()) << "500 lines";
  EXPECT_FALSE(DecodeChunkHeader(HeaderBytes(0, "\xF5\x03", "\x01"), &header).ok()) << "501 lines";
  EXPECT_FALSE(DecodeChunkHeader(HeaderBytes(0, "\x01", "\x02"), &header).ok())
      << "accepted > lines";
  EXPECT_FALSE(DecodeChunkHeader(HeaderBytes(32, "\x01", "\x01"), &header).ok()) << "unknown flag";
  EXPECT_FALSE(DecodeChunkHeader(HeaderBytes(kChunkDrop, "\x01", "\x01"), &header).ok());
  EXPECT_FALSE(
      DecodeChunkHeader(HeaderBytes(kChunkDrop | kChunkRetry, "\x01", "\0"s), &header).ok());
  std::string other = HeaderBytes(0, "\x01", "\x01");
  other[0] = 3;
  EXPECT_TRUE(DecodeChunkHeader(other, &header).Is(StatusCode::kFormatMismatch));

  // One accepted line of item 1, 2.5 x 3: catalogue "", numbers, details {no columns, rule, kind}.
  const std::string head = HeaderBytes(0, "\x01", "\x01");
  const std::string good = head + "\0\x03\x01\x92\x02"s;
  const auto with = [&](const std::string& numbers, const std::string& details) {
    return head + '\0' + static_cast<char>(numbers.size()) + numbers +
           static_cast<char>(details.size()) + details;
  };
  const std::string numbers = "\x01\x91\x03\x30"s;  // item 1; zigzag(25) * 8 + 1; zigzag(3) * 8
  ASSERT_TRUE(DecodeChunk(with(numbers, "\0\x11\x04"s), &chunk).ok());
  EXPECT_EQ(chunk.lines[0].quantity, 2'500'000);
  EXPECT_EQ(chunk.lines[0].unit_cost, 3'000'000);
  EXPECT_EQ(chunk.lines[0].decided_by, DecidedBy::kCode);
  EXPECT_FALSE(DecodeChunk(with("\0\x91\x03\x30"s, "\0\x11\x04"s), &chunk).ok()) << "item 0";
  EXPECT_FALSE(DecodeChunk(with(numbers, "\0\x1F\x04"s), &chunk).ok()) << "rule 15";
  EXPECT_FALSE(DecodeChunk(with(numbers, "\0\x11\x07"s), &chunk).ok()) << "description kind 3";
  EXPECT_FALSE(DecodeChunk(with(numbers, "\0\x01\x04"s), &chunk).ok()) << "a run of no lines";
  EXPECT_FALSE(DecodeChunk(with(numbers, "\0\x21\x04"s), &chunk).ok()) << "a run beyond the lines";
  EXPECT_FALSE(DecodeChunk(with(numbers, "\x80\x11\x04"s), &chunk).ok())
      << "a column that is not there";
  EXPECT_FALSE(DecodeChunk(with(numbers, "\0\x11\x04\0"s), &chunk).ok()) << "a byte too many";
  EXPECT_FALSE(DecodeChunk(with(numbers + '\0', "\0\x11\x04"s), &chunk).ok());
  // zigzag(2^59) * 8 + 0: times 10^6 does not fit.
  EXPECT_FALSE(DecodeChunk(with("\x01\x91\x03"s + "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"s,
                                "\0\x11\x04"s),
                           &chunk)
                   .ok());
}

TEST(ChunkTest, NumbersOfEverySizeSurvive) {
  RandomSource random(test::TestSeed());
  std::vector<int64_t> values = {0,
                                 1,
                                 -1,
                                 INT64_MAX,
                                 INT64_MIN,
                                 INT64_MIN + 1,
                                 limits::kQuantityUnitsMax,
                                 -limits::kUnitCostUnitsMax};
  for (int64_t power = 1; power < INT64_MAX / 10; power *= 10) {
    values.insert(values.end(), {power, -power, power + 1, 7 * power});
  }
  while (values.size() < limits::kChunkLinesMax) {
    values.push_back(random.AnySigned());
  }
  Chunk chunk;
  chunk.header.first_line = 1;
  for (size_t index = 0; index < limits::kChunkLinesMax; ++index) {
    chunk.lines.push_back(
        {.number = index + 1,
         .item = index == 0 ? UINT32_MAX : static_cast<ItemId>(index << (index % 20) | 1),
         .quantity = values[index],
         .unit_cost = values[values.size() - 1 - index]});
  }
  std::string payload;
  EncodeChunk(chunk, &payload);
  ChunkNumbers numbers;
  ASSERT_TRUE(DecodeChunkNumbers(payload, &numbers).ok());
  for (size_t index = 0; index < limits::kChunkLinesMax; ++index) {
    ASSERT_EQ(numbers.items[index], chunk.lines[index].item);
    ASSERT_EQ(numbers.quantities[index], chunk.lines[index].quantity);
    ASSERT_EQ(numbers.unit_costs[index], chunk.lines[index].unit_cost);
  }
}

TEST(ChunkTest, OrdinaryInvoiceLinesTakeAboutTenBytes) {
  RandomSource random(test::TestSeed());
  Chunk chunk;
  chunk.header.first_line = 1;
  chunk.header.batch = "invoice-536365";
  for (uint64_t number = 1; number <= limits::kChunkLinesMax; ++number) {
    chunk.lines.push_back({.number = number,
                           .decided_by = DecidedBy::kCode,
                           .item = static_cast<ItemId>(1 + random.Below(100'000)),
                           .quantity = static_cast<int64_t>(1 + random.Below(48)) * 1'000'000,
                           .unit_cost = static_cast<int64_t>(random.Below(2000)) * 10'000,
                           .description_kind = DescriptionKind::kOfItem,
                           .description = "WHITE HANGING HEART T-LIGHT HOLDER",
                           .document = number < 250 ? "536365" : "536366",
                           .time = number < 250 ? "2010-12-01 08:26:00" : "2010-12-01 08:28:00"});
  }
  std::string payload;
  EncodeChunk(chunk, &payload);
  EXPECT_LT(payload.size(), limits::kChunkLinesMax * 10);
}

}  // namespace
}  // namespace tallystone
