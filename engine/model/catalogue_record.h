// What a tenant's catalogue keeps beside items and aliases: decisions of people and settings, as
// keys with a value each. Written to disk.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "model/ids.h"

namespace tallystone {

// `text` is varint length + bytes, `item` a varint, `u32` big-endian.
enum class RecordKind : uint8_t {
  // text vendor (empty = any) | normal form of a name -> item. Found before any alias.
  kAlias = 1,
  // text vendor | the vendor's code -> item.
  kVendorCode = 2,
  // text vendor (empty = any) | u32 item -> item: what the vendor calls the one is the other.
  kMerged = 3,
  // u32 item -> ReviewEntry (review_entry.h).
  kReview = 4,
  // name -> value: "mapping" -> "exact", "suggest" or "auto"; "protected" -> words with blanks
  // between them; "revision" -> varint, how often they were changed.
  kSetting = 5,
};
inline constexpr uint8_t kRecordKindMax = 5;

struct RecordRef {
  TenantId tenant = 0;
  RecordKind kind = RecordKind::kAlias;
  std::string key;
  friend auto operator<=>(const RecordRef&, const RecordRef&) = default;
};

}  // namespace tallystone
