#include <iterator>

#include "tallystone/review.h"

namespace tallystone {

std::string_view ReviewStatusName(ReviewStatus status) {
  static constexpr std::string_view kNames[] = {"open", "moving", "accepted", "rejected", "split"};
  const auto index = static_cast<size_t>(status);
  return index < std::size(kNames) ? kNames[index] : "";
}

}  // namespace tallystone
