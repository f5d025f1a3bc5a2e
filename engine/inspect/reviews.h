// The reviews of a view, as callers see them.
#pragma once

#include <map>

#include "inspect/queries.h"
#include "tallystone/review.h"

namespace tallystone {

// Keeps `view` alive.
Status MakeReviewCursor(SharedView view, const Filter& filter,
                        std::unique_ptr<Cursor<Review>>* cursor);

// Of every tenant that has settings.
Status ReadMappings(LiveView* view, std::map<TenantId, MappingSettings>* mappings);
// kNotFound: there is no such tenant.
Status ReadMappingOf(LiveView* view, std::string_view tenant, MappingSettings* settings);

}  // namespace tallystone
