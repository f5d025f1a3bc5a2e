#include "tallystone/outcome.h"

#include <iterator>

namespace tallystone {
namespace {

struct OutcomeWords {
  std::string_view name;
  std::string_view text;
};

// By value of the enum.
constexpr OutcomeWords kOutcomes[] = {
    {"accepted", "the line was booked"},
    {"bad_columns", "the row could not be split into the columns of its file"},
    {"bad_tenant", "the tenant is empty or not a valid name"},
    {"bad_batch", "the batch id is empty or not a valid id"},
    {"bad_quantity", "the quantity is not a plain decimal"},
    {"bad_price", "the unit cost is not a plain decimal"},
    {"zero_quantity", "the quantity is zero"},
    {"no_item", "code, GTIN and description are all empty"},
    {"field_too_long", "a field is longer than its limit"},
    {"invalid_utf8", "a field is not valid UTF-8"},
    {"quantity_out_of_range", "the quantity is beyond a million million"},
    {"price_out_of_range", "the unit cost is beyond a million million"},
    {"inexact_number", "a number has more than 6 decimals"},
    {"unknown_item", "no item matches, and none may be made"},
    {"ambiguous_item", "several items match, and there is no code to tell them apart"},
    {"catalogue_full", "a new item would exceed the limit of items"},
    {"balance_overflow", "the item's value would leave the range of an exact sum"},
    {"store_rejected", "the store refused to book the item"},
};
static_assert(std::size(kOutcomes) == kOutcomeCount);
static_assert(static_cast<int>(Outcome::kStoreRejected) + 1 == kOutcomeCount);

constexpr std::string_view kDecidedBy[] = {"",      "code",    "gtin",   "alias", "sorted",
                                           "fuzzy", "created", "review", "moved", "vendor_code"};
static_assert(std::size(kDecidedBy) == kDecidedByCount);

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  const auto index = static_cast<size_t>(outcome);
  return index < std::size(kOutcomes) ? kOutcomes[index].name : "unknown_outcome";
}

bool ParseOutcome(std::string_view name, Outcome* out) {
  for (size_t index = 0; index < std::size(kOutcomes); ++index) {
    if (kOutcomes[index].name == name) {
      *out = static_cast<Outcome>(index);
      return true;
    }
  }
  return false;
}

std::string_view OutcomeText(Outcome outcome) {
  const auto index = static_cast<size_t>(outcome);
  return index < std::size(kOutcomes) ? kOutcomes[index].text : "this version does not know it";
}

std::string_view DecidedByName(DecidedBy decided_by) {
  const auto index = static_cast<size_t>(decided_by);
  return index < std::size(kDecidedBy) ? kDecidedBy[index] : "";
}

}  // namespace tallystone
