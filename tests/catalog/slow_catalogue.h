// The rules of the mapper, slow and obvious: what TenantCatalogue is compared with.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/arrangement.h"
#include "catalog/tenant_catalogue.h"
#include "tallystone/limits.h"

namespace tallystone::test {

class SlowCatalogue {
 public:
  Decision Map(const CheckedLine& line, UnknownItemPolicy policy, uint64_t room) {
    const std::string form = NormaliseDescription(line.description);
    std::set<ItemId> matches;
    DecidedBy rule = DecidedBy::kCode;
    if (!line.code.empty()) {
      matches = ItemsWith([&](const StoredItem& item) { return item.code == line.code; });
    } else {
      rule = DecidedBy::kGtin;
      if (!line.gtin.empty()) {
        matches = ItemsWith([&](const StoredItem& item) { return item.gtin == line.gtin; });
      }
      if (matches.empty() && !form.empty()) {
        rule = DecidedBy::kAlias;
        for (ItemId item = 1; item <= items.size(); ++item) {
          if (aliases[item].contains(form)) {
            matches.insert(item);
          }
        }
      }
    }
    if (matches.empty() && line.code.empty() && !form.empty()) {
      rule = DecidedBy::kSorted;
      for (ItemId item = 1; item <= items.size(); ++item) {
        for (const std::string& alias : aliases[item]) {
          if (SameArrangement(alias, form)) {
            matches.insert(item);
          }
        }
      }
      if (matches.size() > 1) {
        matches.clear();
      }
    }
    if (matches.size() > 1) {
      return {Outcome::kAmbiguousItem};
    }
    if (matches.size() == 1) {
      return {Outcome::kAccepted, rule, *matches.begin(),
              Learn(*matches.begin(), line.description, form)};
    }
    const bool identifiable = !line.code.empty() || !line.gtin.empty() || !form.empty();
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
