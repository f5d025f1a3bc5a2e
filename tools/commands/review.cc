// tallystone review list | show: mappings that a person should decide.
#include "commands/review.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "commands/rows.h"
#include "commands/touched.h"
#include "output/json.h"
#include "output/text.h"
#include "report/candidates.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct ReviewOptions : ListOptions {
  bool all = false;
};

// Which reviews are shown.
struct Wanted {
  bool all = false;
  bool by_lines = false;
  uint32_t item = 0;  // 0 = every
  Touched touched;
  std::string code;  // of an item that it may mean

  [[nodiscard]] bool Passes(Inspector* inspector, const Review& review) const {
    const bool open =
        review.status == ReviewStatus::kOpen || review.status == ReviewStatus::kMoving;
    return (all || open) && (item == 0 || item == review.item) &&
           (!by_lines || touched.HasItem(review.tenant, review.item)) &&
           (code.empty() ||
            std::any_of(review.candidates.begin(), review.candidates.end(),
                        [&](const Candidate& candidate) {
                          return ItemOf(inspector, review.tenant, candidate.item).code == code;
                        }));
  }
};

const std::vector<Column>& Columns() {
  static const std::vector<Column> columns = {
      {"tenant", Kind::kText},      {"item", Kind::kCount},       {"status", Kind::kText},
      {"text", Kind::kText},        {"vendor", Kind::kText},      {"candidates", Kind::kCount},
      {"score", Kind::kDecimal},    {"candidate", Kind::kCount},  {"code", Kind::kText},
      {"description", Kind::kText}, {"moved_from", Kind::kCount}, {"moved_to", Kind::kCount},
  };
  return columns;
}

void FillCells(Inspector* inspector, const Review& review, std::vector<std::string>* row) {
  ItemInfo best;
  std::string score;
  if (!review.candidates.empty()) {
    best = ItemOf(inspector, review.tenant, review.candidates.front().item);
    score = ScoreText(review.candidates.front().score);
  }
  *row = {review.tenant,
          std::to_string(review.item),
          std::string(ReviewStatusName(review.status)),
          review.text,
          review.vendor,
          std::to_string(review.candidates.size()),
          score,
          NumberOrNothing(best.item),
          best.code,
          best.description,
          NumberOrNothing(review.moved_from),
          NumberOrNothing(review.moved_to)};
}

// visit(review) for each that was asked for.
template <typename Visit>
Status ForEachReview(uint64_t limit, Inspector* inspector, const Wanted& wanted,
                     Cursor<Review>* cursor, const Visit& visit) {
  uint64_t rows = 0;
  for (cursor->SeekToFirst(); cursor->Valid() && !Sink::Stdout().done(); cursor->Next()) {
    if (!wanted.Passes(inspector, cursor->value())) {
      continue;
    }
    if (limit > 0 && rows++ == limit) {
      break;
    }
    visit(cursor->value());
  }
  return cursor->status();
}

ExitCode ListAsJson(const ReviewOptions& options, Inspector* inspector, const Wanted& wanted,
                    Cursor<Review>* cursor) {
  const bool lines = options.format == Format::kNdjson;
  std::string text;
  JsonWriter json(&text);
  if (!lines) {
    json.BeginObject();
    json.Field("schema_version", static_cast<uint64_t>(kJsonSchemaVersion));
    json.Field("as_of_lsn", inspector->as_of_lsn());
    json.Key("reviews");
    json.BeginArray();
  }
  const Status s =
      ForEachReview(options.limit, inspector, wanted, cursor, [&](const Review& review) {
        if (lines) {
          JsonWriter line(&text);
          WriteReview(inspector, review, &line);
          text += '\n';
        } else {
          WriteReview(inspector, review, &json);
        }
        Sink::Stdout().Write(text);
        text.clear();
      });
  if (!s.ok()) {
    return Fail(s);
  }
  if (!lines) {
    json.EndArray();
    json.EndObject();
    text += '\n';
  }
  Sink::Stdout().Write(text);
  return Finish();
}

