// Texts that SQL can hold: valid UTF-8 without NUL.
#pragma once

#include <string>
#include <string_view>

namespace tallystone::postgres {

bool IsSqlText(std::string_view text);

// `text` if SQL can hold it; otherwise a copy in *scratch with U+FFFD for each byte that cannot be.
std::string_view ToSqlText(std::string_view text, std::string* scratch);

}  // namespace tallystone::postgres
