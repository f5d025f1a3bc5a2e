#include "import/jsonl_rows.h"

#include <simdjson.h>

#include <array>
#include <climits>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "output/text.h"

namespace tallystone::tool {
namespace {

namespace ondemand = simdjson::ondemand;

// Keys of a file repeat on every line: what they are for is looked up once. A file with very many
// keys is looked up anew for each.
class KeyCache {
 public:
  static constexpr size_t kKeysMax = 256;

  explicit KeyCache(const HeaderRules* rules) : rules_(rules) {}

  const std::vector<HeaderRules::Match>& Recognise(std::string_view key) {
    if (const auto found = known_.find(key); found != known_.end()) {
      return found->second;
    }
    matches_.clear();
    rules_->Recognise(key, &matches_);
    if (known_.size() < kKeysMax) {
      known_.emplace(key, matches_);
    }
    return matches_;
  }

 private:
  const HeaderRules* rules_;
  std::map<std::string, std::vector<HeaderRules::Match>, std::less<>> known_;
  std::vector<HeaderRules::Match> matches_;
};

// The text of a scalar. False: not a text, number or null, or damaged.
bool ScalarText(ondemand::value value, std::string_view* text) {
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) {
    return false;
  }
  switch (type) {
    case ondemand::json_type::string:
      return value.get_string().get(*text) == simdjson::SUCCESS;
    case ondemand::json_type::number:
      // The token itself: a double would round it.
      *text = Strip(value.raw_json_token());
      return true;
    case ondemand::json_type::null: {
      bool null = false;
      *text = {};
      return value.is_null().get(null) == simdjson::SUCCESS && null;
    }
    default:
      return false;
  }
}

// How deep a value may be that nobody asks for.
constexpr int kDepthMax = 64;

// Whether a value that is passed over is one. simdjson would not look, and after one that is
// missing
// ({"x":,"price":2}) it takes the wrong texts for keys.
bool IsValue(ondemand::value value, int depth) {
  ondemand::json_type type;
  if (depth > kDepthMax || value.type().get(type) != simdjson::SUCCESS) {
    return false;
  }
  switch (type) {
    case ondemand::json_type::object: {
      ondemand::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) {
        return false;
      }
      for (auto entry : object) {
        ondemand::field field;
        std::string_view key;
        if (std::move(entry).get(field) != simdjson::SUCCESS ||
            field.unescaped_key().get(key) != simdjson::SUCCESS ||
            !IsValue(field.value(), depth + 1)) {
          return false;
        }
      }
      return true;
    }
    case ondemand::json_type::array: {
      ondemand::array array;
      if (value.get_array().get(array) != simdjson::SUCCESS) {
        return false;
      }
      for (auto entry : array) {
        ondemand::value element;
        if (std::move(entry).get(element) != simdjson::SUCCESS || !IsValue(element, depth + 1)) {
          return false;
        }
      }
      return true;
    }
    case ondemand::json_type::number: {
      // Only its form: a quantity beyond 64 bits is none of our business here.
      const std::string_view token = Strip(value.raw_json_token());
      double number = 0;
      return value.get_double().get(number) == simdjson::SUCCESS ||
             token.find_first_not_of("0123456789") == std::string_view::npos;
    }
    case ondemand::json_type::boolean: {
      bool boolean = false;
      return value.get_bool().get(boolean) == simdjson::SUCCESS;
    }
    default: {
      std::string_view text;
      return ScalarText(value, &text);
    }
  }
}

}  // namespace

class JsonRows::Parser {
 public:
  explicit Parser(const HeaderRules* rules) : keys_(rules) {}

  // Reads one object. Some bytes behind `line` are read too and mean nothing. False: not a usable
  // object. The texts are valid until the next call.
  bool Parse(std::string_view line) {
    ranks_.fill(INT_MAX);
    texts_.fill({});
    ondemand::document document;
    ondemand::object object;
    const simdjson::padded_string_view padded(line.data(), line.size(),
                                              line.size() + simdjson::SIMDJSON_PADDING);
    if (parser_.iterate(padded).get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS) {
      return false;
    }
    for (auto entry : object) {
      ondemand::field field;
      std::string_view key;
      if (std::move(entry).get(field) != simdjson::SUCCESS ||
          field.unescaped_key().get(key) != simdjson::SUCCESS || !Take(key, field.value())) {
        return false;
      }
    }
    const char* rest = nullptr;
    const bool at_end = document.current_location().get(rest) != simdjson::SUCCESS;
    return at_end && AnyFound();
  }

  [[nodiscard]] bool Has(Field field) const { return ranks_[Index(field)] != INT_MAX; }
  [[nodiscard]] std::string_view Text(Field field) const { return texts_[Index(field)]; }

 private:
  static size_t Index(Field field) { return static_cast<size_t>(field); }

  bool Take(std::string_view key, ondemand::value value) {
    const std::vector<HeaderRules::Match>& matches = keys_.Recognise(key);
    if (matches.empty()) {
      return IsValue(value, 1);
    }
    std::string_view text;
    if (!ScalarText(value, &text)) {
      return false;
    }
    for (const HeaderRules::Match& match : matches) {
      int& rank = ranks_[Index(match.field)];
      if (match.rank == rank) {
        return false;
      }
      if (match.rank < rank) {
        rank = match.rank;
        texts_[Index(match.field)] = text;
      }
    }
    return true;
  }

