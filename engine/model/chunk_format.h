// What writer and reader of a chunk's payload share. The layout is in chunk.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/chunk.h"

namespace tallystone::chunk_format {

inline constexpr uint8_t kVersion = 2;
inline constexpr uint8_t kOldestVersion = 1;

// Columns of DETAILS part 3, by bit.
inline constexpr std::string_view ChunkLine::*kColumns[] = {
    &ChunkLine::time, &ChunkLine::document, &ChunkLine::vendor, &ChunkLine::unit,
    &ChunkLine::gtin, &ChunkLine::line_id,  &ChunkLine::code,   &ChunkLine::vendor_code,
};
inline constexpr int kColumnCount = 8;
inline constexpr int kCodeColumn = 6;

// Texts of a failed line, DETAILS part 2, by bit.
inline constexpr std::string_view ChunkLine::*kFailedTexts[] = {
    &ChunkLine::quantity_text, &ChunkLine::unit_cost_text,
    &ChunkLine::code,          &ChunkLine::description,
    &ChunkLine::document,      &ChunkLine::time,
    &ChunkLine::vendor,        &ChunkLine::gtin,
    &ChunkLine::unit,          &ChunkLine::line_id,
    &ChunkLine::raw,           &ChunkLine::detail,
};
inline constexpr int kFailedTextCount = 12;
inline constexpr int kDetailText = 11;
inline constexpr uint32_t kAttemptsBit = 1u << 12;
inline constexpr uint32_t kCutDigestBit = 1u << 13;
inline constexpr uint32_t kVendorCodeBit = 1u << 14;
inline constexpr uint32_t kFailedFieldsEnd = 1u << 15;

static_assert(std::size(kColumns) == kColumnCount);
static_assert(std::size(kFailedTexts) == kFailedTextCount);

// Packed beside a run length; the shifts are part of the format.
constexpr int RuleBits(uint8_t version) {
  return version == 1 ? 3 : 4;
}
inline constexpr int kKindBits = 2;
static_assert(kDecidedByCount <= 1 << RuleBits(kVersion));
static_assert(static_cast<int>(DescriptionKind::kOwn) < 1 << kKindBits);

// A line with this rule has the code of its item.
constexpr bool HasCodeOfItem(DecidedBy rule) {
  return rule == DecidedBy::kCode || rule == DecidedBy::kCreated;
}

constexpr bool HasMatch(DecidedBy rule) {
  return rule == DecidedBy::kFuzzy || rule == DecidedBy::kReview;
}
constexpr bool HasMappingVersion(DecidedBy rule) {
  return rule == DecidedBy::kSorted || HasMatch(rule);
}

}  // namespace tallystone::chunk_format
