// tallystone batch show: one batch through the log and the store.
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "commands/list.h"
#include "commands/rows.h"
#include "output/json.h"
#include "output/text.h"
#include "report/candidates.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct ShowOptions : ListOptions {
  bool lines = false;
  bool failed = false;
  bool chunks = false;
};

// Rows of a section of the report for people, unless --limit says another number.
constexpr uint64_t kSectionRows = 20;

const std::vector<Column>& ChunkColumns() {
  static const std::vector<Column> columns = {
      {"lsn", Kind::kCount},        {"kind", Kind::kText},      {"first_line", Kind::kCount},
      {"lines", Kind::kCount},      {"accepted", Kind::kCount}, {"store_rejected", Kind::kCount},
      {"accepted_at", Kind::kText}, {"bytes", Kind::kCount},    {"in_log", Kind::kBool},
      {"in_store", Kind::kBool},
  };
  return columns;
}

void FillChunk(const ChunkInfo& chunk, std::vector<std::string>* row) {
  const auto boolean = [](bool value) { return std::string(value ? "true" : "false"); };
  *row = {std::to_string(chunk.lsn),
          std::string(ChunkKindName(chunk.kind)),
          std::to_string(chunk.first_line),
          std::to_string(chunk.lines),
          std::to_string(chunk.accepted),
          std::to_string(chunk.store_rejected),
          UtcTime(chunk.accepted_at_us),
          std::to_string(chunk.bytes),
          boolean(chunk.in_log),
          boolean(chunk.in_store)};
}

const std::vector<Column>& LineColumns() {
  static const std::vector<Column> columns = {
      {"line", Kind::kCount},
      {"outcome", Kind::kText},
      {"state", Kind::kText},
      {"item", Kind::kCount},
      {"item_code", Kind::kText},
      {"decided_by", Kind::kText},
      {"score", Kind::kDecimal},
      {"runner_up", Kind::kCount},
      {"runner_up_score", Kind::kDecimal},
      {"attempts", Kind::kCount},
      {"lsn", Kind::kCount},
      {"code", Kind::kText},
      {"description", Kind::kText},
      {"quantity", Kind::kText},
      {"unit_cost", Kind::kText},
      {"vendor", Kind::kText},
      {"detail", Kind::kText},
  };
  return columns;
}

// Of these, what people look at in a line that failed.
const std::vector<size_t>& FailedColumns() {
  static const std::vector<size_t> places = [] {
    std::vector<size_t> found;
    for (const char* name : {"line", "outcome", "state", "attempts", "code", "description",
                             "quantity", "unit_cost", "vendor", "detail"}) {
      for (size_t index = 0; index < LineColumns().size(); ++index) {
        if (LineColumns()[index].name == name) {
          found.push_back(index);
        }
      }
    }
    return found;
  }();
  return places;
}

// The lines of a batch beside their dead letters, as rows.
class LineRows {
 public:
  LineRows(Inspector* inspector, const BatchInfo& batch, bool failed_only)
      : inspector_(inspector), batch_(batch), failed_only_(failed_only) {}

  // visit(row) until it says false or the lines end.
  template <typename Visit>
  Status ForEach(const Visit& visit) {
    std::unique_ptr<Cursor<BatchLine>> lines;
    Status s = inspector_->NewLineCursor(batch_.tenant, batch_.batch, &lines);
    if (s.ok()) {
      Filter filter;
      filter.tenant = batch_.tenant;
      filter.batch = batch_.batch;
      s = inspector_->NewDeadLetterCursor(filter, &letters_);
    }
    if (!s.ok()) {
      return s;
    }
    letters_->SeekToFirst();
    std::vector<std::string> row;
    for (lines->SeekToFirst(); lines->Valid(); lines->Next()) {
      const LineResult& result = lines->value().result;
      if (failed_only_ && result.outcome == Outcome::kAccepted) {
        continue;
      }
      Fill(lines->value(), &row);
      if (!visit(row)) {
        break;
      }
    }
    return lines->status().ok() ? letters_->status() : lines->status();
  }

 private:
  static constexpr size_t kCodesKeptMax = 65'536;

