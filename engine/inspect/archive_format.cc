#include "inspect/archive_format.h"

#include <cstdio>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/random_id.h"
#include "base/text.h"
#include "tallystone/limits.h"

namespace tallystone::archive {
namespace {

constexpr char kFileMagic[] = "TLYA";
constexpr char kManifestMagic[] = "TLYB";
constexpr size_t kMagicBytes = 4;
constexpr const char* kSuffixes[] = {".blocks", kTailSuffix};
constexpr size_t kNumberDigits = 10;
// Of a file in the manifest: its kind, four numbers, its sum.
constexpr size_t kEntryBytesMin = 1 + 4 + 8;

Status WrongVersion(const char* what, uint32_t version) {
  return Status::FormatMismatch(std::string(what) + " has format " + std::to_string(version) +
                                "; this version reads " + std::to_string(kVersion));
}

bool TakeEntry(std::string_view* input, FileEntry* entry) {
  uint8_t kind = 0;
  if (!GetFixed(input, &kind) || kind > 1) {
    return false;
  }
  entry->kind = static_cast<FileKind>(kind);
  return GetVarint64(input, &entry->number) && GetVarint64(input, &entry->first) &&
         GetVarint64(input, &entry->last) && GetVarint64(input, &entry->bytes) &&
         GetFixed64(input, &entry->sum);
}

bool TakeManifest(std::string_view input, Manifest* manifest) {
  std::string_view bytes;
  uint64_t count = 0;
  if (!GetBytes(&input, kRandomIdBytes, &bytes)) {
    return false;
  }
  manifest->database_id = bytes;
  if (!GetVarint64(&input, &manifest->backups) || !GetVarint64(&input, &manifest->taken_at_us) ||
      !GetVarint64(&input, &manifest->lsn) || !GetVarint64(&input, &manifest->final_lsn) ||
      !GetVarint64(&input, &manifest->lines) || !GetVarint64(&input, &manifest->final_lines) ||
      !GetText(&input, &manifest->digest) || !GetVarint64(&input, &count) ||
      count > input.size() / kEntryBytesMin) {
    return false;
  }
  manifest->files.resize(static_cast<size_t>(count));
  Lsn last = 0;
  Lsn final_lsn = 0;
  for (FileEntry& entry : manifest->files) {
    const bool after_tail = last != final_lsn;
    if (!TakeEntry(&input, &entry) || after_tail || entry.first != last + 1 ||
        entry.last < entry.first || entry.bytes < kFileHeaderBytes) {
      return false;
    }
    last = entry.last;
    final_lsn = entry.kind == FileKind::kBlocks ? entry.last : final_lsn;
  }
  return input.empty() && last == manifest->lsn && final_lsn == manifest->final_lsn;
}

}  // namespace

std::string FileName(FileKind kind, uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%010llu%s", static_cast<unsigned long long>(number),
                kSuffixes[static_cast<int>(kind)]);
  return text;
}

bool IsFileName(std::string_view name) {
  if (name == kNewManifestName) {
    return true;
  }
  for (const char* suffix : kSuffixes) {
    if (name.ends_with(suffix)) {
      name.remove_suffix(std::string_view(suffix).size());
      return name.size() >= kNumberDigits &&
             name.find_first_not_of("0123456789") == std::string_view::npos;
    }
  }
  return false;
}

std::string EncodeFileHeader(const FileEntry& entry, const std::string& database_id,
                             uint64_t* checksum) {
  TS_CHECK(database_id.size() == kRandomIdBytes);
  std::string bytes(kFileMagic);
  PutFixed32(&bytes, kVersion);
  PutFixed32(&bytes, static_cast<uint32_t>(entry.kind));
  bytes += database_id;
  PutFixed64(&bytes, entry.number);
  PutFixed64(&bytes, entry.first);
  *checksum = Hash64(bytes);
  PutFixed64(&bytes, *checksum);
  TS_CHECK(bytes.size() == kFileHeaderBytes);
  return bytes;
}

Status CheckFileHeader(std::string_view bytes, const FileEntry& entry,
                       const std::string& database_id, uint64_t* checksum) {
  if (bytes.size() < kFileHeaderBytes || !bytes.starts_with(kFileMagic)) {
    return Status::Corruption("it is no file of a backup");
  }
  const uint32_t version = DecodeFixed<uint32_t>(bytes.data() + kMagicBytes);
  if (version != kVersion) {
    return WrongVersion("it", version);
  }
  return bytes == EncodeFileHeader(entry, database_id, checksum)
             ? Status::Ok()
             : Status::Corruption(
                   "its beginning is damaged, or it belongs to another place or another backup");
}

bool ReadFileHeader(std::string_view bytes, FileEntry* entry, std::string* database_id) {
  if (bytes.size() < kFileHeaderBytes) {
    return false;
  }
  const char* const header = bytes.data();
  const uint32_t kind = DecodeFixed<uint32_t>(header + 8);
  if (kind > 1) {
    return false;
  }
  entry->kind = static_cast<FileKind>(kind);
  *database_id = bytes.substr(12, kRandomIdBytes);
  entry->number = DecodeFixed<uint64_t>(header + 28);
  entry->first = DecodeFixed<uint64_t>(header + 36);
  uint64_t checksum = 0;
  return CheckFileHeader(bytes.substr(0, kFileHeaderBytes), *entry, *database_id, &checksum).ok();
}

