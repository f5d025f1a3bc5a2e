// Moved half: a line of a move between two items (line_mover.h) that the store refused.
#pragma once

#include <string_view>

#include "model/chunk.h"
#include "model/stored.h"
#include "store/store.h"

namespace tallystone {

// One half of a pair belongs to its item, whatever its name means by now: the other half stands. So
// it is booked as it was logged, or dropped; never mapped again, never with other numbers.
struct MovedHalf {
  const ChunkLine* line = nullptr;  // as it was logged; null: the letter is of another kind
  // What its views point into.
  StoredBlock block;
  Chunk chunk;
};

// Whether the batch may have halves: only such a move has.
bool IsMove(std::string_view batch);

// Whether the letter `ref` is such a half. Its batch says so, whatever was tried with it since. A
// refused line's block is in the store, so `view` need not see more.
Status FindMovedHalf(StoreView* view, const LineRef& ref, const StoredDeadLetter& letter,
                     MovedHalf* half);

// kInvalidArgument, for a half that somebody wants to correct.
Status HalfIsNotCorrected(const LineRef& ref);

}  // namespace tallystone
