// A directory of log segments of any content: it is read to one answer, twice the same; reading
// changes nothing; Open agrees with reading; and a log that opens can be written to (laws L1, L10).
//
// Bytes: u8 mode | u8 `after` | segments. Mode bit 0 clear: each segment is u16 size | its bytes,
// as they are. Set: each is a list of steps that make sound headers and records out of hostile
// numbers, so that what stands behind the checksums is reached.
#include <vector>

#include "batchlog/batch_log.h"
#include "batchlog/format.h"
#include "batchlog/log_scan.h"
#include "fuzz.h"
#include "support/fault_file_system.h"

namespace {

using namespace tallystone;  // NOLINT: one small program
using fuzz::Input;

constexpr char kPath[] = "log";
constexpr size_t kSegmentsMax = 4;
const std::string kDatabaseId = "0123456789abcdef";

std::string RawSegment(Input* input) {
  const size_t low = input->Byte();
  return std::string(input->Take(low | size_t{input->Byte()} << 8));
}

std::string MadeSegment(uint64_t sequence, Input* input) {
  Lsn lsn = input->Byte();
  batchlog::SegmentHeader header = {
      .sequence = sequence, .first = lsn, .bytes = 64u << 10, .database_id = kDatabaseId};
  std::string bytes = batchlog::EncodeSegmentHeader(header);
  for (bool more = true; more && !input->empty();) {
    switch (input->Below(8)) {
      case 0:
      case 1:
      case 2: {  // the next record, in a group of its own or not
        const Lsn synced = lsn == 0 ? 0 : lsn - std::min<Lsn>(lsn, 1 + input->Below(4));
        const std::string_view payload = input->Take(input->Byte());
        lsn = std::max<Lsn>(lsn, 1);
        batchlog::AppendRecord(lsn, std::min(synced, lsn - 1), sequence, payload, &bytes);
        ++lsn;
        break;
      }
      case 3:  // another LSN
        lsn = input->Byte();
        break;
      case 4: {  // damage
        const size_t back = 1 + input->Byte();
        bytes[bytes.size() - std::min(back, bytes.size())] ^= static_cast<char>(input->Byte());
        break;
      }
      case 5:  // nothing where records could stand, or a torn end
        bytes.append(input->Byte(), '\0');
        bytes.resize(bytes.size() - input->Below(64));
        break;
      case 6: {  // a record of another life of the file
        const std::string_view payload = input->Take(input->Below(32));
        batchlog::AppendRecord(std::max<Lsn>(lsn, 1), 0, sequence + 1, payload, &bytes);
        break;
      }
      default:
        more = false;
    }
  }
  return bytes;
}

struct Reading {
  Status status;
  std::vector<std::pair<Lsn, std::string>> records;
};

BatchLog::ReplayFunction Collect(Reading* reading, Lsn after) {
  return [reading, after](const LoggedChunk& chunk) {
    FUZZ_EXPECT(chunk.lsn == after + 1 + reading->records.size());
    reading->records.emplace_back(chunk.lsn, *chunk.payload);
    return Status::Ok();
  };
}

Reading Scan(FaultFileSystem* disk, Lsn after, batchlog::LogContents* contents) {
  Reading reading;
  bool starts_after = false;
  reading.status = batchlog::ScanLog(disk, kPath, kDatabaseId, after, Collect(&reading, after),
                                     contents, &starts_after);
  return reading;
}

void ExpectWritable(FaultFileSystem* disk, Lsn after, const Reading& expected) {
  BatchLogOptions options;
  options.file_system = disk;
  options.segment_bytes = 64u << 10;
  Reading opened;
  std::unique_ptr<BatchLog> log;
  FUZZ_EXPECT(
      BatchLog::Open(options, kPath, kDatabaseId, after, Collect(&opened, after), nullptr, &log)
          .ok());
  FUZZ_EXPECT(opened.records == expected.records);
  Lsn lsn = 0;
  FUZZ_EXPECT(log->Append(std::make_shared<const std::string>("new"), &lsn).ok());
  FUZZ_EXPECT(lsn == after + 1 + expected.records.size());
  FUZZ_EXPECT(log->Sync(lsn).ok());
  log.reset();
  disk->Crash(FaultFileSystem::Keep::kNothing);
  batchlog::LogContents contents;
  Reading again = Scan(disk, after, &contents);
  FUZZ_EXPECT(again.status.ok());
  FUZZ_EXPECT(again.records.size() == expected.records.size() + 1);
  FUZZ_EXPECT(again.records.back().second == "new");
  again.records.pop_back();
  FUZZ_EXPECT(again.records == expected.records);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(fuzz::Bytes(data, size));
  const bool made = (input.Byte() & 1) != 0;
  const Lsn after = input.Byte();
  FaultFileSystem disk;
  FUZZ_EXPECT(disk.CreateDirectory(kPath).ok());
  for (uint64_t sequence = 1; sequence <= kSegmentsMax && !input.empty(); ++sequence) {
    disk.SetContents(std::string(kPath) + "/" + batchlog::SegmentName(sequence),
                     made ? MadeSegment(sequence, &input) : RawSegment(&input));
  }
  const uint64_t before = disk.Fingerprint();
  batchlog::LogContents contents;
  const Reading one = Scan(&disk, after, &contents);
  const Reading two = Scan(&disk, after, &contents);
  FUZZ_EXPECT(one.status.code() == two.status.code() && one.records == two.records);
  FUZZ_EXPECT(disk.Fingerprint() == before);
  if (one.status.ok()) {
    FUZZ_EXPECT(contents.tail.next == after + 1 + one.records.size());
    ExpectWritable(&disk, after, one);
    return 0;
  }
  BatchLogOptions options;
  options.file_system = &disk;
  std::unique_ptr<BatchLog> log;
  FUZZ_EXPECT(!BatchLog::Open(options, kPath, kDatabaseId, after, nullptr, nullptr, &log).ok());
  FUZZ_EXPECT(log == nullptr);
  FUZZ_EXPECT(disk.Fingerprint() == before);
  return 0;
}
