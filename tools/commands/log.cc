// tallystone log: the batch log of a database, sound or not.
#include "commands/log.h"

#include "commands/list.h"
#include "commands/log_report.h"
#include "output/json.h"
#include "output/progress.h"
#include "output/text.h"
#include "process/give_way.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct SegmentOptions : ListOptions {
  std::string kept;
};

ExitCode RunList(const SegmentOptions& options) {
  std::unique_ptr<LogInspector> inspector;
  if (const Status s = OpenLog(options.database, options.kept, &inspector); !s.ok()) {
    return Fail(s);
  }
  const std::vector<Column> columns = {
      {"sequence", Kind::kCount},   {"file", Kind::kText},      {"state", Kind::kText},
      {"first_lsn", Kind::kCount},  {"last_lsn", Kind::kCount}, {"records", Kind::kCount},
      {"bytes_used", Kind::kCount}, {"bytes", Kind::kCount},    {"in_store", Kind::kBool},
      {"torn_tail", Kind::kBool},   {"damage", Kind::kCount},
  };
  VectorCursor<LogSegment> cursor(inspector->segments());
  const ExitCode listed = ListRecords(
      options, {"segments", inspector->as_of_lsn()}, columns, &cursor,
      [](const LogSegment&) { return true; },
      [](const LogSegment& segment, std::vector<std::string>* row) {
        const auto if_live = [&](std::string value) { return segment.live ? value : ""; };
        const auto flag = [&](bool value) { return if_live(value ? "true" : "false"); };
        *row = {std::to_string(segment.sequence),
                segment.file,
                segment.live ? "live" : "free",
                if_live(std::to_string(segment.first_lsn)),
                segment.last_lsn == 0 ? "" : std::to_string(segment.last_lsn),
                if_live(std::to_string(segment.records)),
                if_live(std::to_string(segment.bytes_used)),
                std::to_string(segment.bytes),
                flag(segment.in_store),
                flag(segment.torn_tail),
                if_live(std::to_string(segment.damage))};
      });
  return listed == kExitOk ? LogExitCode(inspector.get()) : listed;
}

struct VerifyOptions {
  std::string database;
  std::string kept;
  bool json = false;
};

void WriteDamage(const LogEntry& entry, JsonWriter* json) {
  const LogDamage& damage = entry.damage;
  json->BeginObject();
  json->Field("file", entry.file);
  json->Field("offset", entry.offset);
  json->Field("end_offset", entry.end_offset);
  json->Field("what", damage.what);
  json->Field("first_lsn", damage.first_lsn);
  json->Field("last_lsn", damage.last_lsn);
  json->Flag("in_store", damage.in_store);
  json->Field("meaning", damage.meaning);
  json->EndObject();
}

void PrintJson(const LogReport& report, const LogInspector& inspector) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("as_of_lsn", inspector.as_of_lsn());
  json.Field("applied_lsn", inspector.applied_lsn());
  json.Flag("sound", report.sound);
  WriteLogState(report, &json);
  json.Field("segments", report.segments);
  json.Field("free_segments", report.free_segments);
  json.Field("records", report.records);
  json.Field("lines", report.lines);
  json.Field("bytes", report.bytes);
  json.Field("segments_released_meanwhile", report.released);
  json.Flag("torn_tail", report.torn_tail);
  json.Field("torn_at", report.torn_at);
  json.Field("store_problem", inspector.store_problem());
  json.Field("damage_count", report.damage_count);
  json.Key("damage");
  json.BeginArray();
  for (const LogEntry& entry : report.damage) {
    WriteDamage(entry, &json);
  }
  json.EndArray();
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

void PrintText(const LogReport& report, const LogInspector& inspector) {
  std::string text = report.sound ? "sound"
                                  : "DAMAGED: " + Thousands(report.damage_count) +
                                        (report.damage_count == 1 ? " place" : " places");
  text += ": " + Thousands(report.records) + " records with " + Thousands(report.lines) +
          " lines in " + Thousands(report.segments) +
          (report.segments == 1 ? " segment" : " segments") + " checked, as of LSN " +
          std::to_string(inspector.as_of_lsn());
  text += inspector.store_problem().empty() ? "; the store has everything up to LSN " +
                                                  std::to_string(inspector.applied_lsn()) + "\n"
                                            : "\n";
  if (!report.sound) {
    text += PlainText(report.meaning) + "\n" + DamageText(report);
  }
  if (report.torn_tail) {
    text += "note: " + PlainText(report.torn_at) +
            " an unfinished group begins that was never acknowledged; it is cut when the database "
            "is opened\n";
  }
  if (report.released > 0) {
    text += "note: a writer released " + Thousands(report.released) +
            " segments meanwhile: the store has what was in them\n";
  }
  Sink::Stdout().Write(text);
}

