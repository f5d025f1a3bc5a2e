#include <algorithm>
#include <iterator>

#include "tallystone/options.h"

namespace tallystone {
namespace {
constexpr std::string_view kMappingModes[] = {"tenant", "exact", "suggest", "auto"};
}  // namespace

std::string_view MappingModeName(MappingMode mode) {
  const auto index = static_cast<size_t>(mode);
  return index < std::size(kMappingModes) ? kMappingModes[index] : "";
}

bool ParseMappingMode(std::string_view name, MappingMode* mode) {
  const auto* const found = std::find(std::begin(kMappingModes), std::end(kMappingModes), name);
  if (found == std::end(kMappingModes)) {
    return false;
  }
  *mode = static_cast<MappingMode>(found - std::begin(kMappingModes));
  return true;
}

}  // namespace tallystone
