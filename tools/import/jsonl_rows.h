// Rows of a JSON lines file: one object a line.
#pragma once

#include <memory>
#include <string>

#include "import/header.h"
#include "import/record_buffer.h"
#include "import/row.h"

namespace tallystone::tool {

// What the first object of a file says about all of them, as a header does.
struct JsonDialect {
  bool has_unit_cost =
      true;  // false: a unit cost that is missing is 0; otherwise it is a bad price
};

// Looks at the lines of `beginning`, the first bytes of a file (`whole`: all of them), for one that
// has what a line needs. *need_more: there is no whole line yet. kInvalidArgument: no line is
// usable.
Status DetectJson(const HeaderRules& rules, std::string_view beginning, bool whole,
                  JsonDialect* dialect, bool* need_more);

// Keys are recognised like headers. Numbers are taken as their exact text, null as empty. A line
// that is not one JSON object, or has an object, array or boolean where a field is, or the same
// field twice, or no recognised key, is kBadColumns. Empty lines are skipped.
class JsonRows : public RowReader {
 public:
  struct Sizes {
    size_t buffer_bytes = 256 * 1024;
    size_t line_bytes_max = 16 * 1024 * 1024;
  };

  // Neither is owned.
  JsonRows(ByteSource* source, const HeaderRules* rules, const JsonDialect& dialect,
           const Sizes& sizes);
  ~JsonRows() override;

  bool Next(Row* row) override;
  [[nodiscard]] Status status() const override;

  // The field stands in the row that was read, perhaps empty.
  [[nodiscard]] bool Has(Field field) const;

 private:
  class Parser;

  bool NextLine(std::string_view* line, bool* too_long);

  RecordBuffer buffer_;
  JsonDialect dialect_;
  std::unique_ptr<Parser> parser_;
  size_t consume_ = 0;
  uint64_t rows_ = 0;
  std::string long_line_;
};

}  // namespace tallystone::tool
