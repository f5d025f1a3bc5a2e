#include "model/chunk_numbers.h"

#include "base/check.h"
#include "base/coding.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

constexpr int kDecimalsBits = 3;
constexpr uint64_t kDecimalsMask = 7;
constexpr uint64_t kWholeUnits = 7;  // instead of decimals: the units follow
// By decimals 0..6; the last is never used.
constexpr int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1, 1};
constexpr size_t kNumberBytesMax = 1 + kVarint64BytesMax;

char* EncodeNumber(char* out, int64_t units) {
  int64_t mantissa = units;
  uint64_t decimals = Decimal::kScale;
  // Prices and counts: 2 decimals or none are by far the most frequent.
  if (mantissa % 10'000 == 0) {
    mantissa /= 10'000;
    decimals = 2;
  }
  while (decimals > 0 && mantissa % 10 == 0) {
    mantissa /= 10;
    --decimals;
  }
  const uint64_t bits = ZigZag64(mantissa);
  if (bits >> (64 - kDecimalsBits) != 0) {
    out = EncodeVarint64(out, kWholeUnits);
    return EncodeVarint64(out, ZigZag64(units));
  }
  return EncodeVarint64(out, bits << kDecimalsBits | decimals);
}

// Reads a varint where at least 8 bytes may be read. No branch depends on its length, which is as
// good as random in a column of numbers. Null: it has more than 8 bytes.
inline const char* DecodeShortVarint(const char* bytes, uint64_t* value) {
  uint64_t word = DecodeFixed<uint64_t>(bytes);
  const uint64_t stops = ~word & 0x8080808080808080u;
  if (stops == 0) [[unlikely]] {
    return nullptr;
  }
  word &= stops ^ (stops - 1);  // up to the first byte without its top bit
  word &= 0x7f7f7f7f7f7f7f7fu;
  word = (word & 0x7f007f007f007f00u) >> 1 | (word & 0x007f007f007f007fu);
  word = (word & 0x3fff00003fff0000u) >> 2 | (word & 0x00003fff00003fffu);
  word = (word & 0x0fffffff00000000u) >> 4 | (word & 0x000000000fffffffu);
  *value = word;
  return bytes + (__builtin_ctzll(stops) + 1) / 8;
}

inline const char* DecodeColumnVarint(const char* bytes, const char* end, uint64_t* value) {
  if (end - bytes >= 8) [[likely]] {
    const char* after = DecodeShortVarint(bytes, value);
    if (after != nullptr) [[likely]] {
      return after;
    }
  }
  return DecodeVarint(bytes, end, value);
}

const char* DecodeItems(const char* bytes, const char* end, size_t count, ItemId* items) {
  bool bad = false;
  for (size_t index = 0; index < count; ++index) {
    uint64_t value = 0;
    bytes = DecodeColumnVarint(bytes, end, &value);
    if (bytes == nullptr) {
      return nullptr;
    }
    bad |= value - 1 >= UINT32_MAX;
    items[index] = static_cast<ItemId>(value);
  }
  return bad ? nullptr : bytes;
}

const char* DecodeUnits(const char* bytes, const char* end, size_t count, int64_t* units) {
  bool bad = false;
  for (size_t index = 0; index < count; ++index) {
    uint64_t value = 0;
    bytes = DecodeColumnVarint(bytes, end, &value);
    if (bytes == nullptr) {
      return nullptr;
    }
    const uint64_t decimals = value & kDecimalsMask;
    if (decimals == kWholeUnits) [[unlikely]] {
      uint64_t bits = 0;
      bytes = value == kWholeUnits ? DecodeVarint(bytes, end, &bits) : nullptr;
      if (bytes == nullptr) {
        return nullptr;
      }
      units[index] = UnZigZag64(bits);
      continue;
    }
    bad |=
        __builtin_mul_overflow(UnZigZag64(value >> kDecimalsBits), kUnits[decimals], &units[index]);
  }
  return bad ? nullptr : bytes;
}

}  // namespace

void EncodeNumbers(std::span<const ChunkLine* const> lines, std::string* out) {
  TS_CHECK(lines.size() <= limits::kChunkLinesMax);
  char buffer[limits::kChunkLinesMax * (kVarint32BytesMax + 2 * kNumberBytesMax)];
  char* next = buffer;
  for (const ChunkLine* line : lines) {
    TS_CHECK(line->item != 0);  // reading it back would refuse the chunk
    next = EncodeVarint32(next, line->item);
  }
  for (const ChunkLine* line : lines) {
    next = EncodeNumber(next, line->quantity);
  }
  for (const ChunkLine* line : lines) {
    next = EncodeNumber(next, line->unit_cost);
  }
  out->append(buffer, static_cast<size_t>(next - buffer));
}

bool DecodeNumbers(std::string_view section, size_t count, ChunkNumbers* numbers) {
  TS_CHECK(count <= limits::kChunkLinesMax);
  numbers->items.resize(count);
  numbers->quantities.resize(count);
  numbers->unit_costs.resize(count);
  const char* bytes = section.data();
  const char* const end = bytes + section.size();
  bytes = DecodeItems(bytes, end, count, numbers->items.data());
  if (bytes != nullptr) {
    bytes = DecodeUnits(bytes, end, count, numbers->quantities.data());
  }
  if (bytes != nullptr) {
    bytes = DecodeUnits(bytes, end, count, numbers->unit_costs.data());
  }
  return bytes == end;
}

}  // namespace tallystone
