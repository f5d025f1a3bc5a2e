// What export writes and import --database reads: docs/export_format.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "process/exit_code.h"
#include "tallystone/transfer.h"

namespace tallystone::tool {

inline constexpr std::string_view kExportFormat = "tallystone-export";
inline constexpr int kExportVersion = 1;

// 16 hex digits: XXH3-64, seeded with the LSN, of the payload and the rejections.
std::string BlockChecksum(const TransferBlock& block);

// tallystone import --database FILE --db NEW.
ExitCode ImportDatabase(const std::string& file, const std::string& database,
                        const std::vector<std::string>& servers, bool json);

}  // namespace tallystone::tool
