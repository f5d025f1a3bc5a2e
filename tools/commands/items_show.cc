// tallystone items show: all there is to know of one item.
#include <algorithm>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include "commands/items.h"
#include "commands/list.h"
#include "commands/review.h"
#include "commands/rows.h"
#include "output/json.h"
#include "output/terminal.h"
#include "output/text.h"

namespace tallystone::tool {
namespace {

using Kind = Column::Kind;

struct ShowOptions {
  std::string database;
  bool json = false;
  ItemKey key;  // no tenant: of the one that has it
  uint64_t limit = 10;
};

// How often a batch is among the lines shown.
struct BatchShare {
  std::string batch;
  uint64_t lines = 0;
  uint64_t last_lsn = 0;
};

struct ItemReport {
  ItemInfo item;
  std::optional<Balance> balance;  // none: no line is booked on it
  std::optional<Review> review;
  std::vector<ItemName> names;
  std::deque<Transaction> lines;    // the last ones, oldest first
  std::vector<BatchShare> batches;  // of these lines, newest first
};

// The last lines of an item stand somewhere before its last chunk: looks back ever further.
Status ReadLastLines(Inspector* inspector, uint64_t limit, ItemReport* report) {
  constexpr uint64_t kFirstStretch = 64;  // chunks
  constexpr uint64_t kGrowth = 8;
  if (!report->balance) {
    return Status::Ok();
  }
  Filter filter;
  filter.tenant = report->item.tenant;
  filter.item = report->item.item;
  const uint64_t last = report->balance->last_lsn;
  const uint64_t wanted = std::min(limit, report->balance->lines);
  for (uint64_t stretch = kFirstStretch; report->lines.size() < wanted; stretch *= kGrowth) {
    filter.first_lsn = last > stretch ? last - stretch : 1;
    report->lines.clear();
    std::unique_ptr<Cursor<Transaction>> cursor;
    if (Status s = inspector->NewTransactionCursor(filter, &cursor); !s.ok()) {
      return s;
    }
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      report->lines.push_back(cursor->value());
      if (report->lines.size() > wanted) {
        report->lines.pop_front();
      }
    }
    if (Status s = cursor->status(); !s.ok() || filter.first_lsn == 1) {
      return s;
    }
  }
  return Status::Ok();
}

template <typename Record, typename Visit>
Status ForEach(Cursor<Record>* cursor, const Visit& visit) {
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    visit(cursor->value());
  }
  return cursor->status();
}

Status ReadReport(Inspector* inspector, const ShowOptions& options, ItemReport* report) {
  if (Status s = inspector->GetItem(options.key, &report->item); !s.ok()) {
    return s;
  }
  Filter filter;
  filter.tenant = report->item.tenant;
  filter.item = report->item.item;
  Balance balance;
  Status s = inspector->GetBalance({filter.tenant, {}, filter.item}, &balance);
  if (s.ok()) {
    report->balance = std::move(balance);
  } else if (!s.IsNotFound()) {
    return s;
  }
  std::unique_ptr<Cursor<Review>> reviews;
  s = inspector->NewReviewCursor(filter, &reviews);
  if (s.ok()) {
    s = ForEach(reviews.get(), [&](const Review& review) { report->review = review; });
  }
  std::unique_ptr<Cursor<ItemName>> names;
  if (s.ok()) {
    s = inspector->NewNameCursor(filter, &names);
  }
  if (s.ok()) {
    s = ForEach(names.get(), [&](const ItemName& name) { report->names.push_back(name); });
  }
  if (s.ok()) {
    s = ReadLastLines(inspector, options.limit, report);
  }
  for (auto line = report->lines.rbegin(); line != report->lines.rend(); ++line) {
    const auto found =
        std::find_if(report->batches.begin(), report->batches.end(),
                     [&](const BatchShare& share) { return share.batch == line->batch; });
    if (found == report->batches.end()) {
      report->batches.push_back({line->batch, 1, line->lsn});
    } else {
      ++found->lines;
    }
  }
  return s;
}

const std::vector<Column>& NameColumns() {
  static const std::vector<Column> columns = {
      {"kind", Kind::kText},  {"vendor", Kind::kText},       {"name", Kind::kText},
      {"item", Kind::kCount}, {"merged_item", Kind::kCount},
  };
  return columns;
}

