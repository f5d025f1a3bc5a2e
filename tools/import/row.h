// Row: one row of an input file, and the readers of rows.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "tallystone/line.h"
#include "tallystone/outcome.h"
#include "tallystone/status.h"

namespace tallystone::tool {

// Views are valid until the next row is read.
struct Row {
  uint64_t number = 0;  // in its file; 1 = first record after the header
  TextLine line;
  std::string_view tenant;  // blanks stripped; meaningful if the file has a column for it
  std::string_view batch;
  Outcome unreadable = Outcome::kAccepted;  // kBadColumns: only `raw` counts
  std::string_view raw;                     // the row as it stands in the file
};

class RowReader {
 public:
  virtual ~RowReader() = default;
  // False at the end and on an error: see status().
  virtual bool Next(Row* row) = 0;
  [[nodiscard]] virtual Status status() const = 0;
};

}  // namespace tallystone::tool
