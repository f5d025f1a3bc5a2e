// The rules of the mapper, slow and obvious: what TenantCatalogue is compared with.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/arrangement.h"
#include "catalog/gtin.h"
#include "catalog/tenant_catalogue.h"
#include "tallystone/limits.h"

namespace tallystone::test {

class SlowCatalogue {
 public:
  Decision Map(const CheckedLine& line, UnknownItemPolicy policy, uint64_t room) {
    const std::string form = NormaliseDescription(line.description);
    const uint64_t gtin = ParseGtin(line.gtin);
    const auto another_gtin = [&](ItemId item) {
      const uint64_t of_item = ParseGtin(items[item - 1].gtin);
      return gtin != 0 && of_item != 0 && of_item != gtin;
    };
    const auto found = [&](ItemId item, DecidedBy rule) {
      return Decision{Outcome::kAccepted, rule, item, Learn(item, line.description, form)};
    };
    std::set<ItemId> matches;
    if (!line.code.empty()) {
      matches = ItemsWith([&](const StoredItem& item) { return item.code == line.code; });
      if (!matches.empty()) {
        return found(*matches.begin(), DecidedBy::kCode);
      }
    } else {
      if (gtin != 0) {
        matches = ItemsWith([&](const StoredItem& item) { return ParseGtin(item.gtin) == gtin; });
      }
      if (matches.size() > 1) {
        return {Outcome::kAmbiguousItem};
      }
      if (matches.size() == 1) {
        return found(*matches.begin(), DecidedBy::kGtin);
      }
      const auto one = said.find(form);
      if (one != said.end() && !another_gtin(one->second)) {
        return {Outcome::kAccepted, DecidedBy::kAlias, one->second, DescriptionKind::kOwn};
      }
      const auto with_name = [&](const auto& same) {
        std::set<ItemId> named;
        for (ItemId item = 1; !form.empty() && item <= items.size(); ++item) {
          if (std::any_of(aliases[item].begin(), aliases[item].end(), same)) {
            named.insert(item);
          }
        }
        return named;
      };
      matches = with_name([&](const std::string& alias) { return alias == form; });
      if (matches.size() > 1 && gtin == 0) {
        return {Outcome::kAmbiguousItem};
      }
      if (matches.size() == 1 && !another_gtin(*matches.begin())) {
        return found(*matches.begin(), DecidedBy::kAlias);
      }
      if (matches.empty()) {
        matches = with_name([&](const std::string& alias) { return SameArrangement(alias, form); });
        if (matches.size() == 1 && !another_gtin(*matches.begin())) {
          return found(*matches.begin(), DecidedBy::kSorted);
        }
      }
    }
    const bool identifiable = !line.code.empty() || gtin != 0 || !form.empty();
    if (policy == UnknownItemPolicy::kReject || !identifiable) {
      return {Outcome::kUnknownItem};
    }
    if (room == 0) {
      return {Outcome::kCatalogueFull};
    }
    items.push_back({std::string(line.code), std::string(line.gtin), "", std::string(line.unit)});
    const auto item = static_cast<ItemId>(items.size());
    return {Outcome::kAccepted, DecidedBy::kCreated, item, Learn(item, line.description, form)};
  }

  std::vector<StoredItem> items;
  std::map<ItemId, std::set<std::string>> aliases;
  std::map<std::string, ItemId> said;  // normal form: what a person said it is

 private:
  template <typename Test>
  std::set<ItemId> ItemsWith(const Test& test) const {
    std::set<ItemId> found;
    for (ItemId item = 1; item <= items.size(); ++item) {
      if (test(items[item - 1])) {
        found.insert(item);
      }
    }
    return found;
  }

  DescriptionKind Learn(ItemId number, std::string_view text, const std::string& form) {
    if (text.empty()) {
      return DescriptionKind::kNone;
    }
    if (!form.empty()) {
      if (items[number - 1].description.empty()) {
        items[number - 1].description = text;
      }
      if (aliases[number].size() < limits::kAliasesPerItemMax) {
        aliases[number].insert(form);
      }
    }
    return text == items[number - 1].description ? DescriptionKind::kOfItem : DescriptionKind::kOwn;
  }
};

}  // namespace tallystone::test
