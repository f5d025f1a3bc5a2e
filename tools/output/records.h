// RecordWriter: the rows of a reading command in the format that was asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "output/json.h"
#include "output/sink.h"

namespace tallystone::tool {

enum class Format {
  kTable,
  kCsv,
  kSpreadsheetCsv,  // texts are made harmless to a spreadsheet: see AppendSpreadsheetField
  kJson,
  kNdjson
};

struct Column {
  enum class Kind {
    kText,
    kCount,    // a whole number: a JSON number
    kDecimal,  // an exact decimal: a JSON string, so that no reader rounds it
    kBool,     // "true" or "false"
  };
  std::string name;
  Kind kind = Kind::kText;
};

// What stands around the rows.
struct Heading {
  std::string name;  // of the array in JSON, and of the rows in messages: "inventory"
  // The state that the rows show; none where every row says its own.
  std::optional<uint64_t> as_of_lsn = 0;
  // Of the second of two databases that are compared: JSON then has as_of_lsn_a and as_of_lsn_b.
  std::optional<uint64_t> other_lsn = std::nullopt;
};

class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  // One cell per column, in order.
  virtual void Write(const std::vector<std::string>& cells) = 0;
  // After the last row. Not called when the sink is done.
  virtual void End() = 0;
};

// `terminal_width` 0: a table takes the width it needs. Nothing is owned; both outlive the writer.
std::unique_ptr<RecordWriter> NewRecordWriter(Format format, const std::vector<Column>& columns,
                                              const Heading& heading, size_t terminal_width,
                                              Sink* sink);

// One cell as a JSON value; one row as a JSON object.
void WriteJsonCell(Column::Kind kind, const std::string& cell, JsonWriter* json);
void WriteJsonRow(const std::vector<Column>& columns, const std::vector<std::string>& cells,
                  JsonWriter* json);

}  // namespace tallystone::tool