std::vector<std::string> NameCells(const ItemName& name) {
  return {std::string(NameKindName(name.kind)), name.vendor, name.name, std::to_string(name.item),
          NumberOrNothing(name.merged_item)};
}

const std::vector<Column>& ShareColumns() {
  static const std::vector<Column> columns = {
      {"batch", Kind::kText}, {"lines", Kind::kCount}, {"last_lsn", Kind::kCount}};
  return columns;
}

std::vector<std::string> ShareCells(const BatchShare& share) {
  return {share.batch, std::to_string(share.lines), std::to_string(share.last_lsn)};
}

void PrintJson(Inspector* inspector, const ItemReport& report) {
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("as_of_lsn", inspector->as_of_lsn());
  json.Field("tenant", report.item.tenant);
  json.Field("item", report.item.item);
  json.Field("code", report.item.code);
  json.Field("description", report.item.description);
  json.Field("gtin", report.item.gtin);
  json.Field("unit", report.item.unit);
  const Balance balance = report.balance.value_or(Balance{});
  json.Field("on_hand", balance.on_hand.ToString());
  json.Field("value", balance.value.ToString());
  json.Field("lines", balance.lines);
  json.Field("last_lsn", balance.last_lsn);
  json.Field("last_time", balance.last_time);
  json.Key("review");
  if (report.review) {
    WriteReview(inspector, *report.review, &json);
  } else {
    json.Null();
  }
  json.Key("names");
  json.BeginArray();
  for (const ItemName& name : report.names) {
    WriteJsonRow(NameColumns(), NameCells(name), &json);
  }
  json.EndArray();
  json.Key("transactions");
  json.BeginArray();
  std::vector<std::string> row;
  for (const Transaction& line : report.lines) {
    FillTransaction(line, &row);
    WriteJsonRow(TransactionColumns(), row, &json);
  }
  json.EndArray();
  json.Key("batches");
  json.BeginArray();
  for (const BatchShare& share : report.batches) {
    WriteJsonRow(ShareColumns(), ShareCells(share), &json);
  }
  json.EndArray();
  json.EndObject();
  Sink::Stdout().Write(text + "\n");
}

// Some of the columns of transactions, of which a terminal has room.
void PrintLines(const std::deque<Transaction>& lines) {
  const std::vector<Column> columns = {
      {"batch", Kind::kText},       {"line", Kind::kCount},        {"lsn", Kind::kCount},
      {"quantity", Kind::kDecimal}, {"unit_cost", Kind::kDecimal}, {"decided_by", Kind::kText},
      {"description", Kind::kText}, {"vendor", Kind::kText},       {"time", Kind::kText},
  };
  const auto table = NewRecordWriter(Format::kTable, columns, {}, TableWidth(), &Sink::Stdout());
  for (const Transaction& line : lines) {
    table->Write({line.batch, std::to_string(line.line), std::to_string(line.lsn),
                  line.quantity.ToString(), line.unit_cost.ToString(),
                  std::string(DecidedByName(line.decided_by)), line.description, line.vendor,
                  line.time});
  }
  table->End();
}

void PrintText(Inspector* inspector, const ItemReport& report) {
  std::string text;
  const auto entry = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      text += fmt::format("{:<13}{}\n", name, PlainText(value));
    }
  };
  entry("tenant", report.item.tenant);
  entry("item", std::to_string(report.item.item));
  entry("code", report.item.code);
  entry("description", report.item.description);
  entry("gtin", report.item.gtin);
  entry("unit", report.item.unit);
  const Balance balance = report.balance.value_or(Balance{});
  entry("on hand", balance.on_hand.ToString());
  entry("value", balance.value.ToString());
  entry("lines", Thousands(balance.lines));
  entry("last LSN", NumberOrNothing(balance.last_lsn));
  entry("last time", balance.last_time);
  entry("as of LSN", std::to_string(inspector->as_of_lsn()));
  if (report.review) {
    text += "\nreview\n" + ReviewText(inspector, *report.review);
  }
  Sink& sink = Sink::Stdout();
  if (!report.names.empty()) {
    sink.Write(text + "\nnames that mean it\n");
    text.clear();
    const auto table = NewRecordWriter(Format::kTable, NameColumns(), {}, TableWidth(), &sink);
    for (const ItemName& name : report.names) {
      table->Write(NameCells(name));
    }
    table->End();
  }
  sink.Write(text);
  if (report.lines.empty()) {
    return;
  }
  sink.Write(fmt::format("\nthe last {} of {} transactions\n", Thousands(report.lines.size()),
                         Thousands(balance.lines)));
  PrintLines(report.lines);
  sink.Write("\ntheir batches\n");
  const auto table = NewRecordWriter(Format::kTable, ShareColumns(), {}, TableWidth(), &sink);
  for (const BatchShare& share : report.batches) {
    table->Write(ShareCells(share));
  }
  table->End();
}

