#include "import/outcome_writer.h"

#include <iterator>

#include <fmt/format.h>

#include "output/escape.h"
#include "output/json.h"

namespace tallystone::tool {

Status OutcomeWriter::Open(const std::string& path, bool for_spreadsheet,
                           std::unique_ptr<OutcomeWriter>* writer) {
  auto opened = std::make_unique<OutcomeWriter>();
  opened->for_spreadsheet_ = for_spreadsheet;
  if (path == "-") {
    opened->sink_ = &Sink::Stdout();
  } else {
    if (Status s = Sink::Create(path, &opened->file_sink_); !s.ok()) {
      return s;
    }
    opened->sink_ = opened->file_sink_.get();
    opened->ndjson_ = path.ends_with(".ndjson") || path.ends_with(".jsonl");
  }
  if (!opened->ndjson_) {
    opened->sink_->Write("line,outcome,item,code,decided_by\n");
  }
  *writer = std::move(opened);
  return Status::Ok();
}

void OutcomeWriter::Write(uint64_t row, std::string_view outcome, const LineResult& result,
                          std::string_view code) {
  if (sink_->done()) {
    return;
  }
  line_.clear();
  if (ndjson_) {
    WriteNdjson(row, outcome, result, code);
  } else {
    WriteCsv(row, outcome, result, code);
  }
  line_.push_back('\n');
  sink_->Write(line_);
}

void OutcomeWriter::WriteCsv(uint64_t row, std::string_view outcome, const LineResult& result,
                             std::string_view code) {
  const fmt::format_int number(row);
  line_.append(number.data(), number.size()).push_back(',');
  line_.append(outcome).push_back(',');
  if (result.item != 0) {
    const fmt::format_int item(result.item);
    line_.append(item.data(), item.size());
  }
  line_.push_back(',');
  if (for_spreadsheet_) {
    AppendSpreadsheetField(code, &line_);
  } else {
    AppendCsvField(code, &line_);
  }
  line_.push_back(',');
  line_.append(DecidedByName(result.decided_by));
}

void OutcomeWriter::WriteNdjson(uint64_t row, std::string_view outcome, const LineResult& result,
                                std::string_view code) {
  JsonWriter json(&line_);
  json.BeginObject();
  json.Field("file", file_);
  json.Field("line", row);
  json.Field("outcome", outcome);
  json.Key("item");
  if (result.item != 0) {
    json.Number(result.item);
  } else {
    json.Null();
  }
  json.Field("code", code);
  json.Field("decided_by", DecidedByName(result.decided_by));
  json.EndObject();
}

}  // namespace tallystone::tool
