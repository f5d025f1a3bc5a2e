#include "inspect/booked_lines.h"

#include <algorithm>

#include "base/check.h"

namespace tallystone {

Status ForEachBooked(const StoredBlock& block, Chunk* chunk,
                     const std::function<Status(const ChunkLine& line, uint32_t index)>& visit) {
  TS_RETURN_IF_ERROR(DecodeChunk(block.payload, chunk));
  uint32_t index = 0;
  for (const ChunkLine& line : chunk->lines) {
    if (line.outcome != Outcome::kAccepted) {
      continue;
    }
    if (!std::binary_search(block.rejected.begin(), block.rejected.end(), index)) {
      TS_RETURN_IF_ERROR(visit(line, index));
    }
    ++index;
  }
  return Status::Ok();
}

}  // namespace tallystone
