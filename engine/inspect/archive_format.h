// The bytes of a backup. Integers are little-endian; `varint`, `text`: base/coding.h.
//
//   DIR/MANIFEST              what counts; replaced in one step
//   DIR/0000000001.blocks     blocks that never change; a backup begins new files for what is new
//   DIR/0000000007.tail       of the 7th backup: blocks that the next backup may write otherwise
//   DIR/LOCK                  held while a backup writes
//   DIR/MANIFEST.new          of a backup that did not end
//
// A file of blocks begins with
//
//      0..3    "TLYA"
//      4..7    u32 version, 1
//      8..11   u32 kind: 0 blocks, 1 tail
//     12..27   identity of the database
//     28..35   u64 number, as in its name
//     36..43   u64 LSN of the first block
//     44..51   u64 XXH3-64 of bytes 0..43
//
// and holds, without gaps, one record for each LSN:
//
//      0..7    u64 XXH3-64 of bytes 8..19 and the body, seeded with the checksum of the file's
//              beginning: a record of another file does not fit
//      8..15   u64 LSN
//     16..19   u32 bytes of the body
//     20..     body: varint n | n x { varint index | text cause } | the chunk, to the end
//              of each line that the store rejected: its index among the chunk's accepted lines,
//              - 1 - the one before (the first: index), and the store's words
//
// The manifest:
//
//   "TLYB" | u32 version, 1 | 16 bytes identity | varint backups | varint taken at, us
//   | varint lsn | varint final lsn | varint lines | varint lines up to final lsn
//   | text state digest (32 hex digits, or empty)
//   | varint n | n x { u8 kind | varint number | varint first LSN | varint last LSN | varint bytes
//                      | u64 sum of its records' checksums }
//   | u64 XXH3-64 of all before
//
// Files are in the order of their LSNs, from 1 to `lsn` without a gap; those of kind 0 end at
// `final lsn`, and at most one, of kind 1, follows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/stored.h"
#include "tallystone/backup.h"
#include "tallystone/limits.h"

namespace tallystone::archive {

inline constexpr uint32_t kVersion = 1;
inline constexpr size_t kFileHeaderBytes = 52;
inline constexpr size_t kRecordHeaderBytes = 20;
// Of a record: the longest chunk, and the longest words about each of its lines.
inline constexpr size_t kBodyBytesMax =
    limits::kRecordPayloadBytesMax +
    (limits::kChunkLinesMax + 1) * (limits::kDeadLetterDetailBytesMax + 10);
inline constexpr char kManifestName[] = "MANIFEST";
inline constexpr char kNewManifestName[] = "MANIFEST.new";
inline constexpr char kLockName[] = "LOCK";
inline constexpr char kTailSuffix[] = ".tail";

enum class FileKind : uint8_t { kBlocks = 0, kTail = 1 };

// A block and why its lines were rejected: one cause for each of block.rejected.
struct ArchivedBlock {
  StoredBlock block;
  std::vector<std::string> causes;
};

struct FileEntry {
  FileKind kind = FileKind::kBlocks;
  uint64_t number = 0;
  Lsn first = 0;
  Lsn last = 0;
  uint64_t bytes = 0;
  uint64_t sum = 0;  // of its records' checksums
};

struct Manifest {
  std::string database_id;
  uint64_t backups = 0;
  uint64_t taken_at_us = 0;
  Lsn lsn = 0;
  Lsn final_lsn = 0;
  uint64_t lines = 0;
  uint64_t final_lines = 0;  // of them, in final blocks
  std::string digest;        // 32 hex digits; "" = not computed
  std::vector<FileEntry> files;
};

std::string FileName(FileKind kind, uint64_t number);
// Also what an interrupted backup may have left. Not the manifest and the lock.
bool IsFileName(std::string_view name);

// *checksum: the seed of its records.
std::string EncodeFileHeader(const FileEntry& entry, const std::string& database_id,
                             uint64_t* checksum);
// kCorruption, kFormatMismatch: what does not fit. `bytes`: kFileHeaderBytes or fewer.
Status CheckFileHeader(std::string_view bytes, const FileEntry& entry,
                       const std::string& database_id, uint64_t* checksum);

// What a file says of itself: kind, number and first LSN of *entry, and whose it is. False: this is
// no beginning of a file, or a damaged one. Safe on any bytes.
bool ReadFileHeader(std::string_view bytes, FileEntry* entry, std::string* database_id);

// Appends a record to *out.
void EncodeRecord(const ArchivedBlock& archived, uint64_t seed, std::string* out,
                  uint64_t* checksum);
struct RecordHeader {
  uint64_t checksum = 0;
  Lsn lsn = 0;
  uint32_t body_bytes = 0;
};
// `bytes`: kRecordHeaderBytes.
RecordHeader DecodeRecordHeader(std::string_view bytes);
// Whether the checksum fits. `record`: its header and its body.
bool IsWhole(std::string_view record, uint64_t seed);
// kCorruption. Safe on any bytes.
Status DecodeBody(std::string_view body, ArchivedBlock* archived);

std::string EncodeManifest(const Manifest& manifest);
// kCorruption, kFormatMismatch. Safe on any bytes; what it gives is consistent.
Status DecodeManifest(std::string_view bytes, Manifest* manifest);
BackupInfo InfoOf(const Manifest& manifest);

}  // namespace tallystone::archive
