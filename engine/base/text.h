// UTF-8 texts as they come in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "tallystone/decimal.h"

namespace tallystone {

// RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. NUL is valid.
bool IsValidUtf8Slow(std::string_view text);

inline bool IsAscii(std::string_view text) {
  const char* bytes = text.data();
  const char* const end = bytes + text.size();
  uint64_t high = 0;
  const auto take_word = [&high](const char* at) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    high |= word;
  };
  if (text.size() < 8) {
    for (; bytes != end; ++bytes) {
      high |= static_cast<uint8_t>(*bytes);
    }
    return (high & 0x80) == 0;
  }
  for (; end - bytes >= 8; bytes += 8) {
    take_word(bytes);
  }
  take_word(end - 8);  // what is left, and some of it again
  return (high & 0x8080808080808080u) == 0;
}

inline bool IsValidUtf8(std::string_view text) {
  return IsAscii(text) || IsValidUtf8Slow(text);
}

// `text` without the blanks around it: space, tab, CR, LF and U+00A0 (no-break space, which
// spreadsheets leave behind). The result points into `text`. Works on bytes that are not UTF-8 too.
inline std::string_view StripBlanks(std::string_view text) {
  // Letters, digits and punctuation of ASCII at both ends: the usual case.
  const auto is_plain = [](char byte) { return byte > ' ' && byte <= '~'; };
  if (text.empty() || (is_plain(text.front()) && is_plain(text.back()))) [[likely]] {
    return text;
  }
  const auto is_blank = [](char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
  };
  constexpr char kNoBreakSpace[] = {'\xC2', '\xA0'};
  const auto is_no_break_space = [&](const char* bytes) {
    return bytes[0] == kNoBreakSpace[0] && bytes[1] == kNoBreakSpace[1];
  };
  const char* begin = text.data();
  const char* end = begin + text.size();
  while (begin != end) {
    if (is_blank(*begin)) {
      ++begin;
    } else if (end - begin >= 2 && is_no_break_space(begin)) {
      begin += 2;
    } else {
      break;
    }
  }
  while (begin != end) {
    if (is_blank(end[-1])) {
      --end;
    } else if (end - begin >= 2 && is_no_break_space(end - 2)) {
      end -= 2;
    } else {
      break;
    }
  }
  return {begin, static_cast<size_t>(end - begin)};
}

// Two lower-case digits a byte.
std::string HexText(std::string_view bytes);
// 32 digits.
std::string HexText(UInt128 number);
// The inverse of the first: false, and *bytes unspecified, if it is no such text.
bool BytesFromHex(std::string_view text, std::string* bytes);

}  // namespace tallystone
