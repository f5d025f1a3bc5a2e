// Chunk payloads: any bytes are refused or read, all readers of one payload say the same, and what
// was read and written again is the same (law L10).
#include "fuzz.h"
#include "model/chunk.h"

namespace {

using namespace tallystone;  // NOLINT: one small program

void ExpectPartsAgree(std::string_view payload, const Chunk& chunk) {
  ChunkHeader header;
  CatalogueChanges changes;
  ChunkNumbers numbers;
  std::vector<std::string_view> times;
  FUZZ_EXPECT(DecodeChunkHeader(payload, &header).ok());
  FUZZ_EXPECT(DecodeChunkCatalogue(payload, &changes).ok());
  FUZZ_EXPECT(DecodeChunkNumbers(payload, &numbers).ok());
  FUZZ_EXPECT(DecodeChunkTimes(payload, &times).ok());
  FUZZ_EXPECT(header.lines == chunk.lines.size());
  FUZZ_EXPECT(header.batch == chunk.header.batch && header.accepted == chunk.header.accepted);
  FUZZ_EXPECT(changes.items.size() == chunk.catalogue.items.size());
  FUZZ_EXPECT(changes.aliases.size() == chunk.catalogue.aliases.size());
  size_t accepted = 0;
  for (const ChunkLine& line : chunk.lines) {
    if (line.outcome != Outcome::kAccepted) {
      continue;
    }
    FUZZ_EXPECT(accepted < numbers.items.size() && accepted < times.size());
    FUZZ_EXPECT(numbers.items[accepted] == line.item);
    FUZZ_EXPECT(numbers.quantities[accepted] == line.quantity);
    FUZZ_EXPECT(numbers.unit_costs[accepted] == line.unit_cost);
    FUZZ_EXPECT(times[accepted] == line.time);
    ++accepted;
  }
  FUZZ_EXPECT(accepted == numbers.items.size() && accepted == times.size());
  FUZZ_EXPECT(accepted == header.accepted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view payload = fuzz::Bytes(data, size);
  // Each reader by itself, whatever the others say.
  ChunkHeader header;
  CatalogueChanges changes;
  ChunkNumbers numbers;
  std::vector<std::string_view> times;
  DecodeChunkHeader(payload, &header).PermitUnchecked();
  DecodeChunkCatalogue(payload, &changes).PermitUnchecked();
  DecodeChunkNumbers(payload, &numbers).PermitUnchecked();
  DecodeChunkTimes(payload, &times).PermitUnchecked();

  Chunk chunk;
  if (!DecodeChunk(payload, &chunk).ok()) {
    return 0;
  }
  ExpectPartsAgree(payload, chunk);
  // The first writing may shorten (longer varints, split runs); after it nothing changes any more.
  std::string written;
  EncodeChunk(chunk, &written);
  Chunk again;
  FUZZ_EXPECT(DecodeChunk(written, &again).ok());
  ExpectPartsAgree(written, again);
  FUZZ_EXPECT(again.lines.size() == chunk.lines.size());
  for (size_t index = 0; index < chunk.lines.size(); ++index) {
    const ChunkLine& one = chunk.lines[index];
    const ChunkLine& other = again.lines[index];
    FUZZ_EXPECT(one.number == other.number && one.outcome == other.outcome);
    FUZZ_EXPECT(one.item == other.item && one.decided_by == other.decided_by);
    FUZZ_EXPECT(one.quantity == other.quantity && one.unit_cost == other.unit_cost);
    FUZZ_EXPECT(one.line_id == other.line_id && one.time == other.time);
    FUZZ_EXPECT(one.attempts == other.attempts);
  }
  std::string rewritten;
  EncodeChunk(again, &rewritten);
  FUZZ_EXPECT(rewritten == written);
  return 0;
}
