// The format of a RocksDB store, in the key "format" of the default family, written once:
//
//   4 bytes "TLYS" | u32 format version | u32 merge version   (big-endian)
//
// RocksDB does not keep the name of a merge operator, so its version stands here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tallystone/status.h"

namespace tallystone::rocks {

inline constexpr uint32_t kStoreFormatVersion = 3;
// A store of this format or a later one is read as it is: 3 added records (keys.h), and chunks of
// format 2. The first writer of a store notes the version that it writes.
inline constexpr uint32_t kReadableFormatVersion = 2;
// The oldest format whose marker, blocks and batches are those of this one: a store of it can be
// made anew from them.
inline constexpr uint32_t kOldestFormatVersion = 1;

std::string EncodeFormat();
// kFormatMismatch: it is not one.
Status DecodeFormat(std::string_view value, uint32_t* format, uint32_t* merge);

// kFormatMismatch if this build cannot read what `value` says; where `older` is said, marker,
// blocks and batches of older formats will do.
Status CheckFormat(std::string_view value, bool older);

// What EncodeFormat would give is not there yet, though CheckFormat is content.
inline bool IsOlderFormat(std::string_view value) {
  return value != EncodeFormat();
}

}  // namespace tallystone::rocks
