// Setting: something that is in effect, and where it comes from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tallystone {

enum class SettingOrigin : uint8_t {
  kDefault = 0,   // an option that nobody changed
  kCaller = 1,    // an option that this program set
  kDatabase = 2,  // stands in the files of the database
  kTenant = 3,    // a tenant's own (Engine::SetMapping)
  kBuild = 4,     // fixed in this build
};
// "default", "caller", "database", "tenant", "build".
std::string_view SettingOriginName(SettingOrigin origin);

struct Setting {
  std::string name;  // "options.window_lines_max"
  std::string value;
  SettingOrigin origin = SettingOrigin::kBuild;
};

}  // namespace tallystone
