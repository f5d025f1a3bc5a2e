// Random lines with natural and unnatural trouble in them.
#pragma once

#include <string>
#include <vector>

#include "model/chunk.h"
#include "model/line_check.h"
#include "model/random_source.h"
#include "tallystone/batch.h"
#include "tallystone/limits.h"

namespace tallystone::test {

inline std::string RandomField(RandomSource* random, size_t bytes_max) {
  if (random->OneIn(200)) {
    return std::string(limits::kFailedFieldBytesMax - 2 + random->Below(5000),
                       'x');  // around the cut
  }
  if (random->OneIn(40)) {
    return random->Bytes(20);
  }
  return random->Text("abcXYZ 0123 ", random->OneIn(100) ? bytes_max + 5 : 12);
}

inline std::string RandomNumber(RandomSource* random) {
  if (random->OneIn(300)) {
    return std::string(limits::kFailedFieldBytesMax + 10, '0') + "1.5";
  }
  if (random->OneIn(15)) {
    return random->Text("+-.e0123456789 ", 8);
  }
  if (random->OneIn(15)) {
    return Decimal::FromUnits(random->AnySigned()).ToString();
  }
  return std::to_string(1 + random->Below(50)) +
         std::string(random->Pick({"", ".5", ".50", ".125"}));
}

inline void AddRandomLine(RandomSource* random, Batch* batch) {
  if (random->OneIn(30)) {
    batch->AddUnreadable(Outcome::kBadColumns, RandomField(random, 300));
    return;
  }
  std::string texts[9];
  for (size_t text = 0; text < 9; ++text) {
    if (text < 2 || random->OneIn(3)) {
      texts[text] = RandomField(random, 300);
    }
  }
  if (random->OneIn(3)) {
    const bool plain = !random->OneIn(10);
    batch->Add({.code = texts[0],
                .description = texts[1],
                .quantity = Decimal::FromUnits(plain ? 1'500'000 : random->AnySigned()),
                .unit_cost = Decimal::FromUnits(plain ? 2'990'000 : random->AnySigned()),
                .vendor = texts[2],
                .gtin = texts[3],
                .unit = texts[4],
                .document = texts[5],
                .time = texts[6],
                .line_id = texts[7],
                .vendor_code = texts[8]});
    return;
  }
  const std::string quantity = RandomNumber(random);
  const std::string unit_cost = RandomNumber(random);
  batch->AddText({.code = texts[0],
                  .description = texts[1],
                  .quantity = quantity,
                  .unit_cost = unit_cost,
                  .vendor = texts[2],
                  .gtin = texts[3],
                  .unit = texts[4],
                  .document = texts[5],
                  .time = texts[6],
                  .line_id = texts[7],
                  .vendor_code = texts[8]});
}

// The line of a chunk for a checked line. `numbers` keeps the texts of numbers that came as
// Decimals.
inline ChunkLine LineOfChunk(uint64_t number, const CheckedLine& checked,
                             std::vector<std::string>* numbers) {
  ChunkLine line;
  line.number = number;
  line.outcome = checked.outcome;
  line.code = checked.code;
  line.description = checked.description;
  line.vendor = checked.vendor;
  line.gtin = checked.gtin;
  line.unit = checked.unit;
  line.document = checked.document;
  line.time = checked.time;
  line.line_id = checked.line_id;
  line.vendor_code = checked.vendor_code;
  if (checked.outcome == Outcome::kAccepted) {
    line.quantity = checked.quantity;
    line.unit_cost = checked.unit_cost;
    return line;
  }
  const auto text_of = [numbers](std::string_view text, bool read, int64_t units) {
    if (!text.empty() || !read) {
      return text;
    }
    return std::string_view(numbers->emplace_back(Decimal::FromUnits(units).ToString()));
  };
  line.quantity_text = text_of(checked.quantity_text, checked.quantity_read, checked.quantity);
  line.unit_cost_text = text_of(checked.unit_cost_text, checked.unit_cost_read, checked.unit_cost);
  line.raw = checked.raw;
  return line;
}

}  // namespace tallystone::test
