// EntryKey: the key of a store's entry in parts that compare as the store's keys do, and as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "tallystone/status.h"
#include "tallystone/store_entries.h"

namespace tallystone {

// Numbers are 8 bytes, big-endian; the vendor of a record is varint length + bytes. A key that has
// fewer parts than its family has stands for all that begin with it.
class EntryKey {
 public:
  EntryKey() = default;
  // Each part that is given, in order.
  EntryKey& Number(uint64_t number);
  EntryKey& Text(std::string_view text);

  // kInvalidArgument: `text` is not the beginning of a key of `family`.
  static Status Parse(StoreFamily family, std::string_view text, EntryKey* key);
  [[nodiscard]] std::string ToText(StoreFamily family) const;

  // Below 0, 0 or above, by the parts that `bound` has.
  [[nodiscard]] int CompareTo(const EntryKey& bound) const;

  [[nodiscard]] size_t size() const { return parts_.size(); }
  // 0 or "" where it has no such part.
  [[nodiscard]] uint64_t NumberAt(size_t part) const;
  [[nodiscard]] std::string TextAt(size_t part) const;

 private:
  std::vector<std::string> parts_;
};

// "alias", "vendor_code", "merged", "review", "setting".
std::string_view RecordKindName(uint64_t kind);
// Whether its key begins with a vendor.
bool RecordHasVendor(uint64_t kind);

}  // namespace tallystone
