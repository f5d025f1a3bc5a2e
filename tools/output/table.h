// Table: rows for people, in columns that fit the terminal.
#pragma once

#include <string>
#include <vector>

#include "output/records.h"

namespace tallystone::tool {

// The first kSampleRows rows decide the widths of the columns, then rows are written as they come:
// memory is bounded, and a later, wider cell pushes its line out rather than being cut. On a
// terminal the widest text columns are narrowed until a row fits, and cells are cut with "…"; where
// it would not fit anyhow, and elsewhere, nothing is cut, and columns are kPaddedMax wide at most:
// a longer cell pushes out its own line alone. Cells pass PlainText, so no control character of the
// data reaches a terminal.
class Table : public RecordWriter {
 public:
  static constexpr size_t kSampleRows = 1000;
  static constexpr size_t kTextColumnMin = 8;
  static constexpr size_t kPaddedMax = 80;

  // `width_max` 0: cells are whole.
  Table(const std::vector<Column>& columns, size_t width_max, Sink* sink);

  void Write(const std::vector<std::string>& cells) override;
  void End() override;

 private:
  using Cells = std::vector<std::string>;

  void Release();
  // False: it cannot be so narrow.
  bool Narrow();
  void WriteLine(const Cells& cells);
  [[nodiscard]] bool RightAligned(size_t column) const;

  std::vector<Column> columns_;
  size_t width_max_;
  Sink* sink_;
  std::vector<Cells> sample_;
  std::vector<size_t> widths_;
  bool released_ = false;
};

}  // namespace tallystone::tool
