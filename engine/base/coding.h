// Bytes of numbers and texts: what the log, the chunks and the store's keys are made of.
//
//   fixed      little-endian, 2, 4, 8 or 16 bytes
//   big-endian 4 or 8 bytes, for keys: byte order is number order
//   varint     LEB128: 7 bits a byte, lowest first, top bit set on all but the last byte
//   zigzag     signed to unsigned, small for small magnitudes: 0, -1, 1, -2 become 0, 1, 2, 3
//   text       varint length + bytes
//
// Put* appends to *out. Encode* writes at `out`, which must have room, and returns the byte after.
// Get* takes from the front of *input; false if the bytes are not there or do not fit X, and then
// *input and the result are unspecified. Nothing reads outside *input. Decode* trusts its caller.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "tallystone/decimal.h"

namespace tallystone {

inline constexpr size_t kVarint32BytesMax = 5;
inline constexpr size_t kVarint64BytesMax = 10;
inline constexpr size_t kVarint128BytesMax = 19;

// Integers are copied as they lie in memory.
static_assert(std::endian::native == std::endian::little,
              "Tallystone needs a little-endian machine");

// --- fixed ---

template <typename Integer>
inline void EncodeFixed(char* out, Integer value) {
  std::memcpy(out, &value, sizeof(value));
}
template <typename Integer>
inline Integer DecodeFixed(const char* bytes) {
  Integer value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}
template <typename Integer>
inline void PutFixed(std::string* out, Integer value) {
  char bytes[sizeof(Integer)];
  EncodeFixed(bytes, value);
  out->append(bytes, sizeof(bytes));
}
template <typename Integer>
inline bool GetFixed(std::string_view* input, Integer* value) {
  if (input->size() < sizeof(Integer)) {
    return false;
  }
  *value = DecodeFixed<Integer>(input->data());
  input->remove_prefix(sizeof(Integer));
  return true;
}

inline void PutFixed16(std::string* out, uint16_t value) {
  PutFixed(out, value);
}
inline void PutFixed32(std::string* out, uint32_t value) {
  PutFixed(out, value);
}
inline void PutFixed64(std::string* out, uint64_t value) {
  PutFixed(out, value);
}
inline void PutFixed128(std::string* out, UInt128 value) {
  PutFixed(out, value);
}
inline bool GetFixed16(std::string_view* input, uint16_t* value) {
  return GetFixed(input, value);
}
inline bool GetFixed32(std::string_view* input, uint32_t* value) {
  return GetFixed(input, value);
}
inline bool GetFixed64(std::string_view* input, uint64_t* value) {
  return GetFixed(input, value);
}
inline bool GetFixed128(std::string_view* input, UInt128* value) {
  return GetFixed(input, value);
}

// --- big-endian ---

inline void EncodeBigEndian32(char* out, uint32_t value) {
  EncodeFixed(out, __builtin_bswap32(value));
}
inline void EncodeBigEndian64(char* out, uint64_t value) {
  EncodeFixed(out, __builtin_bswap64(value));
}
inline uint32_t DecodeBigEndian32(const char* bytes) {
  return __builtin_bswap32(DecodeFixed<uint32_t>(bytes));
}
inline uint64_t DecodeBigEndian64(const char* bytes) {
  return __builtin_bswap64(DecodeFixed<uint64_t>(bytes));
}
inline void PutBigEndian32(std::string* out, uint32_t value) {
  PutFixed(out, __builtin_bswap32(value));
}
inline void PutBigEndian64(std::string* out, uint64_t value) {
  PutFixed(out, __builtin_bswap64(value));
}
inline bool GetBigEndian32(std::string_view* input, uint32_t* value) {
  if (!GetFixed(input, value)) {
    return false;
  }
  *value = __builtin_bswap32(*value);
  return true;
}
inline bool GetBigEndian64(std::string_view* input, uint64_t* value) {
  if (!GetFixed(input, value)) {
    return false;
  }
  *value = __builtin_bswap64(*value);
  return true;
}

// --- zigzag ---

constexpr uint64_t ZigZag64(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag64(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (uint64_t{0} - (value & 1)));
}
constexpr UInt128 ZigZag128(Int128 value) {
  return (static_cast<UInt128>(value) << 1) ^ static_cast<UInt128>(value >> 127);
}
constexpr Int128 UnZigZag128(UInt128 value) {
  return static_cast<Int128>((value >> 1) ^ (UInt128{0} - (value & 1)));
}

// --- varint ---

template <typename Unsigned>
inline char* EncodeVarint(char* out, Unsigned value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(static_cast<uint8_t>(value) | 0x80);
    value = static_cast<Unsigned>(value >> 7);
  }
  *out++ = static_cast<char>(value);
  return out;
}
inline char* EncodeVarint32(char* out, uint32_t value) {
  return EncodeVarint(out, value);
}
inline char* EncodeVarint64(char* out, uint64_t value) {
  return EncodeVarint(out, value);
}
inline char* EncodeVarint128(char* out, UInt128 value) {
  return value >> 64 == 0 ? EncodeVarint(out, static_cast<uint64_t>(value))
                          : EncodeVarint(out, value);
}

