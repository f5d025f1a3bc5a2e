// CsvReader: the same records whatever the size of buffer and reads; records that are written as
// CSV read back as they were. The first byte is the delimiter, the second the longest record.
#include "fuzz.h"
#include "import/csv_reader.h"
#include "import/csv_rows.h"
#include "output/escape.h"

namespace {

using namespace tallystone::tool;  // NOLINT: one small program
using tallystone::fuzz::Input;

struct Record {
  bool broken = false;
  std::string raw;
  std::vector<std::string> fields;
  friend bool operator==(const Record&, const Record&) = default;
};

std::vector<Record> ReadAll(std::string_view text, const CsvReader::Options& options,
                            size_t piece) {
  MemorySource source(text, piece);
  CsvReader reader(&source, options);
  std::vector<Record> records;
  while (reader.Next()) {
    Record& record = records.emplace_back();
    record.broken = reader.broken();
    record.raw = reader.raw();
    record.fields.assign(reader.fields().begin(), reader.fields().end());
    FUZZ_EXPECT(record.broken == record.fields.empty());
  }
  FUZZ_EXPECT(reader.status().ok());
  return records;
}

void ExpectRoundTrip(const std::vector<Record>& records) {
  std::string written = "x\n";  // so that no record stands where a byte order mark would
  std::vector<std::vector<std::string>> expected = {{"x"}};
  for (const Record& record : records) {
    if (record.broken) {
      continue;
    }
    expected.push_back(record.fields);
    if (record.fields == std::vector<std::string>{""}) {
      written += "\"\"";  // an empty line is no record
    }
    for (size_t index = 0; index < record.fields.size(); ++index) {
      written += index > 0 ? "," : "";
      AppendCsvField(record.fields[index], &written);
    }
    written += '\n';
  }
  std::vector<std::vector<std::string>> found;
  for (const Record& record : ReadAll(written, {}, SIZE_MAX)) {
    FUZZ_EXPECT(!record.broken);
    found.push_back(record.fields);
  }
  FUZZ_EXPECT(found == expected);
}

void ReadRows(std::string_view text) {
  const HeaderRules rules{ColumnNames{}};
  CsvDialect dialect;
  bool need_more = false;
  if (!DetectCsv(rules, text, true, 0, &dialect, &need_more).ok()) {
    return;
  }
  FUZZ_EXPECT(!need_more);
  MemorySource source(text);
  CsvRows rows(&source, dialect);
  uint64_t number = 0;
  for (Row row; rows.Next(&row);) {
    FUZZ_EXPECT(row.number == ++number);
  }
  FUZZ_EXPECT(rows.status().ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(tallystone::fuzz::Bytes(data, size));
  CsvReader::Options options;
  options.delimiter = ",;\t|"[input.Below(4)];
  const size_t longest = input.Byte();
  options.record_bytes_max = longest == 0 ? 1 << 20 : longest + 8;
  const std::string_view text = input.Rest();
  options.buffer_bytes = 1 << 16;
  const std::vector<Record> records = ReadAll(text, options, SIZE_MAX);
  if (longest == 0) {
    options.buffer_bytes = 1;
    FUZZ_EXPECT(ReadAll(text, options, 1) == records);
    options.buffer_bytes = 7;
    FUZZ_EXPECT(ReadAll(text, options, 3) == records);
    ExpectRoundTrip(records);
  } else {
    // The buffer is never larger than the longest record, so only the size of reads differs.
    options.buffer_bytes = 8;
    FUZZ_EXPECT(ReadAll(text, options, 1) == ReadAll(text, options, 5));
  }
  ReadRows(text);
  return 0;
}