  [[nodiscard]] bool AnyFound() const {
    for (const int rank : ranks_) {
      if (rank != INT_MAX) {
        return true;
      }
    }
    return false;
  }

  ondemand::parser parser_;
  KeyCache keys_;
  std::array<int, kFieldCount> ranks_ = {};
  std::array<std::string_view, kFieldCount> texts_;
};

Status DetectJson(const HeaderRules& rules, std::string_view beginning, bool whole,
                  JsonDialect* dialect, bool* need_more) {
  *need_more = false;
  if (!whole) {
    beginning = beginning.substr(0, beginning.rfind('\n') + 1);
  }
  MemorySource source(beginning);
  JsonRows rows(&source, &rules, {}, {});
  bool any = false;
  for (Row row; rows.Next(&row);) {
    any = true;
    const bool item =
        rows.Has(Field::kCode) || rows.Has(Field::kDescription) || rows.Has(Field::kGtin);
    if (row.unreadable != Outcome::kAccepted || !rows.Has(Field::kQuantity) || !item) {
      continue;
    }
    for (const Field field : {Field::kTenant, Field::kBatch}) {
      if (rules.Named(field) && !rows.Has(field)) {
        return Status::InvalidArgument("there is no key \"" + rules.NameOf(field) + "\" for the " +
                                       std::string(FieldName(field)) + " in row " +
                                       std::to_string(row.number));
      }
    }
    dialect->has_unit_cost = rows.Has(Field::kUnitCost);
    return Status::Ok();
  }
  if (!whole) {
    *need_more = true;
    return Status::Ok();
  }
  return Status::InvalidArgument(
      (any ? "no line is a JSON object with the keys of a stock line; " : "the file is empty; ") +
      ExpectedHeaders());
}

JsonRows::JsonRows(ByteSource* source, const HeaderRules* rules, const JsonDialect& dialect,
                   const Sizes& sizes)
    : buffer_(source, {sizes.buffer_bytes, sizes.line_bytes_max, simdjson::SIMDJSON_PADDING}),
      dialect_(dialect),
      parser_(std::make_unique<Parser>(rules)) {}

JsonRows::~JsonRows() = default;

bool JsonRows::Has(Field field) const {
  return parser_->Has(field);
}

Status JsonRows::status() const {
  return buffer_.status();
}

// The next line that is not blank, without its line end. What is kept of a line that does not fit
// is its beginning.
bool JsonRows::NextLine(std::string_view* line, bool* too_long) {
  constexpr size_t kKeptBytes = 64 * 1024;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  *too_long = false;
  buffer_.Consume(std::exchange(consume_, 0));
  for (size_t searched = 0;;) {
    std::string_view data = buffer_.data();
    const size_t found = data.find('\n', searched);
    size_t size = found;
    if (found == std::string_view::npos) {
      searched = data.size();
      const RecordBuffer::Fill fill = buffer_.More();
      if (fill == RecordBuffer::Fill::kMore) {
        continue;
      }
      data = buffer_.data();  // moved, even where nothing was added
      if (fill == RecordBuffer::Fill::kFull && !*too_long) {
        long_line_.assign(data.substr(0, kKeptBytes));
        *too_long = true;
      }
      if (fill == RecordBuffer::Fill::kFull) {
        buffer_.Consume(data.size());
        searched = 0;
        continue;
      }
      if (fill == RecordBuffer::Fill::kError || (data.empty() && !*too_long)) {
        return false;
      }
      size = data.size();
    }
    const size_t with_end = found == std::string_view::npos ? size : size + 1;
    *line = *too_long ? std::string_view(long_line_) : data.substr(0, size);
    if (buffer_.offset() == 0 && line->starts_with(kByteOrderMark)) {
      line->remove_prefix(kByteOrderMark.size());
    }
    if (!*too_long && Strip(*line).empty()) {
      buffer_.Consume(with_end);
      searched = 0;
      continue;
    }
    consume_ = with_end;
    return true;
  }
}

bool JsonRows::Next(Row* row) {
  std::string_view line;
  bool too_long = false;
  if (!NextLine(&line, &too_long)) {
    return false;
  }
  *row = Row{};
  row->number = ++rows_;
  row->raw = line;
  if (row->raw.ends_with('\r')) {
    row->raw.remove_suffix(1);
  }
  if (too_long || !parser_->Parse(line)) {
    row->unreadable = Outcome::kBadColumns;
    return true;
  }
  for (size_t index = 0; index < kLineFieldCount; ++index) {
    const auto field = static_cast<Field>(index);
    FieldOf(&row->line, field) = parser_->Text(field);
  }
  if (!dialect_.has_unit_cost && !parser_->Has(Field::kUnitCost)) {
    row->line.unit_cost = "0";
  }
  row->tenant = Strip(parser_->Text(Field::kTenant));
  row->batch = Strip(parser_->Text(Field::kBatch));
  return true;
}

}  // namespace tallystone::tool
