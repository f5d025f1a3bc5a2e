// The bytes of a backup of format 1, for ever: what a golden backup (tests/golden) does not have,
// lines that the store rejected, too.
#include "inspect/archive_format.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "base/text.h"

namespace tallystone::archive {
namespace {

const std::string kDatabaseId = "0123456789abcdef";

FileEntry Entry() {
  FileEntry entry;
  entry.kind = FileKind::kTail;
  entry.number = 7;
  entry.first = 258;
  entry.last = 259;
  entry.bytes = 300;
  entry.sum = 0x1122334455667788;
  return entry;
}

TEST(ArchiveFormatTest, TheBeginningOfAFile) {
  uint64_t seed = 0;
  const std::string bytes = EncodeFileHeader(Entry(), kDatabaseId, &seed);
  EXPECT_EQ(HexText(bytes),
            "544c5941"
            "01000000"
            "01000000"
            "30313233343536373839616263646566"
            "0700000000000000"
            "0201000000000000"
            "ce6084dafd2abef0");
  uint64_t again = 0;
  EXPECT_TRUE(CheckFileHeader(bytes, Entry(), kDatabaseId, &again).ok());
  EXPECT_EQ(again, seed);
}

TEST(ArchiveFormatTest, ARecordWithLinesThatTheStoreRejected) {
  ArchivedBlock archived;
  archived.block.lsn = 258;
  archived.block.payload = "chunk";
  archived.block.rejected = {3, 5};
  archived.causes = {"no", "full"};
  std::string bytes;
  uint64_t checksum = 0;
  EncodeRecord(archived, 7, &bytes, &checksum);
  EXPECT_EQ(HexText(bytes),
            "77102d09c63430f9"
            "0201000000000000"
            "10000000"
            "02"
            "03"
            "026e6f"
            "01"
            "0466756c6c"
            "6368756e6b");
  ArchivedBlock again;
  EXPECT_TRUE(IsWhole(bytes, 7));
  ASSERT_TRUE(DecodeBody(std::string_view(bytes).substr(kRecordHeaderBytes), &again).ok());
  EXPECT_EQ(again.block.rejected, archived.block.rejected);
  EXPECT_EQ(again.causes, archived.causes);
  EXPECT_EQ(again.block.payload, archived.block.payload);
}

TEST(ArchiveFormatTest, AManifest) {
  Manifest manifest;
  manifest.database_id = kDatabaseId;
  manifest.backups = 7;
  manifest.taken_at_us = 300;
  manifest.lsn = 259;
  manifest.final_lsn = 257;
  manifest.lines = 1000;
  manifest.final_lines = 900;
  manifest.digest = "00112233445566778899aabbccddeeff";
  FileEntry blocks = Entry();
  blocks.kind = FileKind::kBlocks;
  blocks.number = 1;
  blocks.first = 1;
  blocks.last = 257;
  manifest.files = {blocks, Entry()};
  const std::string bytes = EncodeManifest(manifest);
  EXPECT_EQ(HexText(bytes),
            "544c5942"
            "01000000"
            "30313233343536373839616263646566"
            "07"
            "ac02"
            "8302"
            "8102"
            "e807"
            "8407"
            "20"
            "3030313132323333343435353636373738383939616162626363646465656666"
            "02"
            "00"
            "01"
            "01"
            "8102"
            "ac02"
            "8877665544332211"
            "01"
            "07"
            "8202"
            "8302"
            "ac02"
            "8877665544332211"
            "05e79d11c93acfd8");
  Manifest again;
  ASSERT_TRUE(DecodeManifest(bytes, &again).ok());
  EXPECT_EQ(EncodeManifest(again), bytes);
}

TEST(ArchiveFormatTest, ANewerOneIsRefusedByName) {
  uint64_t seed = 0;
  std::string file = EncodeFileHeader(Entry(), kDatabaseId, &seed);
  file[4] = 2;
  EXPECT_TRUE(CheckFileHeader(file, Entry(), kDatabaseId, &seed).Is(StatusCode::kFormatMismatch));
  Manifest read;
  read.database_id = kDatabaseId;
  std::string manifest = EncodeManifest(read);
  manifest[4] = 2;
  EXPECT_TRUE(DecodeManifest(manifest, &read).Is(StatusCode::kFormatMismatch));
}

}  // namespace
}  // namespace tallystone::archive
