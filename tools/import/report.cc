#include "import/report.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "output/json.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

// The names and values of a summary, the values below each other.
class Entries {
 public:
  void Add(std::string_view name, const std::string& value) {
    width_ = std::max(width_, name.size());
    entries_.emplace_back(name, value);
  }
  [[nodiscard]] std::string Text() const {
    std::string text;
    for (const auto& [name, value] : entries_) {
      text += fmt::format("  {:<{}} {}\n", name, width_, value);
    }
    return text;
  }

 private:
  size_t width_ = 15;
  std::vector<std::pair<std::string, std::string>> entries_;
};

std::string Rate(const ImportReport& report) {
  if (report.seconds <= 0) {
    return {};
  }
  const double rate = static_cast<double>(report.lines) / report.seconds;
  return ", " + Thousands(static_cast<uint64_t>(rate)) + " lines/s";
}

std::string Headline(const ImportReport& report) {
  const std::string counts =
      Counted(report.items_processed, "line") + " " +
      (report.dry_run ? "would be booked" : "booked") + ", " + Thousands(report.items_failed) +
      " failed" +
      (report.lines_refused > 0 ? ", " + Thousands(report.lines_refused) + " refused"
                                : std::string());
  if (report.interrupted) {
    return "interrupted: " + counts + " so far";
  }
  if (report.nothing_new()) {
    return "already imported: " + Counted(report.lines, "line") + ", 0 new";
  }
  return (report.dry_run ? "dry run, " : "") + std::string(BatchStatusName(report.status())) +
         ": " + counts;
}

std::string BatchCounts(const ImportReport& report) {
  std::string text = Thousands(report.batches);
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) {
      text += ", " + Thousands(count) + " " + std::string(what);
    }
  };
  add(report.batches_resent, "imported before");
  add(report.batches_continued, "continued");
  add(report.batches_refused, "refused");
  add(report.batches_unfinished, "unfinished");
  return text;
}

}  // namespace

BatchStatus ImportReport::status() const {
  if (items_failed == 0 && lines_refused == 0 && batches_refused == 0) {
    return BatchStatus::kSuccess;
  }
  return items_processed == 0 ? BatchStatus::kFailed : BatchStatus::kPartialSuccess;
}

ExitCode ImportReport::exit_code() const {
  if (items_failed == 0 && lines_refused == 0 && batches_refused == 0) {
    return kExitOk;
  }
  return items_processed + items_failed == 0 ? kExitInput : kExitDeadLetters;
}

bool ImportReport::nothing_new() const {
  return !dry_run && lines > 0 && lines_logged == 0 && batches_refused == 0 && !interrupted &&
         batches_continued == 0;
}

void WriteSummary(const ImportReport& report, Sink* sink) {
  Entries entries;
  for (size_t index = 0; index < report.files.size(); ++index) {
    const ImportReport::File& file = report.files[index];
    const std::string batch = file.batch.empty() ? "" : ", batch " + PlainText(file.batch);
    entries.Add(index == 0 ? "files" : "",
                PlainText(file.name) + ": " + Counted(file.lines, "line") + batch);
  }
  entries.Add("batches", BatchCounts(report));
  entries.Add("tenants", Thousands(report.tenants.size()));
  if (!report.dry_run) {
    entries.Add(
        "new", Counted(report.lines_logged, "line") + ", " + Counted(report.items_created, "item"));
  }
  for (int outcome = 0; outcome < kOutcomeCount; ++outcome) {
    if (report.by_outcome[outcome] > 0) {
      entries.Add(OutcomeName(static_cast<Outcome>(outcome)),
                  Thousands(report.by_outcome[outcome]));
    }
  }
  if (report.lines_refused > 0) {
    entries.Add("batch_conflict", Thousands(report.lines_refused));
  }
  entries.Add("time", Duration(report.seconds) + Rate(report));
  if (!report.dry_run) {
    entries.Add("as of LSN", std::to_string(report.lsn));
  }
  sink->Write(Headline(report) + "\n" + entries.Text());
}

void WriteJsonReport(const ImportReport& report, Sink* sink) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("status", BatchStatusName(report.status()));
  json.Field("items_processed", report.items_processed);
  json.Field("items_failed", report.items_failed);
  json.Field("lines_refused", report.lines_refused);
  json.Key("failed_items");
  json.BeginArray();
  for (const ImportReport::FailedRow& failed : report.failed_items) {
    json.BeginObject();
    json.Field("file", failed.file);
    json.Field("line", failed.row);
    json.Field("code", failed.code);
    json.Field("error", failed.error);
    json.EndObject();
  }
  json.EndArray();
  json.Seconds("processing_time", report.seconds);
  json.Field("lines", report.lines);
  json.Field("lines_new", report.lines_logged);
  json.Field("items_created", report.items_created);
  json.Field("tenants", uint64_t{report.tenants.size()});
  json.Field("batches", report.batches);
  json.Field("resent", report.batches_resent);
  json.Field("continued", report.batches_continued);
  json.Field("refused", report.batches_refused);
  json.Field("unfinished", report.batches_unfinished);
  json.Flag("already_imported", report.nothing_new());
  json.Key("outcomes");
  json.BeginObject();
  for (int outcome = 0; outcome < kOutcomeCount; ++outcome) {
    if (report.by_outcome[outcome] > 0) {
      json.Field(OutcomeName(static_cast<Outcome>(outcome)), report.by_outcome[outcome]);
    }
  }
  json.EndObject();
  json.Key("files");
  json.BeginArray();
  for (const ImportReport::File& file : report.files) {
    json.BeginObject();
    json.Field("file", file.name);
    json.Field("batch", file.batch);
    json.Field("lines", file.lines);
    json.EndObject();
  }
  json.EndArray();
  json.Flag("dry_run", report.dry_run);
  json.Flag("interrupted", report.interrupted);
  json.Field("lsn", report.lsn);
  json.Field("level", report.dry_run ? "none" : report.interrupted ? "logged" : "applied");
  json.EndObject();
  text.push_back('\n');
  sink->Write(text);
}

}  // namespace tallystone::tool
