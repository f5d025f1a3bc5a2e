// SortedNames: the names of a catalogue by the multiset of their tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash_index.h"
#include "model/ids.h"

namespace tallystone {

// About 30 bytes a name. Not thread-safe.
class SortedNames {
 public:
  // `form` must live as long as it is here.
  void Add(ItemId item, std::string_view form);
  // What was added with this item and this very text.
  void Remove(ItemId item, std::string_view form);

  // The one item with a name of the same arrangement (arrangement.h); 0 = there is none, or
  // several.
  [[nodiscard]] ItemId Find(std::string_view form) const;
  // All items that have one, in no order, each as often as it has such names.
  [[nodiscard]] std::vector<ItemId> FindAll(std::string_view form) const;

 private:
  struct Name {
    const char* text = nullptr;
    uint32_t bytes = 0;
    ItemId item = 0;
    [[nodiscard]] std::string_view form() const { return {text, bytes}; }
  };

  std::vector<Name> names_;
  HashIndex index_;  // number n is the n-th of names_
};

}  // namespace tallystone
