// ReviewEntry: what the catalogue knows of an item that a person should look at, or moved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "tallystone/review.h"
#include "tallystone/status.h"

namespace tallystone {

// Lines that go from one item to another. What of it is done stands in its batch.
struct ReviewMove {
  ItemId from = 0;
  ItemId to = 0;
  bool any_vendor = false;
  std::string vendor;  // only its lines, unless any_vendor
  std::string form;    // only lines with this normal form; "" = all
  std::string batch;   // only lines of this batch; "" = all
  Lsn up_to = 0;       // only lines of chunks up to here
  std::string id;      // of the batch that moves them
  friend bool operator==(const ReviewMove&, const ReviewMove&) = default;
};

inline constexpr uint8_t kReviewStatusMax = 4;

struct ReviewEntry {
  ReviewStatus status = ReviewStatus::kOpen;
  ReviewStatus after_move = ReviewStatus::kOpen;  // kMoving: what comes then
  uint8_t version = 0;                            // of the mapping that asked
  std::string text;                               // description of the line that made the item
  std::string vendor;
  std::vector<Candidate> candidates;
  uint32_t answers = 0;  // so far: part of the ids of their batches
  ReviewMove move;       // the last one
  friend bool operator==(const ReviewEntry&, const ReviewEntry&) = default;
};

// Bytes, format 1: u8 1 | u8 status | u8 status after the move | u8 version | text text | text
// vendor
//   | varint n | n x { varint item | varint score } | varint answers
//   | varint from | varint to | u8 any vendor | text vendor | text form | text batch | varint up_to
//   | text id
void EncodeReviewEntry(const ReviewEntry& entry, std::string* out);
// kCorruption. Safe on any bytes.
Status DecodeReviewEntry(std::string_view bytes, ReviewEntry* entry);

}  // namespace tallystone
