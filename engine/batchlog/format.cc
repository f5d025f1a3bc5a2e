#include "batchlog/format.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "base/canary.h"
#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "tallystone/limits.h"

namespace tallystone::batchlog {
namespace {

constexpr size_t kVersionAt = 8;
constexpr size_t kBytesAt = 12;
constexpr size_t kSequenceAt = 16;
constexpr size_t kFirstAt = 24;
constexpr size_t kDatabaseIdAt = 32;
constexpr size_t kBlockChecksumAt = kSegmentHeaderBytes - 8;

constexpr size_t kPayloadBytesAt = 4;
constexpr size_t kLsnAt = 8;
constexpr size_t kSyncedAt = 16;
constexpr size_t kEpochAt = 24;
constexpr size_t kFlagsAt = 28;
constexpr size_t kChecksumAt = 32;
static_assert(kChecksumAt + 8 == kRecordHeaderBytes);
// A segment that is made larger for one large record stays below the limit of all.
static_assert(kSegmentHeaderBytes + RecordBytes(limits::kRecordPayloadBytesMax) <=
              limits::kSegmentBytesMax);

constexpr std::string_view kNameEnd = ".log";
constexpr std::string_view kFreeNameStart = "free-";
constexpr size_t kNameDigits = 10;

// What tells the records of one use of a segment from those of another.
uint64_t UseOf(uint64_t sequence) {
  return CanaryIs(Canary::kStaleRecordAccepted) ? 0 : sequence;
}
uint32_t EpochOf(uint64_t sequence) {
  return static_cast<uint32_t>(UseOf(sequence));
}

std::string Digits(uint64_t sequence) {
  char digits[24];
  const int size = std::snprintf(digits, sizeof(digits), "%010" PRIu64, sequence);
  return std::string(digits, static_cast<size_t>(size));
}

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  TS_CHECK(header.database_id.size() == kDatabaseIdBytes);
  std::string block(kSegmentHeaderBytes, '\0');
  char* const bytes = block.data();
  std::copy(kSegmentMagic.begin(), kSegmentMagic.end(), bytes);
  EncodeFixed(bytes + kVersionAt, kFormatVersion);
  EncodeFixed(bytes + kBytesAt, header.bytes);
  EncodeFixed(bytes + kSequenceAt, header.sequence);
  EncodeFixed(bytes + kFirstAt, header.first);
  std::copy(header.database_id.begin(), header.database_id.end(), bytes + kDatabaseIdAt);
  EncodeFixed(bytes + kBlockChecksumAt,
              Hash64(std::string_view(block).substr(0, kBlockChecksumAt)));
  return block;
}

Status DecodeSegmentHeader(std::string_view block, const std::string& path, SegmentHeader* header) {
  if (block.size() < kSegmentHeaderBytes || !block.starts_with(kSegmentMagic)) {
    return Status::Corruption(path + " at byte 0: this is not a segment of a batch log");
  }
  const char* const bytes = block.data();
  const auto version = DecodeFixed<uint32_t>(bytes + kVersionAt);
  if (Hash64(block.substr(0, kBlockChecksumAt)) !=
      DecodeFixed<uint64_t>(bytes + kBlockChecksumAt)) {
    return Status::Corruption(path + " at byte 0: the header's checksum is wrong");
  }
  if (version != kFormatVersion) {
    return Status::FormatMismatch(path + " has format " + std::to_string(version) +
                                  "; this version reads format " + std::to_string(kFormatVersion));
  }
  header->bytes = DecodeFixed<uint32_t>(bytes + kBytesAt);
  if (header->bytes < kSegmentHeaderBytes || header->bytes > limits::kSegmentBytesMax) {
    return Status::Corruption(path + " at byte " + std::to_string(kBytesAt) +
                              ": the segment says that it has " + std::to_string(header->bytes) +
                              " bytes, which it cannot have");
  }
  header->sequence = DecodeFixed<uint64_t>(bytes + kSequenceAt);
  header->first = DecodeFixed<uint64_t>(bytes + kFirstAt);
  header->database_id.assign(bytes + kDatabaseIdAt, kDatabaseIdBytes);
  return Status::Ok();
}

void AppendRecord(Lsn lsn, Lsn synced, uint64_t sequence, std::string_view payload,
                  std::string* out) {
  TS_CHECK(synced < lsn);
  TS_CHECK(payload.size() <= limits::kRecordPayloadBytesMax);
  char header[kRecordHeaderBytes];
  EncodeFixed(header, kRecordMagic);
  EncodeFixed(header + kPayloadBytesAt, static_cast<uint32_t>(payload.size()));
  EncodeFixed(header + kLsnAt, uint64_t{lsn});
  EncodeFixed(header + kSyncedAt, uint64_t{synced});
  EncodeFixed(header + kEpochAt, EpochOf(sequence));
  EncodeFixed(header + kFlagsAt, uint32_t{0});
  EncodeFixed(header + kChecksumAt, Hash64({header, kChecksumAt}, payload, UseOf(sequence)));
  out->append(header, sizeof(header));
  out->append(payload);
  out->append(RecordBytes(payload.size()) - kRecordHeaderBytes - payload.size(), '\0');
}

bool IsRecordHeader(const char* bytes, uint64_t sequence) {
  return DecodeFixed<uint32_t>(bytes) == kRecordMagic &&
         DecodeFixed<uint32_t>(bytes + kEpochAt) == EpochOf(sequence);
}

RecordHeader DecodeRecordHeader(const char* bytes) {
  return {.payload_bytes = DecodeFixed<uint32_t>(bytes + kPayloadBytesAt),
          .lsn = DecodeFixed<uint64_t>(bytes + kLsnAt),
          .synced = DecodeFixed<uint64_t>(bytes + kSyncedAt)};
}

bool IsRecordSound(std::string_view record_without_padding, uint64_t sequence) {
  const char* const bytes = record_without_padding.data();
  return IsRecordHeader(bytes, sequence) &&
         Hash64({bytes, kChecksumAt}, record_without_padding.substr(kRecordHeaderBytes),
                UseOf(sequence)) == DecodeFixed<uint64_t>(bytes + kChecksumAt);
}

bool HasUnknownFlags(const char* bytes) {
  return DecodeFixed<uint32_t>(bytes + kFlagsAt) != 0;
}

std::string SegmentName(uint64_t sequence) {
  return Digits(sequence) + std::string(kNameEnd);
}

std::string FreeSegmentName(uint64_t sequence) {
  return std::string(kFreeNameStart) + SegmentName(sequence);
}

bool ParseSegmentName(std::string_view name, uint64_t* sequence) {
  if (name.size() != kNameDigits + kNameEnd.size() || !name.ends_with(kNameEnd)) {
    return false;
  }
  uint64_t number = 0;
  for (const char digit : name.substr(0, kNameDigits)) {
    if (digit < '0' || digit > '9') {
      return false;
    }
    number = number * 10 + static_cast<uint64_t>(digit - '0');
  }
  *sequence = number;
  return number != 0;
}

bool ParseFreeSegmentName(std::string_view name, uint64_t* sequence) {
  return name.starts_with(kFreeNameStart) &&
         ParseSegmentName(name.substr(kFreeNameStart.size()), sequence);
}

}  // namespace tallystone::batchlog
