#include "catalog/normal_form.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <utf8proc.h>

#include "base/text.h"
#include "catalog/tenant_catalogue.h"
#include "catalog/token_form.h"

namespace tallystone {
namespace {

// Unicode's White_Space.
constexpr bool IsBlank(int32_t rune) {
  return rune == ' ' || (rune >= 0x09 && rune <= 0x0D) || rune == 0x85 || rune == 0xA0 ||
         rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 || rune == 0x2029 ||
         rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

// ASCII is its own NFKC: only case and blanks change. Also the form of bytes that are not UTF-8,
// which validation keeps out (Outcome::kInvalidUtf8).
void FoldBytes(std::string_view text, std::string* out) {
  out->resize(text.size());
  char* const begin = out->data();
  char* next = begin;
  bool blank = false;
  for (const char byte : text) {
    if (IsBlank(static_cast<unsigned char>(byte) & 0x80 ? 'x' : byte)) {
      blank = next != begin;
      continue;
    }
    if (blank) {
      *next++ = ' ';
      blank = false;
    }
    *next++ = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
  }
  out->resize(static_cast<size_t>(next - begin));
}

// ASCII, and what NFKC makes of others.
bool IsDigitRune(int32_t rune) {
  return (rune >= '0' && rune <= '9') || (rune >= 0xFF10 && rune <= 0xFF19) ||
         (rune >= 0x1D7CE && rune <= 0x1D7FF);
}

// Of a superscript or subscript digit, a fraction or a digit in a circle, which NFKC makes digits:
// what must stand before it where a digit does, lest ten squared become 102 and one and a half
// 11/2. 0 = it is no such character.
int32_t SeparatorBefore(int32_t rune) {
  if (rune == 0xB2 || rune == 0xB3 || rune == 0xB9 || rune == 0x2070 ||
      (rune >= 0x2074 && rune <= 0x2079)) {
    return '^';
  }
  if (rune >= 0x2080 && rune <= 0x2089) {
    return '~';
  }
  const bool fraction =
      (rune >= 0xBC && rune <= 0xBE) || (rune >= 0x2150 && rune <= 0x215F) || rune == 0x2189;
  const bool enclosed = (rune >= 0x2460 && rune <= 0x24FF) || (rune >= 0x3251 && rune <= 0x32BF) ||
                        (rune >= 0x32C0 && rune <= 0x32CB) || (rune >= 0x3358 && rune <= 0x3370) ||
                        (rune >= 0x33E0 && rune <= 0x33FE) || (rune >= 0x1F100 && rune <= 0x1F10A);
  return fraction || enclosed ? ' ' : 0;
}

// Square and cubic metres and the like, in one character.
bool EndsInDigit(int32_t rune) {
  return rune >= 0x3371 && rune <= 0x33DF;
}

// What NFKC would lose or leave: see SeparatorBefore; signs of trademarks, quotes and the
// sign of multiplication in their many forms; and M before an ohm sign, which is not m.
void AppendPrepared(int32_t rune, int32_t next, std::vector<int32_t>* runes) {
  const int32_t before = runes->empty() ? ' ' : runes->back();
  const int32_t separator = SeparatorBefore(rune);
  if (separator != 0) {
    const int32_t last = SeparatorBefore(before);
    if (IsDigitRune(before) || (last != 0 && (last != separator || separator == ' ')) ||
        EndsInDigit(before)) {
      runes->push_back(separator);
    }
    runes->push_back(rune);
    if (IsDigitRune(next)) {
      runes->push_back(' ');
    }
    return;
  }
  if (EndsInDigit(before) && IsDigitRune(rune)) {
    runes->push_back(' ');
  }
  switch (rune) {
    case 0xA9:  // copyright, registered, service mark, trademark
    case 0xAE:
    case 0x2120:
    case 0x2122:
    case 0x2034:  // three and four primes, which would become one
    case 0x2057:
      runes->push_back(' ');
      return;
    case 0x2018:
    case 0x2019:
    case 0x201B:
    case 0x2032:
      runes->push_back('\'');
      return;
    case 0x201C:
    case 0x201D:
    case 0x201F:
    case 0x2033:
      runes->push_back('"');
      return;
    case 0x207B:  // superscript minus
      if (IsDigitRune(before)) {
        runes->push_back('^');
      }
      runes->push_back('-');
      return;
    case 0xD7:
    case 0x2715:
    case 0x2716:
    case 0x2A2F:
      runes->push_back('x');
      return;
    case 0x33C1:  // megohm in one character
      runes->insert(runes->end(), {'m', 'e', 'g', 0x3C9});
      return;
    case 'M':
    case 0xFF2D:
      runes->push_back('M');
      if (next == 0x3A9 || next == 0x2126 || next == 0x3C9) {
        runes->insert(runes->end(), {'e', 'g'});
      }
      return;
    default:
      runes->push_back(rune);
  }
}

// False: not UTF-8.
bool Prepare(std::string_view text, std::string* prepared) {
  std::vector<int32_t> read, runes;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    int32_t rune = 0;
    const utf8proc_ssize_t size =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &rune);
    if (size <= 0) {
      return false;
    }
    if (!utf8proc_get_property(rune)->ignorable) {  // soft hyphens, joiners, blanks of no width
      read.push_back(rune);
    }
    at += static_cast<size_t>(size);
  }
  for (size_t index = 0; index < read.size(); ++index) {
    const int32_t next = index + 1 < read.size() ? read[index + 1] : ' ';
    if (read[index] == 0x2032 && next == 0x2032) {  // two primes, for inches
      runes.push_back('"');
      ++index;
      continue;
    }
    AppendPrepared(read[index], next, &runes);
  }
  prepared->clear();
  for (const int32_t rune : runes) {
    utf8proc_uint8_t encoded[4];
    const utf8proc_ssize_t size = utf8proc_encode_char(rune, encoded);
    prepared->append(reinterpret_cast<const char*>(encoded), static_cast<size_t>(size));
  }
  return true;
}

// One pass of decomposition, case folding and composition. False: not UTF-8, or out of memory.
bool FoldRunes(std::string_view text, std::vector<int32_t>* runes) {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPAT |
                                                           UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  runes->resize(text.size() * 2 + 16);
  utf8proc_ssize_t count = utf8proc_decompose(
      bytes, size, runes->data(), static_cast<utf8proc_ssize_t>(runes->size()), kOptions);
  if (count > static_cast<utf8proc_ssize_t>(runes->size())) {
    runes->resize(static_cast<size_t>(count));
    count = utf8proc_decompose(bytes, size, runes->data(), count, kOptions);
  }
  if (count < 0) {
    return false;
  }
  count = utf8proc_normalize_utf32(runes->data(), count, kOptions);
  runes->resize(count < 0 ? 0 : static_cast<size_t>(count));
  return count >= 0;
}

// The runes as UTF-8, runs of blanks as one space, none at the ends.
void WriteRunes(const std::vector<int32_t>& runes, std::string* out) {
  out->clear();
  bool blank = false;
  for (const int32_t rune : runes) {
    if (IsBlank(rune)) {
      blank = !out->empty();
      continue;
    }
    if (blank) {
      out->push_back(' ');
      blank = false;
    }
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t size = utf8proc_encode_char(rune, bytes);
    out->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
}

// The folded text, runs of blanks as one space. Folding can make characters that decompose or
// compose further, so the form of a form would differ. A second pass settles every one of them.
void Fold(std::string_view text, std::string* out) {
  std::vector<int32_t> runes;
  if (IsAscii(text) || !FoldRunes(text, &runes)) {
    FoldBytes(text, out);
    return;
  }
  WriteRunes(runes, out);
  if (!IsAscii(*out) && FoldRunes(*out, &runes)) {
    WriteRunes(runes, out);
  }
}

// Dashes and the fraction slash as ASCII has them.
void PlainSigns(std::string* folded) {
  constexpr std::string_view kSigns[] = {"\xE2\x81\x84", "\xE2\x80\x90", "\xE2\x80\x91",
                                         "\xE2\x80\x92", "\xE2\x80\x93", "\xE2\x80\x94",
                                         "\xE2\x80\x95", "\xE2\x88\x92"};
  for (size_t at = folded->find('\xE2'); at != std::string::npos;
       at = folded->find('\xE2', at + 1)) {
    const auto* const sign = std::find(std::begin(kSigns), std::end(kSigns), folded->substr(at, 3));
    if (sign != std::end(kSigns)) {
      folded->replace(at, 3, sign == std::begin(kSigns) ? "/" : "-");
    }
  }
}

// MOhm is not mOhm, and case folding would make them so.
void KeepMegohm(std::string* text) {
  for (const std::string_view word : {"MOhm", "Mohm"}) {
    for (size_t at = text->find(word); at != std::string::npos; at = text->find(word, at)) {
      text->replace(at, 1, "meg");
    }
  }
}

// True: *out is surely the form of itself, for nothing but case was changed.
bool FormOnce(std::string_view text, std::string* out) {
  std::string prepared, folded;
  const bool ascii = IsAscii(text);
  if (!ascii && !Prepare(text, &prepared)) {
    prepared.assign(text);
  } else if (ascii && text.find("hm") != std::string_view::npos) {
    prepared.assign(text);
  }
  KeepMegohm(&prepared);
  Fold(prepared.empty() ? text : prepared, &folded);
  PlainSigns(&folded);
  WriteTokens(folded, out);
  return *out == folded && IsAscii(folded);
}

// *out is empty if `text` has no token.
void WriteForm(std::string_view text, std::string* out) {
  bool settled = FormOnce(text, out);
  // What is dropped can let others stand together. Two rounds settle almost everything.
  constexpr int kRoundsMax = 8;
  std::string again;
  for (int round = 0; round < kRoundsMax && !settled; ++round) {
    settled = FormOnce(*out, &again);
    if (again == *out) {
      break;
    }
    out->swap(again);
  }
}

}  // namespace

void NormaliseVersion1(std::string_view text, std::string* out) {
  Fold(text, out);
}

void NormaliseDescription(std::string_view text, std::string* out) {
  WriteForm(text, out);
  if (!out->empty()) {
    return;
  }
  // Nothing but punctuation: then that is the name. Unless folding made words of it, as of a
  // service mark.
  std::string folded;
  Fold(text, &folded);
  WriteForm(folded, out);
  if (out->empty()) {
    out->swap(folded);
  }
}

std::string NormaliseDescription(std::string_view text) {
  std::string form;
  NormaliseDescription(text, &form);
  return form;
}

}  // namespace tallystone
