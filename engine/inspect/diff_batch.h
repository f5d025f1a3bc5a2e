// DiffBatch: line by line through a batch that is not the same in two databases.
#pragma once

#include <functional>

#include "inspect/diff_side.h"
#include "tallystone/diff.h"

namespace tallystone::diff {

// found(line, side, field, left, right) for each field that differs; an error ends it.
using FoundField = std::function<Status(uint64_t line, DifferenceSide side, const char* field,
                                        std::string left, std::string right)>;

// Compares the lines of `left_ref` and `right_ref`, as they are now: a line that a retry booked
// counts as it was booked. Memory: two chunks of each, and about 150 bytes for each line that was
// tried again.
Status CompareLines(DiffSide* left, const BatchRef& left_ref, const BatchSum& left_sum,
                    DiffSide* right, const BatchRef& right_ref, const BatchSum& right_sum,
                    const FoundField& found);

}  // namespace tallystone::diff
