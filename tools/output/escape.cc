#include "output/escape.h"

#include <simdjson.h>

namespace tallystone::tool {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void AppendEscape(unsigned code, std::string* out) {
  out->append("\\u00");
  out->push_back(kHexDigits[code >> 4 & 15]);
  out->push_back(kHexDigits[code & 15]);
}

// Bytes of the valid UTF-8 sequence that begins at `at`, 0 if there is none.
size_t SequenceLength(std::string_view text, size_t at) {
  for (size_t length = 1; length <= 4 && at + length <= text.size(); ++length) {
    if (simdjson::validate_utf8(text.data() + at, length)) {
      return length;
    }
  }
  return 0;
}

void AppendValidJson(std::string_view text, std::string* out) {
  for (size_t index = 0; index < text.size(); ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    if (byte == '"' || byte == '\\') {
      out->push_back('\\');
      out->push_back(text[index]);
    } else if (byte == '\n') {
      out->append("\\n");
    } else if (byte == '\r') {
      out->append("\\r");
    } else if (byte == '\t') {
      out->append("\\t");
    } else if (byte < 0x20 || byte == 0x7F) {
      AppendEscape(byte, out);
    } else if (byte == 0xC2 && static_cast<unsigned char>(text[index + 1]) < 0xA0) {
      AppendEscape(static_cast<unsigned char>(text[++index]), out);  // U+0080..U+009F
    } else {
      out->push_back(text[index]);
    }
  }
}

}  // namespace

void AppendCsvField(std::string_view text, std::string* out) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out->append(text);
    return;
  }
  out->push_back('"');
  for (const char byte : text) {
    if (byte == '"') {
      out->push_back('"');
    }
    out->push_back(byte);
  }
  out->push_back('"');
}

void AppendSpreadsheetField(std::string_view text, std::string* out) {
  constexpr std::string_view kFormulaStarts = "=+-@\t\r";
  if (text.empty() || kFormulaStarts.find(text.front()) == std::string_view::npos) {
    AppendCsvField(text, out);
  } else {
    std::string harmless(1, '\'');
    harmless += text;
    AppendCsvField(harmless, out);
  }
}

bool IsUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  if (simdjson::validate_utf8(text.data(), text.size())) {
    AppendValidJson(text, out);
  } else {
    for (size_t at = 0; at < text.size();) {
      const size_t length = SequenceLength(text, at);
      if (length == 0) {
        out->append("\xEF\xBF\xBD");
        ++at;
      } else {
        AppendValidJson(text.substr(at, length), out);
        at += length;
      }
    }
  }
  out->push_back('"');
}

}  // namespace tallystone::tool
