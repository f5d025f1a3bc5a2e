// Rows of a CSV file.
#pragma once

#include "import/csv_reader.h"
#include "import/header.h"
#include "import/row.h"

namespace tallystone::tool {

// The dialect of a CSV file, told from its beginning.
struct CsvDialect {
  char delimiter = ',';
  ColumnMap columns;
};

// Tells the dialect from `beginning`, the first bytes of a file (`whole`: all of them). `delimiter`
// 0 = of , ; tab | the one whose header has most recognised columns, then most columns. *need_more:
// the header does not end within `beginning`. kInvalidArgument: the header is not usable.
Status DetectCsv(const HeaderRules& rules, std::string_view beginning, bool whole, char delimiter,
                 CsvDialect* dialect, bool* need_more);

// A record with more or fewer fields than the header is kBadColumns. A file without a unit cost
// column has a unit cost of 0 in each row.
class CsvRows : public RowReader {
 public:
  // `source` begins with the header; it is not owned.
  CsvRows(ByteSource* source, const CsvDialect& dialect);

  bool Next(Row* row) override;
  [[nodiscard]] Status status() const override { return reader_.status(); }

 private:
  CsvReader reader_;
  ColumnMap columns_;
  uint64_t rows_ = 0;
  bool header_read_ = false;
};

}  // namespace tallystone::tool