  // The letter of the line; null: it has none.
  const DeadLetter* LetterOf(uint64_t line) {
    while (letters_->Valid() && letters_->value().key.batch == batch_.batch &&
           letters_->value().key.line < line) {
      letters_->Next();
    }
    const bool found = letters_->Valid() && letters_->value().key.batch == batch_.batch &&
                       letters_->value().key.line == line;
    return found ? &letters_->value() : nullptr;
  }

  const std::string& CodeOf(uint32_t item) {
    if (codes_.size() >= kCodesKeptMax) {
      codes_.clear();
    }
    const auto [found, fresh] = codes_.try_emplace(item);
    if (fresh && item != 0) {
      found->second = ItemOf(inspector_, batch_.tenant, item).code;
    }
    return found->second;
  }

  void Fill(const BatchLine& line, std::vector<std::string>* row) {
    const LineResult& result = line.result;
    const bool booked = result.outcome == Outcome::kAccepted;
    const DeadLetter* letter = booked ? nullptr : LetterOf(result.line);
    const Candidate runner_up = result.match == nullptr || result.match->candidates.empty()
                                    ? Candidate{}
                                    : result.match->candidates.front();
    const uint32_t score = result.match == nullptr ? 0 : result.match->score;
    *row = {std::to_string(result.line),
            std::string(OutcomeName(result.outcome)),
            booked              ? "booked"
            : letter != nullptr ? "dead_letter"
                                : "dropped",
            NumberOrNothing(result.item),
            CodeOf(result.item),
            std::string(DecidedByName(result.decided_by)),
            score == 0 ? std::string() : ScoreText(score),
            NumberOrNothing(runner_up.item),
            runner_up.item == 0 ? std::string() : ScoreText(runner_up.score),
            letter == nullptr ? std::string() : std::to_string(letter->attempts),
            std::to_string(line.lsn),
            line.code,
            line.description.empty() ? line.raw : line.description,
            line.quantity,
            line.unit_cost,
            line.vendor,
            letter == nullptr ? std::string() : letter->detail};
  }

  Inspector* const inspector_;
  const BatchInfo batch_;
  const bool failed_only_;
  std::unique_ptr<Cursor<DeadLetter>> letters_;
  std::unordered_map<uint32_t, std::string> codes_;
};

// visit(row) for each chunk until it says false.
template <typename Visit>
Status ForEachChunk(Inspector* inspector, const BatchInfo& batch, const Visit& visit) {
  Filter filter;
  filter.tenant = batch.tenant;
  filter.batch = batch.batch;
  std::unique_ptr<Cursor<ChunkInfo>> chunks;
  if (Status s = inspector->NewChunkCursor(filter, &chunks); !s.ok()) {
    return s;
  }
  std::vector<std::string> row;
  for (chunks->SeekToFirst(); chunks->Valid(); chunks->Next()) {
    FillChunk(chunks->value(), &row);
    if (!visit(row)) {
      break;
    }
  }
  return chunks->status();
}

// The rows that `for_each` visits, in the format that was asked for.
template <typename ForEachRow>
ExitCode ListRows(const ListOptions& options, const Heading& heading,
                  const std::vector<Column>& columns, const ForEachRow& for_each) {
  Sink& sink = Sink::Stdout();
  const auto writer = NewRecordWriter(options.format, columns, heading, TableWidth(), &sink);
  uint64_t rows = 0;
  const Status s = for_each([&](const std::vector<std::string>& row) {
    if (sink.done() || (options.limit > 0 && rows == options.limit)) {
      return false;
    }
    ++rows;
    writer->Write(row);
    return true;
  });
  if (!s.ok()) {
    Finish();
    return Fail(s);
  }
  writer->End();
  const ExitCode written = Finish();
  PrintRowCount(options.format, rows, options.limit, heading.as_of_lsn.value_or(0));
  return written;
}

