// What a catalogue keeps beside items, in the words of a diff: no numbers, no history.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "inspect/diff_side.h"
#include "tallystone/diff.h"

namespace tallystone::diff {

struct NamedRecord {
  DifferenceKind kind = DifferenceKind::kReview;
  std::string name;
  std::vector<std::pair<const char*, std::string>> fields;
};

// *known is false for a record that is history only. kCorruption.
Status NameRecord(DiffSide* side, const RecordRef& ref, std::string_view value, NamedRecord* record,
                  bool* known);

// One entry for each record whose tenant is in `tenants` (ascending); the id is its place among all
// records.
Status HashRecords(DiffSide* side, const std::vector<TenantId>& tenants,
                   std::vector<HashedEntry>* entries);

// The record at each place of `ids` (ascending), by place.
Status ReadRecords(DiffSide* side, const std::vector<uint32_t>& ids,
                   std::map<uint32_t, std::pair<TenantId, NamedRecord>>* records);

}  // namespace tallystone::diff
