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

// What one lane has only the place of, another may hold. A chunk is delivered to the last lane last
// (recovery.cc): whatever that one has, the others have too, and what they have behind it is left
// out.
std::vector<LoggedChunk> PendingChunks(const Lanes& lanes) {
  Lsn last = 0;
  std::vector<LoggedChunk> chunks = lanes.back()->windows->Chunks(&last);
  for (size_t index = 0; index + 1 < lanes.size(); ++index) {
    std::vector<LoggedChunk> more = lanes[index]->windows->Chunks();
    std::erase_if(more, [&](const LoggedChunk& chunk) { return chunk.lsn > last; });
    if (more.empty()) {
      continue;
    }
    if (chunks.empty() || more.front().lsn < chunks.front().lsn) {
      std::swap(chunks, more);
    }
    // Now `more` begins within `chunks`, and both end at `last`.
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
