#include "import/header.h"

#include <algorithm>
#include <climits>

#include "output/text.h"

namespace tallystone::tool {
namespace {

constexpr std::string_view kFieldNames[kFieldCount] = {
    "code",     "description", "quantity", "unit_cost",   "vendor", "gtin",  "unit",
    "document", "time",        "line_id",  "vendor_code", "tenant", "batch",
};

struct Alias {
  std::string_view name;  // normalised
  Field field;
};

// Of several columns for one field the one whose name stands first here counts.
constexpr Alias kAliases[] = {
    {"stockcode", Field::kCode},
    {"sku", Field::kCode},
    {"code", Field::kCode},
    {"item", Field::kCode},
    {"description", Field::kDescription},
    {"name", Field::kDescription},
    {"quantity", Field::kQuantity},
    {"qty", Field::kQuantity},
    {"unitprice", Field::kUnitCost},
    {"unitcost", Field::kUnitCost},
    {"price", Field::kUnitCost},
    {"vendor", Field::kVendor},
    {"supplier", Field::kVendor},
    {"gtin", Field::kGtin},
    {"ean", Field::kGtin},
    {"unit", Field::kUnit},
    {"uom", Field::kUnit},
    {"invoiceno", Field::kDocument},
    {"invoice", Field::kDocument},
    {"document", Field::kDocument},
    {"invoicedate", Field::kTime},
    {"date", Field::kTime},
    {"time", Field::kTime},
    {"lineid", Field::kLineId},
    {"vendorcode", Field::kVendorCode},
    {"suppliercode", Field::kVendorCode},
    {"vendorsku", Field::kVendorCode},
    {"suppliersku", Field::kVendorCode},
    {"vendoritem", Field::kVendorCode},
    {"supplieritem", Field::kVendorCode},
};

std::string Normalise(std::string_view header) {
  std::string normal;
  for (const char byte : Strip(header)) {
    if (byte == ' ' || byte == '_' || byte == '-' || byte == '.') {
      continue;
    }
    normal.push_back(byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte);
  }
  return normal;
}

std::string Quoted(std::string_view header) {
  constexpr size_t kWidthMax = 40;
  return "\"" + CutToWidth(PlainText(header.substr(0, 4 * kWidthMax)), kWidthMax) + "\"";
}

std::string ListHeaders(const std::vector<std::string_view>& headers) {
  constexpr size_t kShownMax = 30;
  std::string list;
  for (size_t index = 0; index < std::min(headers.size(), kShownMax); ++index) {
    list += index > 0 ? ", " : "";
    list += Quoted(headers[index]);
  }
  if (headers.size() > kShownMax) {
    list += " and " + std::to_string(headers.size() - kShownMax) + " more";
  }
  return list;
}

Status Unusable(std::string_view what, const std::vector<std::string_view>& headers) {
  return Status::InvalidArgument(std::string(what) + "; found: " + ListHeaders(headers) + "; " +
                                 ExpectedHeaders());
}

// Columns whose names are usual for a field that was taken from another column, of a better name.
void AddDoubts(const HeaderRules& rules, const std::vector<std::string_view>& headers,
               ColumnMap* map) {
  std::vector<HeaderRules::Match> matches;
  for (size_t index = 0; index < headers.size(); ++index) {
    matches.clear();
    rules.Recognise(headers[index], &matches);
    for (const HeaderRules::Match& match : matches) {
      const int taken = map->of(match.field);
      const bool used = std::find(map->column.begin(), map->column.end(),
                                  static_cast<int>(index)) != map->column.end();
      if (taken != static_cast<int>(index) && !used) {
        const std::string name(FieldName(match.field));
        map->doubts.push_back("the " + name + " is taken from the column " +
                              Quoted(headers[static_cast<size_t>(taken)]) + ", not from " +
                              Quoted(headers[index]) + "; to choose: --column " + name + "=HEADER");
      }
    }
  }
}

}  // namespace

std::string_view FieldName(Field field) {
  return kFieldNames[static_cast<size_t>(field)];
}

bool ParseField(std::string_view name, Field* field) {
  for (size_t index = 0; index < kLineFieldCount; ++index) {
    if (name == kFieldNames[index]) {
      *field = static_cast<Field>(index);
      return true;
    }
  }
  return false;
}

std::string_view& FieldOf(TextLine* line, Field field) {
  static constexpr std::string_view TextLine::*kMembers[kLineFieldCount] = {
      &TextLine::code,   &TextLine::description, &TextLine::quantity,    &TextLine::unit_cost,
      &TextLine::vendor, &TextLine::gtin,        &TextLine::unit,        &TextLine::document,
      &TextLine::time,   &TextLine::line_id,     &TextLine::vendor_code,
  };
  return line->*kMembers[static_cast<size_t>(field)];
}

HeaderRules::HeaderRules(const ColumnNames& names) {
  for (const auto& [field, header] : names.columns) {
    named_[static_cast<size_t>(field)] = header;
  }
  named_[static_cast<size_t>(Field::kTenant)] = names.tenant;
  named_[static_cast<size_t>(Field::kBatch)] = names.batch;
}

bool HeaderRules::Named(Field field) const {
  return !NameOf(field).empty();
}

const std::string& HeaderRules::NameOf(Field field) const {
  return named_[static_cast<size_t>(field)];
}

void HeaderRules::Recognise(std::string_view header, std::vector<Match>* matches) const {
  const std::string normal = Normalise(header);
  for (size_t index = 0; index < kFieldCount; ++index) {
    const std::string& name = named_[index];
    if (name.empty()) {
      continue;
    }
    if (name == header) {
      matches->push_back({static_cast<Field>(index), 0});
    } else if (Normalise(name) == normal) {
      matches->push_back({static_cast<Field>(index), 1});
    }
  }
  for (size_t index = 0; index < std::size(kAliases); ++index) {
    if (kAliases[index].name == normal && !Named(kAliases[index].field)) {
      matches->push_back({kAliases[index].field, 2 + static_cast<int>(index)});
    }
  }
}

Status MapColumns(const HeaderRules& rules, const std::vector<std::string_view>& headers,
                  ColumnMap* map) {
  std::array<int, kFieldCount> ranks;
  ranks.fill(INT_MAX);
  map->column.fill(ColumnMap::kNone);
  map->columns = headers.size();
  map->doubts.clear();
  std::vector<HeaderRules::Match> matches;
  std::array<bool, kFieldCount> twice = {};
  for (size_t index = 0; index < headers.size(); ++index) {
    matches.clear();
    rules.Recognise(headers[index], &matches);
    for (const HeaderRules::Match& match : matches) {
      const auto field = static_cast<size_t>(match.field);
      if (match.rank < ranks[field]) {
        ranks[field] = match.rank;
        map->column[field] = static_cast<int>(index);
        twice[field] = false;
      } else if (match.rank == ranks[field]) {
        twice[field] = true;
      }
    }
  }
  for (size_t field = 0; field < kFieldCount; ++field) {
    const std::string name(kFieldNames[field]);
    if (twice[field]) {
      return Unusable(
          "two columns could be the " + name + ": choose one with --column " + name + "=HEADER",
          headers);
    }
    const std::string& named = rules.NameOf(static_cast<Field>(field));
    if (!named.empty() && map->column[field] == ColumnMap::kNone) {
      return Unusable("there is no column \"" + named + "\" for the " + name, headers);
    }
  }
  AddDoubts(rules, headers, map);
  if (!map->has(Field::kQuantity)) {
    return Unusable("no quantity column is recognised", headers);
  }
  const bool vendor_code = map->has(Field::kVendor) && map->has(Field::kVendorCode);
  if (!map->has(Field::kCode) && !map->has(Field::kDescription) && !map->has(Field::kGtin) &&
      !vendor_code) {
    return Unusable("no column is recognised that says what the item is", headers);
  }
  return Status::Ok();
}

size_t CountRecognised(const HeaderRules& rules, const std::vector<std::string_view>& headers) {
  size_t count = 0;
  std::vector<HeaderRules::Match> matches;
  for (const std::string_view header : headers) {
    matches.clear();
    rules.Recognise(header, &matches);
    count += matches.empty() ? 0 : 1;
  }
  return count;
}

std::string ExpectedHeaders() {
  return "expected: Quantity (or Qty), and at least one of StockCode (SKU, Code, Item), "
         "Description "
         "(Name), GTIN (EAN), and Vendor with Vendor Code; other names with --column FIELD=HEADER";
}

}  // namespace tallystone::tool
