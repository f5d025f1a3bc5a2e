#include "store/postgres/numeric.h"

#include <array>
#include <cstdint>

#include "base/coding.h"

namespace tallystone::postgres {
namespace {

constexpr int kBase = 10'000;
constexpr size_t kDigitsMax = 10;  // 2^127 has 39 decimal digits
constexpr uint16_t kNegative = 0x4000;
constexpr UInt128 kMagnitudeMax = UInt128{1} << 127;  // of a negative number

void PutBigEndian16(std::string* out, size_t value) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

uint16_t GetBigEndian16(std::string_view bytes, size_t index) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[2 * index]) << 8 |
                               static_cast<uint8_t>(bytes[2 * index + 1]));
}

}  // namespace

void EncodeNumeric(Int128 value, std::string* out) {
  const UInt128 bits = static_cast<UInt128>(value);
  UInt128 magnitude = value < 0 ? UInt128{0} - bits : bits;
  std::array<uint16_t, kDigitsMax> digits = {};  // lowest first
  size_t count = 0;
  for (; magnitude >> 64 != 0; magnitude /= kBase) {
    digits[count++] = static_cast<uint16_t>(magnitude % kBase);
  }
  for (auto rest = static_cast<uint64_t>(magnitude); rest != 0; rest /= kBase) {
    digits[count++] = static_cast<uint16_t>(rest % kBase);
  }
  size_t lowest = 0;
  while (lowest < count && digits[lowest] == 0) {
    ++lowest;
  }
  PutBigEndian16(out, count - lowest);
  PutBigEndian16(out, count == 0 ? 0 : count - 1);
  PutBigEndian16(out, value < 0 ? kNegative : 0);
  PutBigEndian16(out, 0);
  for (size_t index = count; index > lowest; --index) {
    PutBigEndian16(out, digits[index - 1]);
  }
}

bool DecodeNumeric(std::string_view bytes, Int128* value) {
  if (bytes.size() < 8 || bytes.size() != 8 + 2 * size_t{GetBigEndian16(bytes, 0)}) {
    return false;
  }
  const size_t count = GetBigEndian16(bytes, 0);
  const size_t weight = GetBigEndian16(bytes, 1);
  const uint16_t sign = GetBigEndian16(bytes, 2);
  if (sign != 0 && sign != kNegative) {
    return false;  // not a number, or infinite
  }
  if (count == 0) {
    *value = 0;
    return true;
  }
  if (weight >= kDigitsMax || count > weight + 1) {
    return false;  // too large, or with decimals
  }
  UInt128 magnitude = 0;
  for (size_t index = 0; index <= weight; ++index) {
    const uint16_t digit = index < count ? GetBigEndian16(bytes, 4 + index) : 0;
    if (digit >= kBase || magnitude > (kMagnitudeMax - digit) / kBase) {
      return false;
    }
    magnitude = magnitude * kBase + digit;
  }
  if (sign == 0 && magnitude == kMagnitudeMax) {
    return false;
  }
  *value = static_cast<Int128>(sign == kNegative ? UInt128{0} - magnitude : magnitude);
  return true;
}

}  // namespace tallystone::postgres
