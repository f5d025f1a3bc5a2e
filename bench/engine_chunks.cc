#include "engine_chunks.h"

#include "base/check.h"
#include "model/content_digest.h"
#include "model/line_check.h"
#include "tallystone/limits.h"

namespace tallystone::bench {
namespace {

constexpr uint64_t kAcceptedAtMicros = 1'700'000'000'000'000;  // as long as a real one

}  // namespace

RawLine RawLineOf(const WorkLine& line) {
  RawLine raw;
  raw.code = line.code;
  raw.quantity = line.quantity;
  raw.unit_cost = line.unit_cost;
  raw.typed = true;
  return raw;
}

const Chunk& EngineChunks::MapBatch(const WorkBatch& batch) {
  TS_CHECK(batch.lines.size() <= limits::kChunkLinesMax);
  ChunkHeader& header = chunk_.header;
  header = {};
  header.flags = kChunkFirst | kChunkLast;
  header.tenant = 1;
  if (first_) {
    header.flags |= kChunkNewTenant;
    header.tenant_name = "default";
    first_ = false;
  }
  header.batch = batch.id;
  header.accepted_at_us = kAcceptedAtMicros + batch.number;
  header.first_line = 1;
  chunk_.catalogue.clear();
  chunk_.lines.clear();
  std::string scratch;
  for (const WorkLine& line : batch.lines) {
    const CheckedLine checked = CheckLine(RawLineOf(line));
    const Decision decision =
        catalogue_.Map(checked, UnknownItemPolicy::kCreate, UINT64_MAX, &chunk_.catalogue);
    ChunkLine& made = chunk_.lines.emplace_back();
    made.number = chunk_.lines.size();
    made.outcome = decision.outcome;
    made.decided_by = decision.decided_by;
    made.item = decision.item;
    made.quantity = checked.quantity;
    made.unit_cost = checked.unit_cost;
    made.code = checked.code;
    Add(DigestLine(made.number, checked, &scratch), &header.digest);
  }
  return chunk_;
}

std::string EngineChunks::Encode(const WorkBatch& batch) {
  std::string payload;
  EncodeChunk(MapBatch(batch), &payload);
  return payload;
}

}  // namespace tallystone::bench
