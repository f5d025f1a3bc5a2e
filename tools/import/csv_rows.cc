#include "import/csv_rows.h"

#include "output/text.h"

namespace tallystone::tool {
namespace {

constexpr std::string_view kDelimiters = ",;\t|";

// One way to read the header.
struct Candidate {
  bool found = false;   // there is a record
  bool broken = false;  // with an unclosed quote
  std::vector<std::string> headers;
};

Candidate ReadHeader(std::string_view beginning, char delimiter) {
  MemorySource source(beginning);
  CsvReader reader(&source, {.delimiter = delimiter});
  Candidate candidate;
  candidate.found = reader.Next();
  candidate.broken = reader.broken();
  candidate.headers.assign(reader.fields().begin(), reader.fields().end());
  return candidate;
}

size_t Score(const HeaderRules& rules, const Candidate& candidate) {
  const std::vector<std::string_view> headers(candidate.headers.begin(), candidate.headers.end());
  return (CountRecognised(rules, headers) << 32) + headers.size();
}

}  // namespace

Status DetectCsv(const HeaderRules& rules, std::string_view beginning, bool whole, char delimiter,
                 CsvDialect* dialect, bool* need_more) {
  *need_more = false;
  if (beginning.starts_with("\xFF\xFE") || beginning.starts_with("\xFE\xFF")) {
    return Status::InvalidArgument("the file is UTF-16; save it as UTF-8");
  }
  if (!whole) {
    // Whole lines only: a header that is cut off is then missing or has an unclosed quote.
    beginning = beginning.substr(0, beginning.rfind('\n') + 1);
  }
  const std::string_view delimiters =
      delimiter != 0 ? std::string_view(&delimiter, 1) : kDelimiters;
  Candidate best;
  size_t best_score = 0;
  bool any_broken = false;
  for (const char used : delimiters) {
    Candidate candidate = ReadHeader(beginning, used);
    if (!whole && (!candidate.found || candidate.broken)) {
      *need_more = true;
      return Status::Ok();
    }
    if (!candidate.found) {
      return Status::InvalidArgument("the file is empty; " + ExpectedHeaders());
    }
    any_broken = any_broken || candidate.broken;
    const size_t score = Score(rules, candidate);
    if (!candidate.broken && score > best_score) {
      best = std::move(candidate);
      best_score = score;
      dialect->delimiter = used;
    }
  }
  Status s = MapColumns(rules, {best.headers.begin(), best.headers.end()}, &dialect->columns);
  if (!s.ok() && any_broken) {
    return Status::InvalidArgument("the header has an unclosed quote; " + ExpectedHeaders());
  }
  return s;
}

CsvRows::CsvRows(ByteSource* source, const CsvDialect& dialect)
    : reader_(source, {.delimiter = dialect.delimiter}), columns_(dialect.columns) {}

bool CsvRows::Next(Row* row) {
  if (!header_read_) {
    header_read_ = true;
    if (!reader_.Next()) {
      return false;
    }
  }
  if (!reader_.Next()) {
    return false;
  }
  *row = Row{};
  row->number = ++rows_;
  row->raw = reader_.raw();
  const std::vector<std::string_view>& fields = reader_.fields();
  if (reader_.broken() || fields.size() != columns_.columns) {
    row->unreadable = Outcome::kBadColumns;
    return true;
  }
  for (size_t index = 0; index < kLineFieldCount; ++index) {
    if (columns_.column[index] != ColumnMap::kNone) {
      FieldOf(&row->line, static_cast<Field>(index)) =
          fields[static_cast<size_t>(columns_.column[index])];
    }
  }
  if (!columns_.has(Field::kUnitCost)) {
    row->line.unit_cost = "0";
  }
  if (columns_.has(Field::kTenant)) {
    row->tenant = Strip(fields[static_cast<size_t>(columns_.of(Field::kTenant))]);
  }
  if (columns_.has(Field::kBatch)) {
    row->batch = Strip(fields[static_cast<size_t>(columns_.of(Field::kBatch))]);
  }
  return true;
}

}  // namespace tallystone::tool
