// ReplaceFile: a file that readers always find whole.
#pragma once

#include <string>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone::tool {

// Writes `text` beside `path` and gives it that name in one step: who reads `path` meanwhile gets
// the old text or the new one. Not synced: after a power loss it may be either, or empty. Mode as
// the umask has it. A symbolic link at `path` is replaced, not followed. On error `path` is as it
// was.
Status ReplaceFile(const std::string& path, std::string_view text);

}  // namespace tallystone::tool
