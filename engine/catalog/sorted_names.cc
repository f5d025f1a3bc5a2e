#include "catalog/sorted_names.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"
#include "catalog/arrangement.h"

namespace tallystone {
namespace {

// Of the tokens, whatever their order.
uint32_t HashTokens(std::string_view form) {
  std::vector<std::string_view> tokens;
  SplitTokens(form, &tokens);
  uint64_t sum = tokens.size();
  for (const std::string_view token : tokens) {
    sum += XXH3_64bits(token.data(), token.size());
  }
  return static_cast<uint32_t>(sum ^ sum >> 32);
}

}  // namespace

void SortedNames::Add(ItemId item, std::string_view form) {
  names_.push_back({form.data(), static_cast<uint32_t>(form.size()), item});
  index_.Insert(HashTokens(form), static_cast<uint32_t>(names_.size()));
}

void SortedNames::Remove(ItemId item, std::string_view form) {
  const uint32_t hash = HashTokens(form);
  const uint32_t number = index_.Find(hash, [&](uint32_t candidate) {
    const Name& name = names_[candidate - 1];
    return name.item == item && name.form() == form;
  });
  TS_CHECK(number != 0);
  index_.Erase(hash, number);
  const auto last = static_cast<uint32_t>(names_.size());
  if (number != last) {  // the last one takes its place
    const uint32_t hash_of_last = HashTokens(names_.back().form());
    index_.Erase(hash_of_last, last);
    names_[number - 1] = names_.back();
    index_.Insert(hash_of_last, number);
  }
  names_.pop_back();
}

std::vector<ItemId> SortedNames::FindAll(std::string_view form) const {
  std::vector<ItemId> found;
  (void)index_.Find(HashTokens(form), [&](uint32_t number) {
    const Name& name = names_[number - 1];
    if (SameArrangement(name.form(), form)) {
      found.push_back(name.item);
    }
    return false;
  });
  return found;
}

ItemId SortedNames::Find(std::string_view form) const {
  const std::vector<ItemId> all = FindAll(form);
  const bool one = !all.empty() && std::all_of(all.begin(), all.end(),
                                               [&](ItemId item) { return item == all.front(); });
  return one ? all.front() : 0;
}

}  // namespace tallystone
