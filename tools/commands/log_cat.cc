// tallystone log cat: the records of the batch log, or their lines.
#include "commands/list.h"
#include "commands/log.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct CatOptions : ListOptions {
  std::string kept;
  bool lines = false;
};

// A line of a record; null where the entry is none.
struct LineRow {
  const LogEntry* entry = nullptr;
  const LogLine* line = nullptr;
};

// The lines of the entries, and what else there is among them.
class LineCursor final : public Cursor<LineRow> {
 public:
  explicit LineCursor(Cursor<LogEntry>* entries) : entries_(entries) {}

  void SeekToFirst() override {
    entries_->SeekToFirst();
    next_ = 0;
    Find();
  }
  [[nodiscard]] bool Valid() const override { return entries_->Valid(); }
  void Next() override {
    ++next_;
    Find();
  }
  [[nodiscard]] const LineRow& value() const override { return row_; }
  [[nodiscard]] Status status() const override { return entries_->status(); }

 private:
  void Find() {
    for (; entries_->Valid(); entries_->Next(), next_ = 0) {
      const LogEntry& entry = entries_->value();
      const bool is_record = entry.kind == LogEntryKind::kRecord;
      if (next_ < (is_record ? entry.record.content.size() : 1)) {
        row_ = {&entry, is_record ? &entry.record.content[next_] : nullptr};
        return;
      }
    }
  }

  Cursor<LogEntry>* const entries_;
  size_t next_ = 0;
  LineRow row_;
};

std::string_view KindName(LogEntryKind kind) {
  switch (kind) {
    case LogEntryKind::kRecord:
      return "record";
    case LogEntryKind::kDamage:
      return "damage";
    case LogEntryKind::kTornTail:
      return "torn_tail";
    case LogEntryKind::kReleased:
      return "released";
  }
  return "";
}

std::string IfAny(uint64_t number) {
  return number == 0 ? "" : std::to_string(number);
}

const std::vector<Column>& RecordColumns() {
  static const std::vector<Column> columns = {
      {"kind", Kind::kText},        {"lsn", Kind::kCount},        {"last_lsn", Kind::kCount},
      {"accepted_at", Kind::kText}, {"tenant", Kind::kText},      {"batch", Kind::kText},
      {"flags", Kind::kText},       {"first_line", Kind::kCount}, {"lines", Kind::kCount},
      {"accepted", Kind::kCount},   {"failed", Kind::kCount},     {"new_items", Kind::kCount},
      {"aliases", Kind::kCount},    {"records", Kind::kCount},    {"payload_bytes", Kind::kCount},
      {"segment", Kind::kCount},    {"offset", Kind::kCount},     {"damage", Kind::kText},
      {"meaning", Kind::kText},
  };
  return columns;
}

void FillRecord(const LogEntry& entry, std::vector<std::string>* row) {
  const LogRecord& record = entry.record;
  const bool is_record = entry.kind == LogEntryKind::kRecord;
  const auto count = [&](uint64_t number) {
    return is_record ? std::to_string(number) : std::string();
  };
  *row = {std::string(KindName(entry.kind)),
          IfAny(is_record ? record.lsn : entry.damage.first_lsn),
          IfAny(entry.damage.last_lsn),
          UtcTime(record.accepted_at_us),
          record.tenant,
          record.batch,
          FlagsText(record),
          count(record.first_line),
          count(record.lines),
          count(record.accepted),
          count(record.failed),
          count(record.new_items),
          count(record.aliases),
          count(record.records),
          count(record.payload_bytes),
          IfAny(entry.segment),
          std::to_string(entry.offset),
          entry.damage.what,
          entry.damage.meaning};
}