// A section of the report: its first rows, and how many there are more.
template <typename ForEachRow>
Status PrintSection(std::string_view title, const std::vector<Column>& columns, uint64_t limit,
                    std::string_view flag, const ForEachRow& for_each) {
  Sink& sink = Sink::Stdout();
  const auto table = NewRecordWriter(Format::kTable, columns, {}, TableWidth(), &sink);
  const uint64_t shown_max = limit == 0 ? kSectionRows : limit;
  uint64_t rows = 0;
  Status s = for_each([&](const std::vector<std::string>& row) {
    if (rows == 0) {
      sink.Write(fmt::format("\n{}\n", title));
    }
    if (++rows <= shown_max) {
      table->Write(row);
    }
    return !sink.done();
  });
  if (rows > 0) {
    table->End();
  }
  if (rows > shown_max) {
    sink.Write(fmt::format("... and {} more: {}\n", Thousands(rows - shown_max), flag));
  }
  return s;
}

Status PrintReport(const ShowOptions& options, Inspector* inspector, const BatchInfo& batch) {
  std::string text;
  const auto entry = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<13}{}\n", name, value);
  };
  entry("tenant", PlainText(batch.tenant));
  entry("batch", PlainText(batch.batch));
  entry("status", std::string(BatchStatusName(batch.status())) +
                      (batch.finished ? ", finished"
                                      : ", unfinished: sent again it goes on at line " +
                                            Thousands(batch.lines + 1)));
  entry("lines", Thousands(batch.lines) + ": " + Thousands(batch.items_processed) + " booked, " +
                     Thousands(batch.items_failed) + " failed");
  if (batch.retried > 0) {
    entry("retried", Thousands(batch.retried) +
                         " accepted by a retry; what the store then refused is among the failed");
  }
  if (batch.dropped > 0) {
    entry("dropped", Thousands(batch.dropped) + " of the failed were given up");
  }
  entry("accepted at", UtcTime(batch.accepted_at_us));
  entry("LSN", fmt::format("{} to {}, as of LSN {}", batch.first_lsn, batch.last_lsn,
                           inspector->as_of_lsn()));
  Sink::Stdout().Write(text);
  Status s = PrintSection("chunks", ChunkColumns(), options.limit, "--chunks",
                          [&](auto visit) { return ForEachChunk(inspector, batch, visit); });
  if (s.ok() && batch.items_failed > 0) {
    std::vector<Column> columns;
    for (const size_t place : FailedColumns()) {
      columns.push_back(LineColumns()[place]);
    }
    s = PrintSection("failed lines", columns, options.limit, "--failed", [&](auto visit) {
      std::vector<std::string> brief;
      return LineRows(inspector, batch, true).ForEach([&](const std::vector<std::string>& row) {
        brief.clear();
        for (const size_t place : FailedColumns()) {
          brief.push_back(row[place]);
        }
        return visit(brief);
      });
    });
  }
  return s;
}

// The batch with its chunks and failed lines, or with all of its lines.
Status WriteJson(Inspector* inspector, const BatchInfo& batch, bool first) {
  Sink& sink = Sink::Stdout();
  std::string text = first ? "\n" : ",\n";
  std::vector<std::string> row;
  FillBatch(batch, &row);
  JsonWriter json(&text);
  WriteJsonRow(BatchColumns(), row, &json);
  text.pop_back();  // the brace: more follows
  const auto array = [&](std::string_view name, const std::vector<Column>& columns,
                         const auto& for_each) {
    text += ",\"" + std::string(name) + "\":[";
    bool comma = false;
    Status s = for_each([&](const std::vector<std::string>& cells) {
      text += comma ? ",\n" : "\n";
      comma = true;
      JsonWriter writer(&text);
      WriteJsonRow(columns, cells, &writer);
      sink.Write(text);
      text.clear();
      return !sink.done();
    });
    text += "]";
    return s;
  };
  Status s = array("chunks", ChunkColumns(),
                   [&](auto visit) { return ForEachChunk(inspector, batch, visit); });
  if (s.ok()) {
    s = array("failed_lines", LineColumns(), [&](auto visit) {
      return batch.items_failed == 0 ? Status::Ok()
                                     : LineRows(inspector, batch, true).ForEach(visit);
    });
  }
  sink.Write(text + "}");
  return s;
}

