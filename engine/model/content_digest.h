// ContentDigest: what a batch's lines say, in 16 bytes, growing line by line (law L7).
//
// The sum modulo 2^128 of one XXH3-128 hash per line, seeded with the line's number. So it does not
// depend on how lines fell into chunks and can be continued after a restart. It protects against
// mistakes, not against someone who looks for collisions in a batch of his own.
//
// Digests are stored, so the bytes that are hashed are a format:
//
//   text code | text description | text vendor | text gtin | text unit | text document | text time
//   | text line_id | number quantity | number unit cost | text raw | [text vendor code, if any]
//
// `text` is varint length + bytes; `number` is u8 1 + i64 millionths, little-endian, or, if it
// cannot be read exactly, u8 0 + text.
#pragma once

#include <cstdint>
#include <string>

#include "model/line_check.h"
#include "tallystone/decimal.h"

namespace tallystone {

struct ContentDigest {
  UInt128 sum = 0;
  friend bool operator==(const ContentDigest&, const ContentDigest&) = default;
};

// The hash of the line with this number (1 = first). Two lines are the same content if all their
// stripped texts are equal and their numbers are the same value ("6.50" = "6.5"), or, where a
// number cannot be read, the same text. *scratch is working memory. An oversized field counts
// whole.
ContentDigest DigestLine(uint64_t number, const CheckedLine& line, std::string* scratch);

inline void Add(ContentDigest line, ContentDigest* digest) {
  digest->sum += line.sum;
}

}  // namespace tallystone