const std::vector<Column>& LineColumns() {
  static const std::vector<Column> columns = {
      {"kind", Kind::kText},         {"lsn", Kind::kCount},        {"last_lsn", Kind::kCount},
      {"tenant", Kind::kText},       {"batch", Kind::kText},       {"line", Kind::kCount},
      {"outcome", Kind::kText},      {"decided_by", Kind::kText},  {"item", Kind::kCount},
      {"code", Kind::kText},         {"description", Kind::kText}, {"quantity", Kind::kDecimal},
      {"unit_cost", Kind::kDecimal}, {"vendor", Kind::kText},      {"vendor_code", Kind::kText},
      {"gtin", Kind::kText},         {"unit", Kind::kText},        {"document", Kind::kText},
      {"time", Kind::kText},         {"line_id", Kind::kText},     {"attempts", Kind::kCount},
      {"score", Kind::kText},        {"runner_up", Kind::kCount},  {"runner_up_score", Kind::kText},
      {"raw", Kind::kText},          {"detail", Kind::kText},      {"segment", Kind::kCount},
      {"offset", Kind::kCount},      {"damage", Kind::kText},      {"meaning", Kind::kText},
  };
  return columns;
}

void FillLine(const LineRow& from, std::vector<std::string>* row) {
  static const LogLine kNone;
  const LogEntry& entry = *from.entry;
  const bool is_line = from.line != nullptr;
  const LogLine& line = is_line ? *from.line : kNone;
  *row = {is_line ? "line" : std::string(KindName(entry.kind)),
          IfAny(is_line ? entry.record.lsn : entry.damage.first_lsn),
          IfAny(entry.damage.last_lsn),
          entry.record.tenant,
          entry.record.batch,
          IfAny(line.line),
          is_line ? std::string(OutcomeName(line.outcome)) : "",
          std::string(DecidedByName(line.decided_by)),
          IfAny(line.item),
          line.code,
          line.description,
          line.quantity,
          line.unit_cost,
          line.vendor,
          line.vendor_code,
          line.gtin,
          line.unit,
          line.document,
          line.time,
          line.line_id,
          is_line ? std::to_string(line.attempts) : "",
          line.score == 0 ? "" : ScoreText(line.score),
          IfAny(line.runner_up),
          line.runner_up == 0 ? "" : ScoreText(line.runner_up_score),
          line.raw,
          line.detail,
          IfAny(entry.segment),
          std::to_string(entry.offset),
          entry.damage.what,
          entry.damage.meaning};
}

// What stands between the records is told on stderr, too: in full, where a table is cut.
void Tell(const LogEntry& entry) {
  if (entry.kind != LogEntryKind::kRecord) {
    PrintMessage(entry.damage.what +
                 (entry.damage.meaning.empty() ? "" : ": " + entry.damage.meaning));
  }
}

ExitCode Run(const CatOptions& options) {
  std::unique_ptr<LogInspector> inspector;
  if (const Status s = OpenLog(options.database, options.kept, &inspector); !s.ok()) {
    return Fail(s);
  }
  std::unique_ptr<Cursor<LogEntry>> cursor;
  if (const Status s = inspector->NewCursor(options.filter, options.lines, &cursor); !s.ok()) {
    return Fail(s);
  }
  const Heading heading{options.lines ? "lines" : "records", inspector->as_of_lsn()};
  const auto passes = [&](const LogEntry& entry) {
    Tell(entry);
    return true;
  };
  ExitCode code = kExitOk;
  if (options.lines) {
    LineCursor lines(cursor.get());
    code = ListRecords(
        options, heading, LineColumns(), &lines,
        [&](const LineRow& row) { return row.line != nullptr || passes(*row.entry); }, FillLine);
  } else {
    code = ListRecords(options, heading, RecordColumns(), cursor.get(), passes, FillRecord);
  }
  return code == kExitOk ? LogExitCode(inspector.get()) : code;
}

}  // namespace

void AddLogCatCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand("cat", "Show the records of the log");
  command->footer(
      "What cannot be read is shown where it stands, and what it means for whom; the records\n"
      "behind it follow. Exit code 5: the log is not sound, whatever part of it was shown.\n"
      "Examples:\n"
      "  tallystone log cat --db stock.db\n"
      "  tallystone log cat --db stock.db --batch invoice/42 --lines\n"
      "  tallystone log cat --db stock.db --from 100 --to 120 --format ndjson");
  auto options = std::make_shared<CatOptions>();
  AddListOptions(command, {.batch = true}, options.get());
  AddKeptOption(command, &options->kept);
  command->add_option("--from", options->filter.first_lsn, "From this LSN on")->type_name("LSN");
  command->add_option("--to", options->filter.last_lsn, "Up to this LSN")->type_name("LSN");
  command->add_flag("--lines", options->lines, "The lines of each record");
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
