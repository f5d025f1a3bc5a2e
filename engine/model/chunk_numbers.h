// The NUMBERS section of a chunk (chunk.h): the hot part of its payload.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/chunk.h"

namespace tallystone {

// Appends the section, without its length in front, for these accepted lines.
void EncodeNumbers(std::span<const ChunkLine* const> lines, std::string* out);

// Reads a section of `count` lines (at most limits::kChunkLinesMax). False: these bytes cannot be
// one.
bool DecodeNumbers(std::string_view section, size_t count, ChunkNumbers* numbers);

}  // namespace tallystone
