// The answers of a review, as batches: see tallystone/review.h.
#pragma once

#include "ingest/core.h"
#include "tallystone/review.h"

namespace tallystone {

// Each logs what was decided, then moves the lines it concerns, and answers when that is durable in
// the log. Waits until the store has what was booked before, so that what it rejected is not moved.
Status AcceptReview(Core* core, const AcceptAnswer& answer, ReviewResult* result);
Status RejectReview(Core* core, const RejectAnswer& answer, ReviewResult* result);
Status SplitItem(Core* core, const SplitRequest& request, ReviewResult* result);

// Goes on with the moves that a crash, or an error, interrupted. Needs a running drain.
Status ContinueMoves(Core* core);

Status SetMapping(Core* core, std::string_view tenant, const MappingSettings& settings);
Status GetMapping(Core* core, std::string_view tenant, MappingSettings* settings);

}  // namespace tallystone
