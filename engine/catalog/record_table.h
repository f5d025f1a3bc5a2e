// RecordTable: the records of one tenant's catalogue (model/catalogue_record.h), in memory.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include "catalog/text_arena.h"
#include "model/chunk.h"
#include "tallystone/review.h"

namespace tallystone {

// Keys of records.
std::string VendorTextKey(std::string_view vendor, std::string_view text);  // kAlias, kVendorCode
std::string VendorItemKey(std::string_view vendor, ItemId item);            // kMerged
std::string ItemKeyOf(ItemId item);                                         // kReview
std::string ItemValue(ItemId item);

// The settings that are there; the others are left as they are.
void ReadMapping(const class RecordTable& records, MappingSettings* settings);

// Texts are kept in `arena`, which must live as long. Not thread-safe.
class RecordTable {
 public:
  explicit RecordTable(TextArena* arena) : arena_(arena) {}

  // Sets a record; an empty value removes it. Appended to *changes, if given.
  void Set(RecordKind kind, std::string_view key, std::string_view value,
           CatalogueChanges* changes);
  // Takes back what Set appended to `changes`, which was empty of records before; before the arena
  // is rewound.
  void Undo(const CatalogueChanges& changes);

  [[nodiscard]] std::string_view Find(RecordKind kind, std::string_view key) const;  // "" = none
  // The item that is the value; 0 = none.
  [[nodiscard]] ItemId FindItem(RecordKind kind, std::string_view key) const;
  [[nodiscard]] bool HasAny(RecordKind kind) const { return counts_[Index(kind)] > 0; }

  // visit(key, value) for each record of a kind, in no order.
  template <typename Visit>
  void ForEach(RecordKind kind, const Visit& visit) const {
    for (const auto& [key, value] : records_) {
      if (key.front() == static_cast<char>(kind)) {
        visit(key.substr(1), value);
      }
    }
  }

 private:
  struct KeyHash {
    using is_avalanching = void;
    size_t operator()(std::string_view key) const { return XXH3_64bits(key.data(), key.size()); }
  };
  static size_t Index(RecordKind kind) { return static_cast<size_t>(kind); }
  void Put(std::string_view whole_key, std::string_view value);

  TextArena* const arena_;
  // By kind and key, in one text.
  boost::unordered_flat_map<std::string_view, std::string_view, KeyHash> records_;
  std::array<size_t, kRecordKindMax + 1> counts_{};
  // What Undo brings back. `kept_key` is where the table had the key from; "" = it was not there.
  struct Before {
    std::string_view key, kept_key, value;
  };
  std::vector<Before> before_;
};

}  // namespace tallystone
