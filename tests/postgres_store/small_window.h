// Windows of a few lines, by hand.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/chunk.h"
#include "store_support/window_maker.h"
#include "window/sorted_window.h"

namespace tallystone::testing {

struct SmallLine {
  TenantId tenant = 0;
  ItemId item = 0;
  int64_t quantity = 0;  // whole pieces, at a unit cost of 2
};

// Each line is a chunk of its own, of the batch "b" of its tenant.
inline SortedWindow SmallWindow(Lsn first, const std::vector<SmallLine>& lines) {
  constexpr int64_t kOne = Decimal::kUnitsPerOne;
  SortedWindow window;
  window.first = first;
  window.last = first - 1;
  std::map<StockKey, std::pair<BalanceSum, std::vector<Posting>>> keys;
  std::map<BatchRef, BatchSum> batches;
  for (const SmallLine& line : lines) {
    const Lsn lsn = ++window.last;
    Chunk chunk;
    chunk.header.tenant = line.tenant;
    chunk.header.batch = "b";
    chunk.header.accepted_at_us = lsn;
    chunk.header.first_line = lsn;
    ChunkLine& booked = chunk.lines.emplace_back();
    booked.number = lsn;
    booked.decided_by = DecidedBy::kCode;
    booked.item = line.item;
    booked.quantity = line.quantity * kOne;
    booked.unit_cost = 2 * kOne;
    std::string payload;
    EncodeChunk(chunk, &payload);
    window.blocks.push_back({lsn, std::make_shared<const std::string>(std::move(payload))});
    auto& [sum, postings] = keys[{line.tenant, line.item}];
    sum.Add({booked.quantity, Int128{booked.quantity} * booked.unit_cost, 1, lsn,
             PlaceHash({line.tenant, line.item}, lsn, 0), ""});
    postings.push_back({lsn, 0});
    BatchSum batch;
    batch.first_lsn = batch.last_lsn = lsn;
    batch.lines = batch.accepted = 1;
    batches[{line.tenant, "b"}].Add(batch);
  }
  window.lines = lines.size();
  window.batches.assign(batches.begin(), batches.end());
  for (const auto& [key, entry] : keys) {
    KeyDelta delta{key, entry.first, static_cast<uint32_t>(window.postings.size()), 0, false};
    window.postings.insert(window.postings.end(), entry.second.begin(), entry.second.end());
    delta.posting_end = static_cast<uint32_t>(window.postings.size());
    window.deltas.push_back(delta);
  }
  return window;
}

inline Marker MarkerAt(Lsn applied) {
  Marker marker = WindowMaker::EmptyMarker();
  marker.applied = applied;
  return marker;
}

}  // namespace tallystone::testing