Status FindBatches(Inspector* inspector, const Filter& filter, std::vector<BatchInfo>* batches) {
  std::unique_ptr<Cursor<BatchInfo>> cursor;
  if (Status s = inspector->NewBatchCursor(filter, &cursor); !s.ok()) {
    return s;
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    batches->push_back(cursor->value());
  }
  if (Status s = cursor->status(); !s.ok() || !batches->empty()) {
    return s;
  }
  return Status::NotFound("there is no batch " + filter.batch);
}

ExitCode ReportAll(const ShowOptions& options, Inspector* inspector,
                   const std::vector<BatchInfo>& batches) {
  Sink& sink = Sink::Stdout();
  const bool json = options.format == Format::kJson;
  if (json) {
    sink.Write(fmt::format("{{\"schema_version\":{},\"as_of_lsn\":{},\"batches\":[",
                           kJsonSchemaVersion, inspector->as_of_lsn()));
  }
  bool first = true;
  for (const BatchInfo& batch : batches) {
    if (!json && !first) {
      sink.Write('\n');
    }
    const Status s =
        json ? WriteJson(inspector, batch, first) : PrintReport(options, inspector, batch);
    if (!s.ok()) {
      Finish();
      return Fail(s);
    }
    first = false;
  }
  if (json) {
    sink.Write("\n]}\n");
  }
  return Finish();
}

ExitCode Run(const ShowOptions& options) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  std::vector<BatchInfo> batches;
  if (const Status s = FindBatches(inspector.get(), options.filter, &batches); !s.ok()) {
    return Fail(s);
  }
  const uint64_t as_of = inspector->as_of_lsn();
  if ((options.lines || options.failed || options.chunks) && batches.size() > 1) {
    PrintMessage("several tenants have a batch of this id: choose one with --tenant");
    return kExitUsage;
  }
  if (options.chunks) {
    return ListRows(options, {"chunks", as_of}, ChunkColumns(), [&](auto visit) {
      return ForEachChunk(inspector.get(), batches.front(), visit);
    });
  }
  if (options.lines || options.failed) {
    return ListRows(options, {"lines", as_of}, LineColumns(), [&](auto visit) {
      return LineRows(inspector.get(), batches.front(), options.failed).ForEach(visit);
    });
  }
  if (options.format == Format::kTable || options.format == Format::kJson) {
    return ReportAll(options, inspector.get(), batches);
  }
  return ListRows(options, {"batches", as_of}, BatchColumns(), [&](auto visit) {
    std::vector<std::string> row;
    for (const BatchInfo& batch : batches) {
      FillBatch(batch, &row);
      visit(row);
    }
    return Status::Ok();
  });
}

}  // namespace

void AddBatchCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* batch = parent->add_subcommand("batch", "Look at one batch");
  batch->footer("Examples:\n  tallystone batch show invoice/42 --db stock.db");
  batch->require_subcommand(1);
  CLI::App* command =
      batch->add_subcommand("show", "Show a batch: where its chunks are, what became of its lines");
  command->footer(
      "Without --lines, --failed or --chunks: a report for people (table) or one JSON document "
      "with\n"
      "chunks and failed lines; in csv and ndjson the row of `batches`.\n"
      "A line's state is booked, dead_letter, or dropped (given up by a person).\n"
      "Examples:\n"
      "  tallystone batch show invoice/42 --db stock.db\n"
      "  tallystone batch show invoice/42 --db stock.db --failed\n"
      "  tallystone batch show invoice/42 --db stock.db --tenant acme --lines --format csv");
  auto options = std::make_shared<ShowOptions>();
  command->add_option("ID", options->filter.batch, "Batch id")->required();
  AddListOptions(command, {.shown = "batches"}, options.get());
  CLI::Option* lines = command->add_flag(
      "--lines", options->lines,
      "One row per line of the batch: its outcome, its item and how that was found");
  CLI::Option* failed =
      command->add_flag("--failed", options->failed, "The same of the failed lines only");
  CLI::Option* chunks =
      command->add_flag("--chunks", options->chunks, "One row per chunk: its place and size");
  lines->excludes(chunks);
  failed->excludes(chunks);
  command->callback([=] { chosen->run = [=] { return Run(*options); }; });
}

}  // namespace tallystone::tool
