#include "ingest/lane.h"

#include <algorithm>

#include "base/check.h"
#include "base/checksum.h"

namespace tallystone {

Lane* LaneForNewTenant(const Lanes& lanes, std::string_view tenant) {
  TS_CHECK(!lanes.empty());
  Lane* best = lanes.front().get();
  if (lanes.size() == 1) {
    return best;
  }
  uint64_t highest = 0;
  for (const auto& lane : lanes) {
    const uint64_t weight = Hash64(lane->store->server_id(), tenant, 0);
    if (weight > highest) {
      highest = weight;
      best = lane.get();
    }
  }
  return best;
}

// What one lane has only the place of, another holds. The lanes are asked one after the other: what
// is behind the end of any of them came meanwhile, and is left out.
std::vector<LoggedChunk> PendingChunks(const Lanes& lanes) {
  std::vector<LoggedChunk> chunks;
  Lsn last = UINT64_MAX;
  for (const auto& lane : lanes) {
    Lsn last_of_lane = 0;
    std::vector<LoggedChunk> more = lane->windows->Chunks(&last_of_lane);
    last = std::min(last, last_of_lane);
    const auto is_late = [&](const LoggedChunk& chunk) { return chunk.lsn > last; };
    std::erase_if(chunks, is_late);
    std::erase_if(more, is_late);
    if (chunks.empty() || (!more.empty() && more.front().lsn < chunks.front().lsn)) {
      std::swap(chunks, more);
    }
    // Now `more` begins within `chunks`, and ends where they end.
    for (LoggedChunk& chunk : more) {
      if (chunk.payload != nullptr) {
        chunks[chunk.lsn - chunks.front().lsn] = std::move(chunk);
      }
    }
  }
  return chunks;
}

Lsn LowestStored(const Lanes& lanes) {
  Lsn lowest = lanes.front()->stored;
  for (const auto& lane : lanes) {
    lowest = std::min<Lsn>(lowest, lane->stored);
  }
  return lowest;
}

}  // namespace tallystone
