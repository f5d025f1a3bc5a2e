#include "report/dead_letters.h"

#include <tuple>

#include "report/top_list.h"

namespace tallystone::tool {
namespace {

// Texts are kept whole in the database, not on a page.
constexpr size_t kTextBytesMax = 2000;

struct Latest {
  bool operator()(const DeadLetter& left, const DeadLetter& right) const {
    return std::tie(right.lsn, left.key.line) < std::tie(left.lsn, right.key.line);
  }
};

// The field that `dead-letters retry --set` mends; "" where the line is right, or where it depends.
std::string_view FieldToMend(Outcome cause) {
  switch (cause) {
    case Outcome::kNoItem:
    case Outcome::kUnknownItem:
    case Outcome::kAmbiguousItem:
      return "code";
    default:
      return FieldOfCause(cause);
  }
}

// The text, cut at the end of a character where it is too long.
std::string_view Cut(std::string_view text) {
  size_t size = std::min(text.size(), kTextBytesMax);
  while (size > 0 && size < text.size() &&
         (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  return text.substr(0, size);
}

void WriteText(std::string_view key, std::string_view text, JsonWriter* json) {
  if (!text.empty()) {
    json->Field(key, Cut(text));
  }
}

void WriteLetter(const DeadLetter& letter, JsonWriter* json) {
  json->BeginObject();
  json->Field("tenant", letter.key.tenant);
  json->Field("batch", letter.key.batch);
  json->Field("line", letter.key.line);
  json->Field("attempts", letter.attempts);
  json->Field("lsn", letter.lsn);
  json->Field("failed_at_us", letter.failed_at_us);
  WriteText("detail", letter.detail, json);
  WriteText("code", letter.code, json);
  WriteText("description", letter.description, json);
  WriteText("quantity", letter.quantity, json);
  WriteText("unit_cost", letter.unit_cost, json);
  WriteText("vendor", letter.vendor, json);
  WriteText("document", letter.document, json);
  WriteText("time", letter.time, json);
  WriteText("raw", letter.raw, json);
  json->EndObject();
}

}  // namespace

std::string_view FieldOfCause(Outcome cause) {
  switch (cause) {
    case Outcome::kBadQuantity:
    case Outcome::kZeroQuantity:
    case Outcome::kQuantityOutOfRange:
      return "quantity";
    case Outcome::kBadPrice:
    case Outcome::kPriceOutOfRange:
      return "unit_cost";
    default:
      return {};
  }
}

Status CollectLetters(Inspector* inspector, size_t letters_max, LettersReport* report) {
  *report = {};
  std::unique_ptr<Cursor<DeadLetter>> cursor;
  if (Status s = inspector->NewDeadLetterCursor({}, &cursor); !s.ok()) {
    return s;
  }
  using Letters = TopList<DeadLetter, Latest>;
  std::vector<Letters> latest(kOutcomeCount, Letters(letters_max));
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const auto cause = static_cast<size_t>(cursor->value().cause);
    ++report->total;
    ++report->causes[cause].count;
    latest[cause].Offer(cursor->value());
  }
  for (size_t cause = 0; cause < latest.size(); ++cause) {
    report->causes[cause].latest = latest[cause].Take();
  }
  return cursor->status();
}

void WriteLetters(const LettersReport& report, JsonWriter* json) {
  json->BeginObject();
  json->Field("total", report.total);
  json->Key("causes");
  json->BeginArray();
  for (size_t index = 0; index < report.causes.size(); ++index) {
    const LettersReport::Cause& cause = report.causes[index];
    if (cause.count == 0) {
      continue;
    }
    const auto outcome = static_cast<Outcome>(index);
    json->BeginObject();
    json->Field("cause", OutcomeName(outcome));
    json->Field("meaning", OutcomeText(outcome));
    json->Field("mend", FieldToMend(outcome));
    json->Field("count", cause.count);
    json->Key("letters");
    json->BeginArray();
    for (const DeadLetter& letter : cause.latest) {
      WriteLetter(letter, json);
    }
    json->EndArray();
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace tallystone::tool
