#include "window/window_deltas.h"

#include <algorithm>

namespace tallystone {
namespace {

// Multiply and fold (as in wyhash): every bit of the key reaches the low bits of the result.
uint32_t HashKey(StockKey key) {
  const UInt128 product = UInt128{key.packed() ^ 0x9e3779b97f4a7c15} * 0xd6e8feb86659fd93;
  return static_cast<uint32_t>(static_cast<uint64_t>(product) ^
                               static_cast<uint64_t>(product >> 64));
}

}  // namespace

Status WindowDeltas::CatchUp(std::span<const LoggedChunk> chunks) {
  for (; taken_ < chunks.size(); ++taken_) {
    TS_RETURN_IF_ERROR(Take(chunks[taken_]));
  }
  return Status::Ok();
}

Status WindowDeltas::Take(const LoggedChunk& chunk) {
  // How many lines ahead memory is asked for: first the slots, then the deltas they point to.
  constexpr size_t kSlotsAhead = 16;
  constexpr size_t kDeltasAhead = 8;
  ChunkHeader header;
  TS_RETURN_IF_ERROR(DecodeChunkHeader(*chunk.payload, &header));
  TS_RETURN_IF_ERROR(DecodeChunkNumbers(*chunk.payload, &numbers_));
  TS_RETURN_IF_ERROR(DecodeChunkTimes(*chunk.payload, &times_));
  const size_t count = numbers_.items.size();
  const auto hash_at = [&](size_t index) {
    return HashKey({header.tenant, numbers_.items[index]});
  };
  for (size_t index = 0; index < std::min(kSlotsAhead, count); ++index) {
    index_.Prefetch(hash_at(index));
  }
  for (size_t index = 0; index < count; ++index) {
    if (index + kSlotsAhead < count) {
      index_.Prefetch(hash_at(index + kSlotsAhead));
    }
    if (index + kDeltasAhead < count) {
      const uint32_t ahead =
          index_.Find(hash_at(index + kDeltasAhead), [](uint32_t) { return true; });
      if (ahead != 0) {
        __builtin_prefetch(&deltas_[ahead - 1], 1);
      }
    }
    const StockKey key{header.tenant, numbers_.items[index]};
    const uint32_t hash = hash_at(index);
    uint32_t number = NumberOf(key, hash);
    if (number == 0) {
      deltas_.emplace_back().key = key;
      number = static_cast<uint32_t>(deltas_.size());
      index_.Insert(hash, number);
    }
    Delta& delta = deltas_[number - 1];
    delta.on_hand += numbers_.quantities[index];
    delta.value += Int128{numbers_.quantities[index]} * numbers_.unit_costs[index];
    ++delta.lines;
    delta.last_lsn = chunk.lsn;
    if (!times_[index].empty()) {
      delta.last_time = times_[index];
    }
  }
  return Status::Ok();
}

uint32_t WindowDeltas::NumberOf(StockKey key, uint32_t hash) const {
  return index_.Find(hash, [&](uint32_t number) { return deltas_[number - 1].key == key; });
}

const WindowDeltas::Delta* WindowDeltas::Find(StockKey key) const {
  const uint32_t number = NumberOf(key, HashKey(key));
  return number == 0 ? nullptr : &deltas_[number - 1];
}

}  // namespace tallystone
