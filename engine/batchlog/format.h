// The bytes of the batch log, format 1. Integers are little-endian.
//
// A log is a directory of segments. A live segment is named by its sequence number
// ("0000000001.log"), one that waits to be written again by that of its last life
// ("free-0000000001.log"); only live ones are read.
//
// SEGMENT: a header block of 4096 bytes, then records, each at a multiple of 8.
//
//        0  8  magic "TSTNLOG1"
//        8  4  format version, 1
//       12  4  size of the segment, bytes, this block included; 4096 .. 1 GiB
//       16  8  sequence number; every life of a file has another
//       24  8  LSN of the first record; the segment before ends where this one begins
//       32 16  identity of the database
//       48     zeros
//     4088  8  XXH3-64 of bytes 0..4088
//
// RECORD: a header of 40 bytes, the payload, zeros up to the next multiple of 8.
//
//        0  4  magic
//        4  4  payload size, bytes
//        8  8  LSN: one more than that of the record before
//       16  8  the last LSN that was durable when this record was written
//       24  4  epoch: the lower half of the segment's sequence number
//       28  4  flags, 0
//       32  8  XXH3-64 of bytes 0..32 and the payload, seeded with the sequence number
//
// (1) A recycled segment still holds records of its earlier lives. Epoch and seed belong to the
// life, so
//     none of them is ever a record of the new one.
// (2) A segment gets its live name after its header block is synced, and after everything in the
// segment
//     before it is synced. So a live segment always has a sound header, and its first LSN says that
//     every smaller one was durable.
// (3) Only one group of records is under way at a time. So if a record cannot be read and a later
// one says
//     that it was durable, it was damaged afterwards; if none says so, it belongs to the group that
//     a crash cut off, and nobody was told that it is there.
// (4) Opening a log always begins a new segment at the LSN after the last sound record. So what
// stands
//     behind a cut has an LSN that the next segment claims, and is dead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "tallystone/status.h"

namespace tallystone::batchlog {

inline constexpr std::string_view kSegmentMagic = "TSTNLOG1";
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kSegmentHeaderBytes = 4096;
inline constexpr size_t kDatabaseIdBytes = 16;
inline constexpr uint32_t kRecordMagic = 0x31545254;  // "TRT1"
inline constexpr size_t kRecordHeaderBytes = 4 + 4 + 8 + 8 + 4 + 4 + 8;
inline constexpr size_t kRecordAlignment = 8;
static_assert(kRecordHeaderBytes == 40 && kRecordHeaderBytes % kRecordAlignment == 0);
static_assert(kSegmentHeaderBytes % kRecordAlignment == 0);

struct SegmentHeader {
  uint64_t sequence = 0;
  Lsn first = 0;
  uint32_t bytes = 0;
  std::string database_id;  // kDatabaseIdBytes
};

struct RecordHeader {
  uint32_t payload_bytes = 0;
  Lsn lsn = 0;
  Lsn synced = 0;
};

// A whole header block.
std::string EncodeSegmentHeader(const SegmentHeader& header);
// kCorruption or kFormatMismatch; `path` is for the message.
Status DecodeSegmentHeader(std::string_view block, const std::string& path, SegmentHeader* header);

// Bytes of a record with a payload of this size, padding included.
constexpr uint64_t RecordBytes(uint64_t payload_bytes) {
  return (kRecordHeaderBytes + payload_bytes + kRecordAlignment - 1) / kRecordAlignment *
         kRecordAlignment;
}
void AppendRecord(Lsn lsn, Lsn synced, uint64_t sequence, std::string_view payload,
                  std::string* out);

// Whether a record of this life of the segment may begin with these bytes; false for all but one of
// 2^64 others. Looks at the header only; `bytes` has at least kRecordHeaderBytes.
bool IsRecordHeader(const char* bytes, uint64_t sequence);
RecordHeader DecodeRecordHeader(const char* bytes);
// Whether a whole record, header and payload, is as it was written.
bool IsRecordSound(std::string_view record_without_padding, uint64_t sequence);
// Flags of a sound record that this version does not know.
bool HasUnknownFlags(const char* bytes);

std::string SegmentName(uint64_t sequence);
std::string FreeSegmentName(uint64_t sequence);
// False if `name` is not such a name.
bool ParseSegmentName(std::string_view name, uint64_t* sequence);
bool ParseFreeSegmentName(std::string_view name, uint64_t* sequence);

}  // namespace tallystone::batchlog
