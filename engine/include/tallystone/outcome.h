// Outcome: what became of one line. Every submitted line has exactly one (law L5).
#pragma once

#include <cstdint>
#include <string_view>

namespace tallystone {

// In order of precedence: the first that fits is the outcome of a line. Values are written to disk
// and are never changed or reused.
enum class Outcome : uint8_t {
  kAccepted = 0,             // booked
  kBadColumns = 1,           // the row could not be split into the columns of its file
  kBadTenant = 2,            // the row's tenant is empty or not a valid name
  kBadBatch = 3,             // the row's batch id is empty or not a valid id
  kBadQuantity = 4,          // the quantity is not a plain decimal
  kBadPrice = 5,             // the unit cost is not a plain decimal
  kZeroQuantity = 6,         // the quantity equals 0
  kNoItem = 7,               // code, GTIN and description are all empty
  kFieldTooLong = 8,         // a field is longer than its limit (limits.h)
  kInvalidUtf8 = 9,          // a field is not valid UTF-8
  kQuantityOutOfRange = 10,  // |quantity| is above the limit
  kPriceOutOfRange = 11,     // |unit cost| is above the limit
  kInexactNumber = 12,       // more than 6 decimals
  kUnknownItem = 13,         // no item matches and the batch's policy does not create one
  kAmbiguousItem = 14,       // the description belongs to several items, and there is no code
  kCatalogueFull = 15,       // a new item would exceed Options::items_max
  kBalanceOverflow = 16,     // the item's value would leave the range of an exact sum
  kStoreRejected = 17,       // the store refused the item's key; the detail has the store's words
};
inline constexpr int kOutcomeCount = 18;

// "accepted", "bad_quantity", ...: the words of the API, the tool and the files.
std::string_view OutcomeName(Outcome outcome);

// The inverse of OutcomeName. False for an unknown name; *out is then unchanged.
bool ParseOutcome(std::string_view name, Outcome* out);

// One sentence for a person, for example "the quantity is not a plain decimal".
std::string_view OutcomeText(Outcome outcome);

// By what rule a line's item was found. Values are written to disk.
enum class DecidedBy : uint8_t {
  kNone = 0,        // no item: the line failed before or in the mapping
  kCode = 1,        // own code, byte for byte
  kGtin = 2,        // GTIN
  kAlias = 3,       // normalised description
  kSorted = 4,      // same words in another order
  kFuzzy = 5,       // the same words but for one or two that are misspelled
  kCreated = 6,     // nothing matched: this line made the item
  kReview = 7,      // this line made the item, and asks whether it means another one
  kMoved = 8,       // a person said so: moved from one item to another, or taken from the one
  kVendorCode = 9,  // the vendor's own code
};
inline constexpr int kDecidedByCount = 10;

// "code", "gtin", "alias", "sorted", "fuzzy", "created", "review", "moved", "vendor_code", "".
std::string_view DecidedByName(DecidedBy decided_by);

}  // namespace tallystone
