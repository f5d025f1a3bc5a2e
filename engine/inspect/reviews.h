// The reviews of a view, as callers see them.
#pragma once

#include "inspect/queries.h"
#include "tallystone/review.h"

namespace tallystone {

// Keeps `view` alive.
Status MakeReviewCursor(SharedView view, const Filter& filter,
                        std::unique_ptr<Cursor<Review>>* cursor);

// kNotFound: there is no such tenant.
Status ReadMappingOf(LiveView* view, std::string_view tenant, MappingSettings* settings);

}  // namespace tallystone
