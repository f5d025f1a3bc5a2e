#include "catalog/normal_form.h"

#include <vector>

#include <utf8proc.h>

#include "base/text.h"
#include "catalog/tenant_catalogue.h"

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
void NormaliseBytes(std::string_view text, std::string* out) {
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

}  // namespace

void NormaliseDescription(std::string_view text, std::string* out) {
  if (IsAscii(text)) {
    NormaliseBytes(text, out);
    return;
  }
  // Folding can make characters that decompose or compose further, so the form of a form would
  // differ. A second pass settles every one of them.
  std::vector<int32_t> runes;
  if (!FoldRunes(text, &runes)) {
    NormaliseBytes(text, out);
    return;
  }
  WriteRunes(runes, out);
  if (!IsAscii(*out) && FoldRunes(*out, &runes)) {
    WriteRunes(runes, out);
  }
}

std::string NormaliseDescription(std::string_view text) {
  std::string form;
  NormaliseDescription(text, &form);
  return form;
}

}  // namespace tallystone
