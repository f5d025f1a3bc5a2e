#include "output/text.h"

#include <ctime>

#include <fmt/format.h>

namespace tallystone::tool {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr char32_t kInvalid = 0xFFFFFFFF;

// Reads one code point of at least one byte at `*at` and moves `*at` behind it; kInvalid: one bad
// byte.
char32_t NextCodePoint(std::string_view text, size_t* at) {
  const auto byte = [&](size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte((*at)++);
  if (lead < 0x80) {
    return lead;
  }
  const int more = lead >= 0xF0 && lead < 0xF5 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC2 ? 1 : 0;
  if (more == 0 || lead >= 0xF5 || text.size() - *at < static_cast<size_t>(more)) {
    return kInvalid;
  }
  char32_t code = lead & (0x3Fu >> more);
  for (int index = 0; index < more; ++index) {
    const unsigned char next = byte(*at + static_cast<size_t>(index));
    if ((next & 0xC0) != 0x80) {
      return kInvalid;
    }
    code = code << 6 | (next & 0x3Fu);
  }
  constexpr char32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    return kInvalid;
  }
  *at += static_cast<size_t>(more);
  return code;
}

bool IsControl(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

// Marks that reorder or hide text around them.
bool IsInvisibleControl(char32_t code) {
  return code == 0xAD || code == 0x61C || code == 0x180E || (code >= 0xFFF9 && code <= 0xFFFB) ||
         (code >= 0xE0000 && code <= 0xE007F) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

// Good enough to keep columns straight: combining marks 0, East Asian wide and emoji 2, the rest 1.
size_t CodePointWidth(char32_t code) {
  if ((code >= 0x300 && code < 0x370) || (code >= 0xFE00 && code < 0xFE10)) {
    return 0;
  }
  const bool wide = (code >= 0x1100 && code < 0x1160) || (code >= 0x2E80 && code < 0xA4D0) ||
                    (code >= 0xAC00 && code < 0xD7A4) || (code >= 0xF900 && code < 0xFB00) ||
                    (code >= 0xFE30 && code < 0xFE70) || (code >= 0xFF00 && code < 0xFF61) ||
                    (code >= 0x1F300 && code < 0x1FB00) || (code >= 0x20000 && code < 0x3FFFE);
  return wide ? 2 : 1;
}

}  // namespace

std::string PlainText(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t code = NextCodePoint(text, &at);
    if (code == '\n' || code == '\r' || code == '\t') {
      plain.push_back(' ');
    } else if (code == kInvalid || IsControl(code) || IsInvisibleControl(code)) {
      plain.append(kReplacement);
    } else {
      plain.append(text, start, at - start);
    }
  }
  return plain;
}

size_t DisplayWidth(std::string_view plain) {
  size_t width = 0;
  for (size_t at = 0; at < plain.size();) {
    width += CodePointWidth(NextCodePoint(plain, &at));
  }
  return width;
}

std::string CutToWidth(std::string_view plain, size_t width) {
  if (DisplayWidth(plain) <= width) {
    return std::string(plain);
  }
  if (width == 0) {
    return {};
  }
  size_t kept = 0;
  size_t used = 0;
  for (size_t at = 0; at < plain.size(); kept = at) {
    used += CodePointWidth(NextCodePoint(plain, &at));
    if (used > width - 1) {
      break;
    }
  }
  return std::string(plain.substr(0, kept)) + "…";
}

std::string Thousands(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t index = 0; index < digits.size(); ++index) {
    if (index > 0 && (digits.size() - index) % 3 == 0) {
      text.push_back(',');
    }
    text.push_back(digits[index]);
  }
  return text;
}

std::string Counted(uint64_t number, std::string_view one, std::string_view many) {
  std::string text = Thousands(number) + " ";
  if (number == 1) {
    return text.append(one);
  }
  return many.empty() ? text.append(one).append("s") : text.append(many);
}

std::string Duration(double seconds) {
  if (seconds < 1) {
    return fmt::format("{:.0f} ms", seconds * 1000);
  }
  if (seconds < 60) {
    return fmt::format("{:.2f} s", seconds);
  }
  const auto whole = static_cast<uint64_t>(seconds);
  if (whole < 3600) {
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  }
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string Bytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) {
    return fmt::format("{} B", bytes);
  }
  double amount = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (amount >= 1000 && unit + 1 < std::size(kUnits)) {
    amount /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string UtcTime(uint64_t micros) {
  if (micros == 0) {
    return {};
  }
  const auto seconds = static_cast<time_t>(micros / 1'000'000);
  struct tm parts = {};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string_view Strip(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  constexpr std::string_view kNoBreakSpace = "\xC2\xA0";
  for (;;) {
    if (text.starts_with(kNoBreakSpace)) {
      text.remove_prefix(kNoBreakSpace.size());
    } else if (!text.empty() && kBlanks.find(text.front()) != std::string_view::npos) {
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  for (;;) {
    if (text.ends_with(kNoBreakSpace)) {
      text.remove_suffix(kNoBreakSpace.size());
    } else if (!text.empty() && kBlanks.find(text.back()) != std::string_view::npos) {
      text.remove_suffix(1);
    } else {
      return text;
    }
  }
}

std::string ShellWord(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,+@%=";
  if (!text.empty() && text.front() != '=' &&
      text.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(text);
  }
  std::string word = "'";
  for (const char letter : text) {
    if (letter == '\'') {
      word += "'\\''";
    } else {
      word += letter;
    }
  }
  return word + "'";
}

std::string ScoreText(uint32_t score) {
  constexpr uint32_t kAlike = 1000;
  if (score >= kAlike) {
    return "1";
  }
  const std::string digits = std::to_string(kAlike + score);
  return "0." + digits.substr(1);
}

}  // namespace tallystone::tool
