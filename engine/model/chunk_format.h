// What writer and reader of a chunk's payload share. The layout is in chunk.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/chunk.h"

namespace tallystone::chunk_format {

inline constexpr uint8_t kVersion = 1;

// Columns of DETAILS part 3, by bit.
inline constexpr std::string_view ChunkLine::*kColumns[] = {
    &ChunkLine::time, &ChunkLine::document, &ChunkLine::vendor, &ChunkLine::unit,
    &ChunkLine::gtin, &ChunkLine::line_id,  &ChunkLine::code,
};
inline constexpr int kColumnCount = 7;
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
inline constexpr uint32_t kFailedFieldsEnd = 1u << 14;

static_assert(std::size(kColumns) == kColumnCount);
static_assert(std::size(kFailedTexts) == kFailedTextCount);

// Packed beside a run length; the shifts are part of the format.
inline constexpr int kRuleBits = 3;
inline constexpr int kKindBits = 2;
static_assert(static_cast<int>(DecidedBy::kCreated) < 1 << kRuleBits);
static_assert(static_cast<int>(DescriptionKind::kOwn) < 1 << kKindBits);

// A line with this rule has the code of its item.
constexpr bool HasCodeOfItem(DecidedBy rule) {
  return rule == DecidedBy::kCode || rule == DecidedBy::kCreated;
}

}  // namespace tallystone::chunk_format
