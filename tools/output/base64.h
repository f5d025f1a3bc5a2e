// Base64 (RFC 4648, with padding): bytes in JSON.
#pragma once

#include <string>
#include <string_view>

namespace tallystone::tool {

void AppendBase64(std::string_view bytes, std::string* out);
// False: `text` is not the base64 of any bytes; *out is then unspecified.
bool DecodeBase64(std::string_view text, std::string* out);

}  // namespace tallystone::tool
