// What the booked lines that pass a filter belong to.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_set>

#include "commands/list.h"

namespace tallystone::tool {

// By tenant.
struct Touched {
  std::map<std::string, std::unordered_set<uint32_t>> items;
  std::map<std::string, std::set<std::string>> batches;

  [[nodiscard]] bool HasItem(const std::string& tenant, uint32_t item) const {
    const auto found = items.find(tenant);
    return found != items.end() && found->second.contains(item);
  }
  [[nodiscard]] bool HasBatch(const std::string& tenant, const std::string& batch) const {
    const auto found = batches.find(tenant);
    return found != batches.end() && found->second.contains(batch);
  }
};

// The items of the lines in options.filter.batch and options.range, if one of the two is given;
// *given says so. Takes the batch out of the filter.
Status CollectItems(Inspector* inspector, ListOptions* options, Touched* touched, bool* given);

// The batches with a line of the item that options.filter names, if it names one; *given says so.
// Takes the item out of the filter.
Status CollectBatches(Inspector* inspector, ListOptions* options, Touched* touched, bool* given);

}  // namespace tallystone::tool
