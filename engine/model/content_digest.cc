#include "model/content_digest.h"

#include <xxhash.h>

#include <cstring>

#include "base/coding.h"

namespace tallystone {
namespace {

char* WriteText(char* out, std::string_view text) {
  out = EncodeVarint64(out, text.size());
  if (!text.empty()) {
    std::memcpy(out, text.data(), text.size());
  }
  return out + text.size();
}

char* WriteNumber(char* out, bool read, int64_t units, std::string_view text) {
  *out++ = read ? 1 : 0;
  if (!read) {
    return WriteText(out, text);
  }
  EncodeFixed(out, units);
  return out + sizeof(units);
}

}  // namespace

ContentDigest DigestLine(uint64_t number, const CheckedLine& line, std::string* scratch) {
  if (line.cut_digest != 0) {
    return {line.cut_digest};
  }
  const std::string_view texts[] = {line.code, line.description, line.vendor, line.gtin,
                                    line.unit, line.document,    line.time,   line.line_id};
  // Those, two numbers as text, the raw line, and the vendor's code.
  constexpr size_t kTexts = 12;
  size_t bytes_max = kTexts * (kVarint64BytesMax + 1) + 2 * sizeof(int64_t) +
                     line.quantity_text.size() + line.unit_cost_text.size() + line.raw.size() +
                     line.vendor_code.size();
  for (const std::string_view text : texts) {
    bytes_max += text.size();
  }
  if (scratch->size() < bytes_max) {
    scratch->resize(bytes_max);
  }
  char* const begin = scratch->data();
  char* out = begin;
  for (const std::string_view text : texts) {
    out = WriteText(out, text);
  }
  out = WriteNumber(out, line.quantity_read, line.quantity, line.quantity_text);
  out = WriteNumber(out, line.unit_cost_read, line.unit_cost, line.unit_cost_text);
  out = WriteText(out, line.raw);
  if (!line.vendor_code.empty()) {  // a line without one has the digest that it always had
    out = WriteText(out, line.vendor_code);
  }
  const XXH128_hash_t hash = XXH3_128bits_withSeed(begin, static_cast<size_t>(out - begin), number);
  return {UInt128{hash.high64} << 64 | hash.low64};
}

}  // namespace tallystone
