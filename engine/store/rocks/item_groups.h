// Item groups: what a window says of neighbouring items stands in one value. A large window has
// something of most groups, and an entry costs RocksDB as much as a dozen of its parts.
//
// A group is kGroupItems items with successive numbers; the place of one in it is its number modulo
// kGroupItems. A value of parts:
//
//   u8 1 | parts, ascending by place, one or more, each: u8 place | varint n | n bytes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/coding.h"
#include "model/ids.h"
#include "tallystone/status.h"

namespace tallystone::rocks {

inline constexpr uint32_t kGroupItems = 16;  // part of the format
inline constexpr uint32_t kGroupMax = UINT32_MAX / kGroupItems;

// A tenant's group of items.
struct GroupKey {
  TenantId tenant = 0;
  uint32_t group = 0;
  friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};

inline GroupKey GroupOf(StockKey key) {
  return {key.tenant, key.item / kGroupItems};
}
inline uint8_t PlaceOf(StockKey key) {
  return static_cast<uint8_t>(key.item % kGroupItems);
}
inline StockKey ItemAt(GroupKey group, uint8_t place) {
  return {group.tenant, group.group * kGroupItems + place};
}

// Appends a part to *value, which is empty at first. Places must ascend.
inline void AddPart(uint8_t place, std::string_view part, std::string* value) {
  if (value->empty()) {
    value->push_back(1);
  }
  value->push_back(static_cast<char>(place));
  PutText(value, part);
}

// Calls use(place, part) for each part; it returns a Status. kCorruption: `value` is not one of
// parts. Safe on any bytes.
template <typename Use>
Status ForEachPart(std::string_view value, const Use& use) {
  const auto damaged = [] {
    return Status::Corruption("a group of items cannot be read: its bytes are damaged");
  };
  if (value.size() < 2 || value.front() != 1) {
    return damaged();
  }
  value.remove_prefix(1);
  for (uint32_t least = 0; !value.empty();) {
    const auto place = static_cast<uint8_t>(value.front());
    value.remove_prefix(1);
    std::string_view part;
    if (place < least || place >= kGroupItems || !GetText(&value, &part)) {
      return damaged();
    }
    least = place + 1U;
    TS_RETURN_IF_ERROR(use(place, part));
  }
  return Status::Ok();
}

// *replaced: the parts of `value` (empty: none) with `part` at `place`; without that place if
// `part` is empty. Empty if nothing is left.
inline Status ReplacePart(std::string_view value, uint8_t place, std::string_view part,
                          std::string* replaced) {
  replaced->clear();
  bool there = part.empty();
  const auto add = [&] {
    if (!there) {
      AddPart(place, part, replaced);
      there = true;
    }
  };
  if (!value.empty()) {
    TS_RETURN_IF_ERROR(ForEachPart(value, [&](uint8_t other, std::string_view bytes) {
      if (other >= place) {
        add();
      }
      if (other != place) {
        AddPart(other, bytes, replaced);
      }
      return Status::Ok();
    }));
  }
  add();
  return Status::Ok();
}

}  // namespace tallystone::rocks