// The one tenant that has the item, where none was named.
Status FindTenant(Inspector* inspector, ItemKey* key) {
  if (!key->tenant.empty()) {
    return Status::Ok();
  }
  const ItemFilter wanted{key->code, key->item};
  std::unique_ptr<Cursor<ItemInfo>> items;
  std::vector<std::string> tenants;
  Status s = inspector->NewItemCursor({}, &items);
  if (s.ok()) {
    s = ForEach(items.get(), [&](const ItemInfo& item) {
      if (wanted.Passes(item.code, item.item)) {
        tenants.push_back(item.tenant);
      }
    });
  }
  const std::string which = key->code.empty() ? "item " + std::to_string(key->item)
                                              : "an item with the code '" + key->code + "'";
  if (!s.ok() || tenants.empty()) {
    return s.ok() ? Status::NotFound("no tenant has " + which) : s;
  }
  if (tenants.size() > 1) {
    constexpr size_t kNamedMax = 10;
    std::string names;
    for (size_t index = 0; index < std::min(tenants.size(), kNamedMax); ++index) {
      names += (index > 0 ? ", " : "") + tenants[index];
    }
    names +=
        tenants.size() > kNamedMax ? " and " + Thousands(tenants.size() - kNamedMax) + " more" : "";
    return Status::InvalidArgument(Thousands(tenants.size()) + " tenants have " + which +
                                   ": say whose with --tenant (" + names + ")");
  }
  key->tenant = tenants.front();
  return s;
}

ExitCode Run(ShowOptions options) {
  LetSignalsEndAtOnce();
  std::unique_ptr<Inspector> inspector;
  if (const Status s = OpenInspector(options.database, &inspector); !s.ok()) {
    return Fail(s);
  }
  if (const Status s = FindTenant(inspector.get(), &options.key); !s.ok()) {
    return Fail(s);
  }
  ItemReport report;
  if (const Status s = ReadReport(inspector.get(), options, &report); !s.ok()) {
    return Fail(s);
  }
  if (options.json) {
    PrintJson(inspector.get(), report);
  } else {
    PrintText(inspector.get(), report);
  }
  return Finish();
}

}  // namespace

void AddItemsShowCommand(CLI::App* parent, Chosen* chosen) {
  CLI::App* command = parent->add_subcommand(
      "show", "Show one item: the names that mean it, its balance, review and last lines");
  command->footer(
      "Names: seen (in a line; anybody's), learned (a person said so, or booked as misspelled), "
      "vendor_code, merged (what\n"
      "meant merged_item means item).\n"
      "Examples:\n"
      "  tallystone items show WID-10 --db stock.db --tenant acme\n"
      "  tallystone items show --item 17 --db stock.db --limit 100 --json");
  auto options = std::make_shared<ShowOptions>();
  CLI::Option* code = command->add_option("CODE", options->key.code, "Code of the item");
  command->add_option("--item", options->key.item, "Number of the item, where it has no code")
      ->type_name("N")
      ->check(CheckPositive)
      ->excludes(code);
  AddDatabaseOption(command, &options->database);
  command
      ->add_option("--tenant", options->key.tenant,
                   "Of this tenant; without it, of the one that has it")
      ->type_name("NAME");
  command
      ->add_option("--limit", options->limit,
                   "The last N transactions (default 10); `transactions` lists them all")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
  AddJsonOption(command, &options->json);
  command->callback([=] {
    if (options->key.code.empty() && options->key.item == 0) {
      throw CLI::RequiredError("CODE or --item");
    }
    chosen->run = [=] { return Run(*options); };
  });
}

}  // namespace tallystone::tool
