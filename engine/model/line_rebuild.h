// From a line of a chunk back to the line as it was received.
#pragma once

#include <string_view>

#include "model/chunk.h"
#include "model/line_check.h"

namespace tallystone {

// The line as CheckLine saw it, so that DigestLine gives the digest of the original. `item_code`
// and `item_description` are those of the line's item (not looked at if the line failed). The views
// of the result point to where those of `line`, or the item's, do.
//
// A failed line keeps its numbers as text; one that parses counts as its value, so "6.50" as text
// and 6.5 as a Decimal are the same content. A field that was cut when the chunk was written is
// still cut here; the digest of the whole line stands beside it (CheckedLine::cut_digest) and
// DigestLine returns it.
CheckedLine ReconstructLine(const ChunkLine& line, std::string_view item_code,
                            std::string_view item_description);

}  // namespace tallystone
