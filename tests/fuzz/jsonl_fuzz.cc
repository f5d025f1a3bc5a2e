// JsonRows: every line that is not empty is one row, whatever the size of buffer and reads.
#include "fuzz.h"
#include "import/jsonl_rows.h"

namespace {

using namespace tallystone::tool;  // NOLINT: one small program

std::vector<std::string> ReadAll(std::string_view text, size_t buffer_bytes, size_t piece) {
  const HeaderRules rules{ColumnNames{.columns = {}, .tenant = "tenant", .batch = "batch"}};
  MemorySource source(text, piece);
  JsonRows rows(&source, &rules, {}, {.buffer_bytes = buffer_bytes, .line_bytes_max = 1 << 20});
  std::vector<std::string> texts;
  uint64_t number = 0;
  for (Row row; rows.Next(&row);) {
    FUZZ_EXPECT(row.number == ++number);
    std::string one(row.raw);
    if (row.unreadable == tallystone::Outcome::kAccepted) {
      for (const std::string_view field :
           {row.line.code, row.line.description, row.line.quantity, row.line.unit_cost,
            row.line.vendor, row.line.gtin, row.line.unit, row.line.document, row.line.time,
            row.line.line_id, row.tenant, row.batch}) {
        one += "\n" + std::string(field);
      }
    }
    texts.push_back(one);
  }
  FUZZ_EXPECT(rows.status().ok());
  return texts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tallystone::fuzz::Bytes(data, size);
  JsonDialect dialect;
  bool need_more = false;
  DetectJson(HeaderRules(ColumnNames{}), text, true, &dialect, &need_more).PermitUnchecked();
  const std::vector<std::string> rows = ReadAll(text, 1 << 16, SIZE_MAX);
  FUZZ_EXPECT(ReadAll(text, 1, 1) == rows);
  FUZZ_EXPECT(ReadAll(text, 16, 5) == rows);
  FUZZ_EXPECT(rows.size() <= static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  return 0;
}