template <size_t kBytesMax, typename Unsigned>
inline void PutVarint(std::string* out, Unsigned value) {
  if (value < 0x80) {
    out->push_back(static_cast<char>(value));
    return;
  }
  char bytes[kBytesMax];
  out->append(bytes, static_cast<size_t>(EncodeVarint(bytes, value) - bytes));
}
inline void PutVarint32(std::string* out, uint32_t value) {
  PutVarint<kVarint32BytesMax>(out, value);
}
inline void PutVarint64(std::string* out, uint64_t value) {
  PutVarint<kVarint64BytesMax>(out, value);
}
inline void PutVarint128(std::string* out, UInt128 value) {
  PutVarint<kVarint128BytesMax>(out, value);
}

// The bytes EncodeVarint64 writes: 1..10.
constexpr size_t Varint64Bytes(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Reads a varint from [bytes, end). Returns the byte after it, or null: cut short, or too large for
// Unsigned. The way to read a column of numbers without a string_view in between.
template <typename Unsigned>
inline const char* DecodeVarint(const char* bytes, const char* end, Unsigned* value) {
  constexpr int kBits = static_cast<int>(sizeof(Unsigned) * 8);
  if (bytes != end && static_cast<uint8_t>(*bytes) < 0x80) [[likely]] {
    *value = static_cast<uint8_t>(*bytes);
    return bytes + 1;
  }
  Unsigned result = 0;
  for (int shift = 0; shift < kBits && bytes != end; shift += 7) {
    const uint8_t byte = static_cast<uint8_t>(*bytes++);
    const uint8_t bits = byte & 0x7f;
    if (shift + 7 > kBits && (bits >> (kBits - shift)) != 0) {
      return nullptr;
    }
    result =
        static_cast<Unsigned>(result | static_cast<Unsigned>(static_cast<Unsigned>(bits) << shift));
    if (byte < 0x80) {
      *value = result;
      return bytes;
    }
  }
  return nullptr;
}

template <typename Unsigned>
inline bool GetVarint(std::string_view* input, Unsigned* value) {
  const char* after = DecodeVarint(input->data(), input->data() + input->size(), value);
  if (after == nullptr) {
    return false;
  }
  input->remove_prefix(static_cast<size_t>(after - input->data()));
  return true;
}
inline bool GetVarint32(std::string_view* input, uint32_t* value) {
  return GetVarint(input, value);
}
inline bool GetVarint64(std::string_view* input, uint64_t* value) {
  return GetVarint(input, value);
}
inline bool GetVarint128(std::string_view* input, UInt128* value) {
  return GetVarint(input, value);
}

// --- text ---

inline void PutText(std::string* out, std::string_view text) {
  PutVarint64(out, text.size());
  out->append(text);
}
// *text points into the bytes of *input.
inline bool GetText(std::string_view* input, std::string_view* text) {
  uint64_t size = 0;
  if (!GetVarint64(input, &size) || size > input->size()) {
    return false;
  }
  *text = input->substr(0, static_cast<size_t>(size));
  input->remove_prefix(static_cast<size_t>(size));
  return true;
}

// The same, copied.
inline bool GetText(std::string_view* input, std::string* text) {
  std::string_view view;
  if (!GetText(input, &view)) {
    return false;
  }
  text->assign(view);
  return true;
}
// Exactly `size` bytes, without a length before them.
inline bool GetBytes(std::string_view* input, size_t size, std::string_view* bytes) {
  if (size > input->size()) {
    return false;
  }
  *bytes = input->substr(0, size);
  input->remove_prefix(size);
  return true;
}

}  // namespace tallystone
