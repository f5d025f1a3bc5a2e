#include "base/text.h"

#include <charconv>

namespace tallystone {
namespace {

// Length of the valid sequence that begins at `bytes`, 0 if there is none. `left` is at least 1.
size_t SequenceBytes(const unsigned char* bytes, size_t left) {
  const auto follows = [&](size_t index) { return index < left && (bytes[index] & 0xC0) == 0x80; };
  const unsigned char lead = bytes[0];
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2) {  // a continuation byte, or an overlong form
    return 0;
  }
  if (lead < 0xE0) {
    return follows(1) ? 2 : 0;
  }
  if (lead < 0xF0) {
    if (!follows(1) || !follows(2) || (lead == 0xE0 && bytes[1] < 0xA0) ||
        (lead == 0xED && bytes[1] >= 0xA0)) {
      return 0;
    }
    return 3;
  }
  if (lead < 0xF5) {
    if (!follows(1) || !follows(2) || !follows(3) || (lead == 0xF0 && bytes[1] < 0x90) ||
        (lead == 0xF4 && bytes[1] >= 0x90)) {
      return 0;
    }
    return 4;
  }
  return 0;
}

}  // namespace

bool IsValidUtf8Slow(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t left = text.size();
  while (left > 0) {
    const size_t size = SequenceBytes(bytes, left);
    if (size == 0) {
      return false;
    }
    bytes += size;
    left -= size;
  }
  return true;
}

std::string HexText(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
    text.push_back(kDigits[static_cast<uint8_t>(byte) & 15]);
  }
  return text;
}

std::string HexText(UInt128 number) {
  std::string bytes;
  for (int shift = 120; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<uint8_t>(number >> shift));
  }
  return HexText(bytes);
}

bool BytesFromHex(std::string_view text, std::string* bytes) {
  bytes->clear();
  if (text.size() % 2 != 0) {
    return false;
  }
  for (size_t index = 0; index < text.size(); index += 2) {
    unsigned byte = 0;
    const char* const begin = text.data() + index;
    const auto [end, error] = std::from_chars(begin, begin + 2, byte, 16);
    if (error != std::errc() || end != begin + 2) {
      return false;
    }
    bytes->push_back(static_cast<char>(byte));
  }
  return true;
}

}  // namespace tallystone
