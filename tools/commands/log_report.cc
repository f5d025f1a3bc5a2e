#include "commands/log_report.h"

#include <memory>

#include "output/text.h"

namespace tallystone::tool {

const std::vector<Column>& StrandedColumns() {
  using Kind = Column::Kind;
  static const std::vector<Column> columns = {
      {"tenant", Kind::kText},     {"batch", Kind::kText},       {"kind", Kind::kText},
      {"first_lsn", Kind::kCount}, {"last_lsn", Kind::kCount},   {"records", Kind::kCount},
      {"lines", Kind::kCount},     {"first_line", Kind::kCount}, {"last_line", Kind::kCount},
  };
  return columns;
}

void FillStranded(const StrandedBatch& batch, std::vector<std::string>* row) {
  *row = {batch.tenant,
          batch.batch,
          batch.retry  ? "retry"
          : batch.drop ? "drop"
                       : "lines",
          std::to_string(batch.first_lsn),
          std::to_string(batch.last_lsn),
          std::to_string(batch.records),
          std::to_string(batch.lines),
          std::to_string(batch.first_line),
          std::to_string(batch.last_line)};
}

void WriteLogState(const LogReport& report, JsonWriter* json) {
  json->Field("state", LogStateName(report.state));
  json->Field("meaning", report.meaning);
  json->Field("usable_first_lsn", report.usable_first_lsn);
  json->Field("usable_last_lsn", report.usable_last_lsn);
  json->Field("usable_lines", report.usable_lines);
  json->Field("stranded_records", report.stranded_records);
  json->Field("stranded_lines", report.stranded_lines);
  json->Key("stranded");
  json->BeginArray();
  std::vector<std::string> row;
  for (const StrandedBatch& batch : report.stranded) {
    FillStranded(batch, &row);
    WriteJsonRow(StrandedColumns(), row, json);
  }
  json->EndArray();
}

std::string DamageText(const LogReport& report) {
  std::string text;
  for (const LogEntry& entry : report.damage) {
    text += "  " + PlainText(entry.damage.what) + "\n    " + PlainText(entry.damage.meaning) + "\n";
  }
  if (report.damage_count > report.damage.size()) {
    text += "  and " + Thousands(report.damage_count - report.damage.size()) + " more\n";
  }
  return text;
}

Status JudgeLog(const std::string& database, LogReport* report) {
  std::unique_ptr<LogInspector> log;
  if (Status s = LogInspector::Open(Options{}, database, &log); !s.ok()) {
    return s;
  }
  return log->Verify(nullptr, report);
}

}  // namespace tallystone::tool