ExitCode Run(ReviewOptions options, bool show) {
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  Wanted wanted;
  wanted.all = options.all;
  wanted.code = std::exchange(options.filter.code, {});
  if (const Status s = CollectItems(inspector.get(), &options, &wanted.touched, &wanted.by_lines);
      !s.ok()) {
    return Fail(s);
  }
  wanted.item = TakeItemFilter(&options.filter).item;
  std::unique_ptr<Cursor<Review>> cursor;
  if (const Status s = inspector->NewReviewCursor(options.filter, &cursor); !s.ok()) {
    return Fail(s);
  }
  if (options.format == Format::kJson || options.format == Format::kNdjson) {
    return ListAsJson(options, inspector.get(), wanted, cursor.get());
  }
  if (!show) {
    return ListRecords(
        options, {"reviews", inspector->as_of_lsn()}, Columns(), cursor.get(),
        [&](const Review& review) { return wanted.Passes(inspector.get(), review); },
        [&](const Review& review, std::vector<std::string>* row) {
          FillCells(inspector.get(), review, row);
        });
  }
  uint64_t shown = 0;
  const Status s = ForEachReview(options.limit, inspector.get(), wanted, cursor.get(),
                                 [&](const Review& review) {
                                   Sink::Stdout().Write(shown++ > 0 ? "\n" : "");
                                   Sink::Stdout().Write(ReviewText(inspector.get(), review));
                                 });
  if (!s.ok()) {
    return Fail(s);
  }
  return shown == 0 ? Fail(Status::NotFound("there is no such review")) : Finish();
}

}  // namespace

void WriteReviewFields(Inspector* inspector, const Review& review, JsonWriter* json) {
  json->Field("tenant", review.tenant);
  json->Field("item", review.item);
  json->Field("status", ReviewStatusName(review.status));
  json->Field("text", review.text);
  json->Field("vendor", review.vendor);
  json->Field("version", review.version);
  WriteCandidates(inspector, review.tenant, review.candidates, json);
  json->Field("moved_from", review.moved_from);
  json->Field("moved_to", review.moved_to);
  json->Field("batch", review.batch);
}

void WriteReview(Inspector* inspector, const Review& review, JsonWriter* json) {
  json->BeginObject();
  WriteReviewFields(inspector, review, json);
  json->EndObject();
}

std::string ReviewText(Inspector* inspector, const Review& review) {
  std::string text =
      fmt::format("tenant       {}\nitem         {}\nstatus       {}\n", PlainText(review.tenant),
                  review.item, ReviewStatusName(review.status));
  text += "text         " + PlainText(review.text) + "\n";
  if (!review.vendor.empty()) {
    text += "vendor       " + PlainText(review.vendor) + "\n";
  }
  if (review.moved_to != 0) {
    text += fmt::format("moved        from item {} to item {} by batch {}\n", review.moved_from,
                        review.moved_to, PlainText(review.batch));
  }
  return text + CandidateLines(inspector, review.tenant, review.candidates);
}

void AddReviewCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* review = parent->add_subcommand(
      "review", "Mappings that a person should decide: look at, accept, reject, split");
  review->require_subcommand(1);
  review->footer(
      "Examples:\n"
      "  tallystone review list --db stock.db\n"
      "  tallystone review show --db stock.db --tenant acme --item 17\n"
      "  tallystone review accept --db stock.db --tenant acme --item 17 --is 3");
  CLI::App* list = review->add_subcommand("list", "List what is open");
  list->footer(
      "--item is the item under review, --code that of an item that it may mean.\n"
      "Examples:\n"
      "  tallystone review list --db stock.db --tenant acme\n"
      "  tallystone review list --db stock.db --format ndjson > reviews.ndjson");
  auto options = std::make_shared<ReviewOptions>();
  AddListOptions(list, {.shown = "reviews", .item = true, .batch = true, .range = true},
                 options.get());
  list->add_flag("--all", options->all, "Also what was decided");
  list->callback([=] { chosen->run = [=] { return Run(*options, false); }; });

  CLI::App* show = review->add_subcommand("show", "Show one with its candidates");
  show->footer("Examples:\n  tallystone review show --db stock.db --tenant acme --item 17");
  auto one = std::make_shared<ReviewOptions>();
  one->all = true;
  AddDatabaseOption(show, &one->database);
  AddFormatOption(show, &one->format);
  show->add_option("--tenant", one->filter.tenant, "Of this tenant")->type_name("NAME")->required();
  show->add_option("--item", one->filter.item, "The item under review")
      ->type_name("N")
      ->check(CheckPositive)
      ->required();
  show->callback([=] { chosen->run = [=] { return Run(*one, true); }; });

  AddReviewAnswerCommands(review, chosen);
}

}  // namespace tallystone::tool