ExitCode RunVerify(const VerifyOptions& options) {
  std::unique_ptr<LogInspector> inspector;
  if (const Status s = OpenLog(options.database, options.kept, &inspector); !s.ok()) {
    return Fail(s);
  }
  LogReport report;
  Progress progress("verifying the log of " + options.database);
  const Status s = inspector->Verify(
      [&](uint64_t done, uint64_t total) { progress.Update(done, done, total); }, &report);
  progress.Clear();
  if (!s.ok()) {
    return Fail(s);
  }
  if (options.json) {
    PrintJson(report, *inspector);
  } else {
    PrintText(report, *inspector);
  }
  return Finish(report.sound ? kExitOk : kExitCorruption);
}

void AddLogListCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("ls", "List the segments of the log");
  command->footer(
      "in_store: the store has every record of the segment. Exit code 5: the log is not sound.\n"
      "Examples:\n"
      "  tallystone log ls --db stock.db\n"
      "  tallystone log ls --db stock.db --format ndjson");
  auto options = std::make_shared<SegmentOptions>();
  AddDatabaseOption(command, &options->database);
  AddKeptOption(command, &options->kept);
  AddFormatOption(command, &options->format);
  command->callback([=] { chosen->run = [=] { return RunList(*options); }; });
}

void AddLogVerifyCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("verify", "Check every record of the log, and say who is concerned");
  command->footer(
      "Exit code 0: sound, 5: damaged. An end that a crash tore, and that nobody was told of, is a "
      "note.\n"
      "Examples:\n"
      "  tallystone log verify --db stock.db\n"
      "  tallystone log verify --db stock.db --json");
  auto options = std::make_shared<VerifyOptions>();
  AddDatabaseOption(command, &options->database);
  AddKeptOption(command, &options->kept);
  AddJsonOption(command, &options->json);
  command->callback([=] { chosen->run = [=] { return RunVerify(*options); }; });
}

}  // namespace

Status OpenLog(const std::string& database, const std::string& kept,
               std::unique_ptr<LogInspector>* inspector) {
  const Status s = kept.empty() ? LogInspector::Open(Options{}, database, inspector)
                                : LogInspector::OpenKept(Options{}, database, kept, inspector);
  if (!s.ok()) {
    return s;
  }
  if (const std::string& problem = (*inspector)->store_problem(); !problem.empty()) {
    PrintMessage("the store cannot be read, so names of tenants may be missing: " + problem);
  }
  return Status::Ok();
}

void AddKeptOption(CLI::App* command, std::string* kept) {
  command->add_option("--log", *kept, "The log that a repair kept under this name (log.damaged-1)")
      ->type_name("NAME");
}

ExitCode LogExitCode(LogInspector* inspector) {
  LogReport report;
  if (const Status s = inspector->Verify(nullptr, &report); !s.ok()) {
    return Fail(s);
  }
  if (report.sound) {
    return kExitOk;
  }
  PrintMessage("the log is not sound: " + report.meaning);
  return kExitCorruption;
}

std::string FlagsText(const LogRecord& record) {
  std::string text;
  const auto add = [&](bool set, const char* name) {
    if (set) {
      text += (text.empty() ? "" : " ") + std::string(name);
    }
  };
  add(record.first, "first");
  add(record.last, "last");
  add(record.retry, "retry");
  add(record.drop, "drop");
  add(record.new_tenant, "new_tenant");
  return text;
}

void AddLogCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command =
      parent->add_subcommand("log", "Look at the batch log, also of a database that is in use");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  tallystone log ls --db stock.db\n"
      "  tallystone log cat --db stock.db --limit 20\n"
      "  tallystone log verify --db stock.db");
  AddLogListCommand(command, chosen);
  AddLogCatCommand(command, chosen);
  AddLogVerifyCommand(command, chosen);
}

}  // namespace tallystone::tool
