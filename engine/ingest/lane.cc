#include "ingest/lane.h"

#include <algorithm>
#include <iterator>
#include <utility>

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

// What one lane has only passed, another holds, or its store has it. The lanes are asked one after
// the other: what is behind the end of any of them came meanwhile, and is left out.
LogStretch PendingChunks(const Lanes& lanes) {
  LogStretch all = lanes.front()->windows->Pending();
  for (size_t lane = 1; lane < lanes.size(); ++lane) {
    LogStretch more = lanes[lane]->windows->Pending();
    all.first = std::min(all.first, more.first);
    all.last = std::min(all.last, more.last);
    const auto middle = static_cast<std::ptrdiff_t>(all.chunks.size());
    all.chunks.insert(all.chunks.end(), std::make_move_iterator(more.chunks.begin()),
                      std::make_move_iterator(more.chunks.end()));
    std::inplace_merge(
        all.chunks.begin(), all.chunks.begin() + middle, all.chunks.end(),
        [](const LoggedChunk& left, const LoggedChunk& right) { return left.lsn < right.lsn; });
  }
  std::erase_if(all.chunks, [&](const LoggedChunk& chunk) { return chunk.lsn > all.last; });
  return all;
}

Lsn LowestStored(const Lanes& lanes) {
  Lsn lowest = lanes.front()->stored;
  for (const auto& lane : lanes) {
    lowest = std::min<Lsn>(lowest, lane->stored);
  }
  return lowest;
}

}  // namespace tallystone
