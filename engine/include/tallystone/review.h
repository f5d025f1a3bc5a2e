// Review: mappings that a person should decide, and what becomes of them.
//
// A line of MappingMode kSuggest or kAuto whose name is like those of other items makes a new,
// provisional item and a Review of it; ingest never waits for anybody. A person then says
//
//   accept   it is that other item: from now on this vendor's lines of it go there, and those that
//            were booked move there
//   reject   it is not: it stays an item of its own, and nobody is asked again
//   split    an item has lines that are not its own: those of one name, or of one batch, move to a
//            new item
//
// Lines move by a batch of their own: for each, the same quantity and cost taken from the one item
// and booked on the other. So nothing that was booked is changed, and every sum stays exact (L4). A
// move that a crash interrupts goes on when the engine is opened again (L2, L7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/batch.h"
#include "tallystone/options.h"

namespace tallystone {

enum class ReviewStatus : uint8_t {
  kOpen = 0,
  kMoving = 1,  // decided; lines are being moved
  kAccepted = 2,
  kRejected = 3,
  kSplit = 4,  // an item that was made by a split
};
// "open", "moving", "accepted", "rejected", "split".
std::string_view ReviewStatusName(ReviewStatus status);

struct Review {
  std::string tenant;
  uint32_t item = 0;   // the provisional item, or the one that was split off
  std::string text;    // description of the line that made it
  std::string vendor;  // of that line
  ReviewStatus status = ReviewStatus::kOpen;
  uint8_t version = 0;                // of the algorithm that suggested
  std::vector<Candidate> candidates;  // best first
  uint32_t moved_from = 0;            // of the last accept or split; 0 = none yet
  uint32_t moved_to = 0;
  std::string batch;  // that moves, or moved, its lines
};

// What became of an answer.
struct ReviewResult {
  uint32_t item = 0;         // that the lines are on now
  uint64_t lines_moved = 0;  // by this answer, interruptions counted in
  std::string batch;         // that moved them
  uint64_t lsn = 0;          // of its last chunk
  // The same answer was given before, and was done: nothing was changed now.
  bool said_before = false;
};

struct AcceptAnswer {
  std::string tenant = {};
  uint32_t item = 0;           // under review
  uint32_t is = 0;             // the item that it is
  bool of_any_vendor = false;  // for lines of every vendor, not only of the review's
};

struct RejectAnswer {
  std::string tenant = {};
  uint32_t item = 0;                  // under review
  std::vector<uint32_t> is_not = {};  // empty = all candidates
};

// `text` or `batch` must be given. kNotFound: the item has no such line and no such name.
struct SplitRequest {
  std::string tenant = {};
  uint32_t item = 0;      // that has wrong lines
  std::string text = {};  // lines with this name (compared in normal form), also those to come
  // Only of this vendor; empty = of all, also of those for which the name was said to be the item.
  std::string vendor = {};
  std::string batch = {};  // only the lines of this batch
};

// How a tenant's names are mapped.
struct MappingSettings {
  MappingMode mode = MappingMode::kExact;  // where a batch says kOfTenant
  // Words that are never repaired, nor repaired into, beside the lists that come with the engine.
  std::vector<std::string> protected_words = {};
};

}  // namespace tallystone
