// ReviewsReport: the mappings that a person should decide.
#pragma once

#include <cstdint>
#include <vector>

#include "output/json.h"
#include "tallystone/inspector.h"

namespace tallystone::tool {

struct ReviewsReport {
  uint64_t open = 0;
  uint64_t decided = 0;
  std::vector<Review> rows;  // open ones, the likest candidates first
};

Status CollectReviews(Inspector* inspector, size_t rows_max, ReviewsReport* report);

// Looks up the items of the candidates.
void WriteReviews(const ReviewsReport& report, Inspector* inspector, JsonWriter* json);

}  // namespace tallystone::tool
