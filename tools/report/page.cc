#include "report/page.h"

#include <cstdint>

#include "page/page_text.h"

namespace tallystone::tool {
namespace {

constexpr uint32_t HexDigit(char digit) {
  return static_cast<uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

// The base64 of the bytes that `hex` writes: a policy wants hashes so, CMake gives them in hex.
std::string Base64OfHex(std::string_view hex) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  uint32_t bits = 0;
  int bits_kept = 0;
  for (const char digit : hex) {
    bits = bits << 4 | HexDigit(digit);
    bits_kept += 4;
    if (bits_kept >= 6) {
      bits_kept -= 6;
      text.push_back(kDigits[bits >> bits_kept & 63]);
      bits &= (1u << bits_kept) - 1;
    }
  }
  if (bits_kept > 0) {
    text.push_back(kDigits[bits << (6 - bits_kept) & 63]);
  }
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

}  // namespace

std::string PagePolicy(bool served) {
  std::string policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'";
  policy += "; style-src 'sha256-" + Base64OfHex(kPageStyleSha256) + "'";
  policy += "; script-src 'sha256-" + Base64OfHex(kPageScriptSha256) + "'";
  policy += served ? "; connect-src 'self'" : "";
  return policy;
}

std::string JsonForHtml(std::string_view json) {
  std::string text;
  text.reserve(json.size() + json.size() / 16);
  for (size_t index = 0; index < json.size(); ++index) {
    const std::string_view rest = json.substr(index, 3);
    if (rest[0] == '<') {
      text += "\\u003c";
    } else if (rest[0] == '>') {
      text += "\\u003e";
    } else if (rest[0] == '&') {
      text += "\\u0026";
    } else if (rest == "\xE2\x80\xA8" || rest == "\xE2\x80\xA9") {
      text += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
      index += 2;
    } else {
      text += rest[0];
    }
  }
  return text;
}

std::string MakePage(std::string_view json) {
  const bool served = json == "null";
  std::string page;
  std::string_view rest = kPageMarkup;
  while (!rest.empty()) {
    const size_t open = rest.find("{{");
    page += rest.substr(0, open);
    if (open == std::string_view::npos) {
      break;
    }
    const size_t close = rest.find("}}", open);
    const std::string_view name = rest.substr(open + 2, close - open - 2);
    if (name == "policy") {
      page += PagePolicy(served);
    } else if (name == "style") {
      page += kPageStyle;
    } else if (name == "script") {
      page += kPageScript;
    } else if (name == "data") {
      page += JsonForHtml(json);
    }
    rest.remove_prefix(close + 2);
  }
  return page;
}

}  // namespace tallystone::tool
