#include "window/reject_keys.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "model/chunk.h"
#include "model/line_rebuild.h"
#include "tallystone/decimal.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

// Attempts of a line that a retry booked and the store then refused: the first, and the retry.
constexpr uint32_t kAttemptsAfterRetry = 2;

StoredDeadLetter RejectedLetter(const ChunkLine& line, const ChunkHeader& header, Lsn lsn,
                                const StoredItem& item, const std::string& cause) {
  const CheckedLine rebuilt = ReconstructLine(line, item.code, item.description);
  StoredDeadLetter letter;
  letter.cause = Outcome::kStoreRejected;
  letter.attempts = (header.flags & kChunkRetry) != 0 ? kAttemptsAfterRetry : 1;
  letter.lsn = lsn;
  letter.failed_at_us = header.accepted_at_us;
  letter.detail = cause.substr(0, limits::kDeadLetterDetailBytesMax);
  letter.code = rebuilt.code;
  letter.description = rebuilt.description;
  letter.quantity = Decimal::FromUnits(line.quantity).ToString();
  letter.unit_cost = Decimal::FromUnits(line.unit_cost).ToString();
  letter.vendor = rebuilt.vendor;
  letter.gtin = rebuilt.gtin;
  letter.unit = rebuilt.unit;
  letter.document = rebuilt.document;
  letter.time = rebuilt.time;
  letter.line_id = rebuilt.line_id;
  letter.vendor_code = rebuilt.vendor_code;
  return letter;
}

Status FindItem(const SortedWindow& window, const ItemLookup& lookup, StockKey key,
                StoredItem* item) {
  auto found = std::lower_bound(
      window.items.begin(), window.items.end(), key,
      [](const auto& entry, const StockKey& wanted) { return entry.first < wanted; });
  if (found != window.items.end() && found->first == key) {
    *item = found->second;
    return Status::Ok();
  }
  return lookup(key, item);
}

// The rejected lines, by block and index among its accepted lines, with the cause of their key.
using RejectedLines = std::map<Posting, const KeyRejection*>;

RejectedLines MarkRejected(std::span<const KeyRejection> rejections, SortedWindow* window) {
  RejectedLines lines;
  for (const KeyRejection& rejection : rejections) {
    auto delta = std::lower_bound(
        window->deltas.begin(), window->deltas.end(), rejection.key,
        [](const KeyDelta& entry, const StockKey& key) { return entry.key < key; });
    if (delta == window->deltas.end() || delta->key != rejection.key || delta->rejected) {
      continue;
    }
    delta->rejected = true;
    window->lines -= delta->sum.lines;
    for (uint32_t index = delta->posting_begin; index < delta->posting_end; ++index) {
      lines.emplace(window->postings[index], &rejection);
    }
  }
  return lines;
}

BatchSum* FindBatch(const BatchRef& ref, SortedWindow* window) {
  auto found = std::lower_bound(
      window->batches.begin(), window->batches.end(), ref,
      [](const auto& entry, const BatchRef& wanted) { return entry.first < wanted; });
  TS_CHECK(found != window->batches.end() && found->first == ref);
  return &found->second;
}

}  // namespace

Status RejectKeys(std::span<const KeyRejection> rejections, const ItemLookup& lookup,
                  SortedWindow* window) {
  const RejectedLines rejected = MarkRejected(rejections, window);
  std::map<LineRef, std::optional<StoredDeadLetter>> letters(window->dead_letters.begin(),
                                                             window->dead_letters.end());
  Lsn decoded = 0;
  Chunk chunk;
  std::vector<const ChunkLine*> accepted;
  for (const auto& [place, rejection] : rejected) {
    if (place.lsn != decoded) {
      const size_t block = IndexOfChunk(window->blocks, place.lsn);
      TS_CHECK(block < window->blocks.size());
      TS_RETURN_IF_ERROR(DecodeChunk(*window->blocks[block].payload, &chunk));
      accepted.clear();
      for (const ChunkLine& line : chunk.lines) {
        if (line.outcome == Outcome::kAccepted) {
          accepted.push_back(&line);
        }
      }
      decoded = place.lsn;
      window->rejected_lines.emplace_back(place.lsn, std::vector<uint32_t>{});
    }
    TS_CHECK(place.index < accepted.size());
    const ChunkLine& line = *accepted[place.index];
    StoredItem item;
    TS_RETURN_IF_ERROR(FindItem(*window, lookup, rejection->key, &item));
    BatchRef batch{chunk.header.tenant, std::string(chunk.header.batch)};
    ++FindBatch(batch, window)->rejected;
    letters[{batch.tenant, batch.batch, line.number}] =
        RejectedLetter(line, chunk.header, place.lsn, item, rejection->cause);
    window->rejected_lines.back().second.push_back(place.index);
  }
  window->dead_letters.assign(letters.begin(), letters.end());
  return Status::Ok();
}

}  // namespace tallystone
