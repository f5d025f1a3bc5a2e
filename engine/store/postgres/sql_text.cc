#include "store/postgres/sql_text.h"

#include <algorithm>

#include "base/text.h"

namespace tallystone::postgres {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr size_t kUtf8BytesMax = 4;

// Bytes of the character at the front, 0 = none that SQL can hold.
size_t CharacterBytes(std::string_view text) {
  for (size_t size = 1; size <= std::min(kUtf8BytesMax, text.size()); ++size) {
    if (IsValidUtf8(text.substr(0, size))) {
      return text.front() == '\0' ? 0 : size;
    }
  }
  return 0;
}

}  // namespace

bool IsSqlText(std::string_view text) {
  return text.find('\0') == std::string_view::npos && IsValidUtf8(text);
}

std::string_view ToSqlText(std::string_view text, std::string* scratch) {
  if (IsSqlText(text)) [[likely]] {
    return text;
  }
  scratch->clear();
  while (!text.empty()) {
    const size_t size = CharacterBytes(text);
    scratch->append(size == 0 ? kReplacement : text.substr(0, size));
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return *scratch;
}

}  // namespace tallystone::postgres
