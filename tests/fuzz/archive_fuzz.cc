// A backup of any content: reading it ends in one answer that fits the bytes, what is damaged is
// never called sound, and what decodes can be written again.
//
// Bytes: u8 mode | the rest. Mode 0: a manifest, its checksum is put behind it. 1: the body of a
// record. 2: a file of blocks: u8 records | of each u8 size, bytes | u16 place, u8 change of a
// byte.
#include <algorithm>
#include <memory>

#include "base/checksum.h"
#include "base/coding.h"
#include "fuzz.h"
#include "inspect/archive_files.h"
#include "inspect/backup.h"
#include "support/fault_file_system.h"

namespace {

using namespace tallystone;  // NOLINT: one small program
using fuzz::Input;

const std::string kDatabaseId = "0123456789abcdef";
constexpr char kDirectory[] = "backup";

void TryManifest(std::string bytes) {
  PutFixed64(&bytes, Hash64(bytes));
  archive::Manifest manifest, again;
  if (!archive::DecodeManifest(bytes, &manifest).ok()) {
    return;
  }
  Lsn last = 0;
  for (const archive::FileEntry& entry : manifest.files) {
    FUZZ_EXPECT(entry.first == last + 1 && entry.last >= entry.first);
    last = entry.last;
  }
  FUZZ_EXPECT(last == manifest.lsn && manifest.final_lsn <= last);
  const std::string encoded = archive::EncodeManifest(manifest);
  FUZZ_EXPECT(archive::DecodeManifest(encoded, &again).ok());
  FUZZ_EXPECT(archive::EncodeManifest(again) == encoded);
}

void TryBody(std::string_view body) {
  archive::ArchivedBlock block, again;
  if (!archive::DecodeBody(body, &block).ok()) {
    return;
  }
  FUZZ_EXPECT(std::is_sorted(block.block.rejected.begin(), block.block.rejected.end()));
  std::string record;
  uint64_t checksum = 0;
  archive::EncodeRecord(block, 7, &record, &checksum);
  FUZZ_EXPECT(archive::IsWhole(record, 7) && !archive::IsWhole(record, 8));
  FUZZ_EXPECT(
      archive::DecodeBody(std::string_view(record).substr(archive::kRecordHeaderBytes), &again)
          .ok());
  FUZZ_EXPECT(again.block.rejected == block.block.rejected && again.causes == block.causes &&
              again.block.payload == block.block.payload);
}

void TryFile(Input* input) {
  FaultFileSystem disk;
  FUZZ_EXPECT(disk.CreateDirectory(kDirectory).ok());
  std::unique_ptr<archive::FileWriter> writer;
  FUZZ_EXPECT(archive::FileWriter::Create(&disk, kDirectory, archive::FileKind::kBlocks, 1, 1,
                                          kDatabaseId, &writer)
                  .ok());
  const uint64_t records = 1 + input->Below(8);
  for (Lsn lsn = 1; lsn <= records; ++lsn) {
    archive::ArchivedBlock block;
    block.block.lsn = lsn;
    block.block.payload = input->Take(input->Byte());
    FUZZ_EXPECT(writer->Add(block).ok());
  }
  archive::Manifest manifest;
  manifest.database_id = kDatabaseId;
  manifest.files.resize(1);
  FUZZ_EXPECT(writer->Finish(&manifest.files[0]).ok());
  manifest.lsn = manifest.final_lsn = records;
  FUZZ_EXPECT(archive::WriteManifest(&disk, kDirectory, manifest).ok());

  const std::string path = std::string(kDirectory) + "/0000000001.blocks";
  std::string bytes = *disk.Contents(path);
  const size_t low = input->Byte();
  const size_t place = (low | size_t{input->Byte()} << 8) % bytes.size();
  const uint8_t change = input->Byte();
  bytes[place] = static_cast<char>(bytes[place] ^ change);
  disk.SetContents(path, bytes);

  std::unique_ptr<archive::FileReader> reader;
  Status status =
      archive::FileReader::Open(&disk, kDirectory, manifest.files[0], kDatabaseId, &reader);
  uint64_t read = 0;
  archive::ArchivedBlock block;
  while (status.ok() && (status = reader->Next(&block)).ok()) {
    FUZZ_EXPECT(block.block.lsn == ++read);
  }
  // Whole if, and only if, nothing was changed.
  FUZZ_EXPECT(status.IsNotFound() == (change == 0));
  FUZZ_EXPECT(change != 0 || read == records);
  BackupCheck check;
  FUZZ_EXPECT(CheckBackup(&disk, kDirectory, nullptr, nullptr, &check).ok());
  FUZZ_EXPECT(change == 0 || !check.sound);
  FUZZ_EXPECT(check.whole_up_to_lsn <= records && check.blocks <= records);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = fuzz::Bytes(data, size);
  if (bytes.empty()) {
    return 0;
  }
  switch (bytes[0] % 3) {
    case 0:
      TryManifest(std::string(bytes.substr(1)));
      break;
    case 1:
      TryBody(bytes.substr(1));
      break;
    default: {
      Input input(bytes.substr(1));
      TryFile(&input);
    }
  }
  return 0;
}