void EncodeRecord(const ArchivedBlock& archived, uint64_t seed, std::string* out,
                  uint64_t* checksum) {
  const StoredBlock& block = archived.block;
  const size_t begin = out->size();
  out->append(kRecordHeaderBytes, '\0');
  PutVarint64(out, block.rejected.size());
  uint32_t next = 0;
  for (size_t place = 0; place < block.rejected.size(); ++place) {
    PutVarint32(out, block.rejected[place] - next);
    next = block.rejected[place] + 1;
    PutText(out, archived.causes[place]);
  }
  out->append(block.payload);
  char* const record = out->data() + begin;
  const size_t body_bytes = out->size() - begin - kRecordHeaderBytes;
  EncodeFixed<uint64_t>(record + 8, block.lsn);
  EncodeFixed<uint32_t>(record + 16, static_cast<uint32_t>(body_bytes));
  *checksum = Hash64({record + 8, kRecordHeaderBytes - 8 + body_bytes}, seed);
  EncodeFixed<uint64_t>(record, *checksum);
}

RecordHeader DecodeRecordHeader(std::string_view bytes) {
  TS_CHECK(bytes.size() >= kRecordHeaderBytes);
  return {DecodeFixed<uint64_t>(bytes.data()), DecodeFixed<uint64_t>(bytes.data() + 8),
          DecodeFixed<uint32_t>(bytes.data() + 16)};
}

bool IsWhole(std::string_view record, uint64_t seed) {
  return Hash64(record.substr(8), seed) == DecodeRecordHeader(record).checksum;
}

Status DecodeBody(std::string_view body, ArchivedBlock* archived) {
  StoredBlock& block = archived->block;
  uint64_t count = 0;
  bool good = GetVarint64(&body, &count) && count <= limits::kChunkLinesMax;
  block.rejected.resize(good ? static_cast<size_t>(count) : 0);
  archived->causes.resize(block.rejected.size());
  uint64_t next = 0;
  for (size_t place = 0; good && place < block.rejected.size(); ++place) {
    uint32_t step = 0;
    good = GetVarint32(&body, &step) && GetText(&body, &archived->causes[place]);
    next += step;
    good = good && next < limits::kChunkLinesMax;
    block.rejected[place] = static_cast<uint32_t>(next++);
  }
  block.payload = body;
  return good ? Status::Ok() : Status::Corruption("a record cannot be read");
}

std::string EncodeManifest(const Manifest& manifest) {
  std::string bytes(kManifestMagic);
  PutFixed32(&bytes, kVersion);
  bytes += manifest.database_id;
  PutVarint64(&bytes, manifest.backups);
  PutVarint64(&bytes, manifest.taken_at_us);
  PutVarint64(&bytes, manifest.lsn);
  PutVarint64(&bytes, manifest.final_lsn);
  PutVarint64(&bytes, manifest.lines);
  PutVarint64(&bytes, manifest.final_lines);
  PutText(&bytes, manifest.digest);
  PutVarint64(&bytes, manifest.files.size());
  for (const FileEntry& entry : manifest.files) {
    bytes.push_back(static_cast<char>(entry.kind));
    PutVarint64(&bytes, entry.number);
    PutVarint64(&bytes, entry.first);
    PutVarint64(&bytes, entry.last);
    PutVarint64(&bytes, entry.bytes);
    PutFixed64(&bytes, entry.sum);
  }
  PutFixed64(&bytes, Hash64(bytes));
  return bytes;
}

Status DecodeManifest(std::string_view bytes, Manifest* manifest) {
  constexpr size_t kChecksumBytes = 8;
  constexpr size_t kHeadBytes = kMagicBytes + 4;
  if (bytes.size() < kHeadBytes + kChecksumBytes || !bytes.starts_with(kManifestMagic)) {
    return Status::Corruption("it is no manifest of a backup");
  }
  const uint32_t version = DecodeFixed<uint32_t>(bytes.data() + kMagicBytes);
  if (version != kVersion) {
    return WrongVersion("it", version);
  }
  const std::string_view all = bytes.substr(0, bytes.size() - kChecksumBytes);
  *manifest = {};
  return DecodeFixed<uint64_t>(all.data() + all.size()) == Hash64(all) &&
                 TakeManifest(all.substr(kHeadBytes), manifest)
             ? Status::Ok()
             : Status::Corruption("its checksum does not fit");
}

BackupInfo InfoOf(const Manifest& manifest) {
  BackupInfo info;
  info.database_id = HexText(manifest.database_id);
  info.backups = manifest.backups;
  info.taken_at_us = manifest.taken_at_us;
  info.lsn = manifest.lsn;
  info.final_lsn = manifest.final_lsn;
  info.lines = manifest.lines;
  info.state_digest = manifest.digest;
  for (const FileEntry& entry : manifest.files) {
    info.files.push_back({FileName(entry.kind, entry.number), entry.first, entry.last, entry.bytes,
                          entry.kind == FileKind::kBlocks});
    info.bytes += entry.bytes;
  }
  return info;
}

}  // namespace tallystone::archive
