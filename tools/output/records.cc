#include "output/records.h"

#include "output/escape.h"
#include "output/table.h"

namespace tallystone::tool {
namespace {

class CsvRecords : public RecordWriter {
 public:
  // `for_spreadsheet`: cells of text columns are made harmless; numbers stay numbers.
  CsvRecords(const std::vector<Column>& columns, bool for_spreadsheet, Sink* sink) : sink_(sink) {
    std::vector<std::string> names;
    for (const Column& column : columns) {
      names.push_back(column.name);
      harmless_.push_back(for_spreadsheet && column.kind == Column::Kind::kText);
    }
    Write(names);
  }

  void Write(const std::vector<std::string>& cells) override {
    line_.clear();
    for (size_t index = 0; index < cells.size(); ++index) {
      if (index > 0) {
        line_.push_back(',');
      }
      if (harmless_[index]) {
        AppendSpreadsheetField(cells[index], &line_);
      } else {
        AppendCsvField(cells[index], &line_);
      }
    }
    line_.push_back('\n');
    sink_->Write(line_);
  }

  void End() override {}

 private:
  std::vector<bool> harmless_;  // of each column
  Sink* sink_;
  std::string line_;
};

class JsonRecords : public RecordWriter {
 public:
  JsonRecords(const std::vector<Column>& columns, const Heading& heading, bool one_a_line,
              Sink* sink)
      : columns_(columns), one_a_line_(one_a_line), sink_(sink) {
    if (!one_a_line_) {
      std::string text = "{\"schema_version\":" + std::to_string(kJsonSchemaVersion) + ",";
      if (heading.as_of_lsn.has_value()) {
        text += heading.other_lsn.has_value() ? "\"as_of_lsn_a\":" : "\"as_of_lsn\":";
        text += std::to_string(*heading.as_of_lsn) + ",";
      }
      if (heading.other_lsn.has_value()) {
        text += "\"as_of_lsn_b\":" + std::to_string(*heading.other_lsn) + ",";
      }
      AppendJsonString(heading.name, &text);
      sink_->Write(text + ":[");
    }
  }

  void Write(const std::vector<std::string>& cells) override {
    line_.clear();
    if (!one_a_line_) {
      line_.append(first_ ? "\n" : ",\n");
    }
    first_ = false;
    JsonWriter json(&line_);
    WriteJsonRow(columns_, cells, &json);
    if (one_a_line_) {
      line_.push_back('\n');
    }
    sink_->Write(line_);
  }

  void End() override {
    if (!one_a_line_) {
      sink_->Write("\n]}\n");
    }
  }

 private:
  std::vector<Column> columns_;
  bool one_a_line_;
  bool first_ = true;
  Sink* sink_;
  std::string line_;
};

}  // namespace

void WriteJsonCell(Column::Kind kind, const std::string& cell, JsonWriter* json) {
  const bool bare = kind == Column::Kind::kCount || kind == Column::Kind::kBool;
  if (!bare) {
    json->Text(cell);
  } else if (cell.empty()) {
    json->Null();
  } else {
    json->Raw(cell);
  }
}

void WriteJsonRow(const std::vector<Column>& columns, const std::vector<std::string>& cells,
                  JsonWriter* json) {
  json->BeginObject();
  for (size_t index = 0; index < cells.size(); ++index) {
    json->Key(columns[index].name);
    WriteJsonCell(columns[index].kind, cells[index], json);
  }
  json->EndObject();
}

std::unique_ptr<RecordWriter> NewRecordWriter(Format format, const std::vector<Column>& columns,
                                              const Heading& heading, size_t terminal_width,
                                              Sink* sink) {
  switch (format) {
    case Format::kTable:
      return std::make_unique<Table>(columns, terminal_width, sink);
    case Format::kCsv:
    case Format::kSpreadsheetCsv:
      return std::make_unique<CsvRecords>(columns, format == Format::kSpreadsheetCsv, sink);
    case Format::kJson:
    case Format::kNdjson:
      break;
  }
  return std::make_unique<JsonRecords>(columns, heading, format == Format::kNdjson, sink);
}

}  // namespace tallystone::tool
