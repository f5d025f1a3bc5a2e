// Which column of a file is which field of a line.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tallystone/line.h"
#include "tallystone/status.h"

namespace tallystone::tool {

enum class Field : uint8_t {
  kCode,
  kDescription,
  kQuantity,
  kUnitCost,
  kVendor,
  kGtin,
  kUnit,
  kDocument,
  kTime,
  kLineId,
  kVendorCode,
  kTenant,  // only when a column is named for it
  kBatch,   // only when a column is named for it
};
inline constexpr size_t kFieldCount = 13;
inline constexpr size_t kLineFieldCount = 11;

// "code", "unit_cost": the words of --column and of the dead letters.
std::string_view FieldName(Field field);
// The inverse, for fields of a line. False: there is no such field.
bool ParseField(std::string_view name, Field* field);
// Where a field of a line is kept. Requires a field of a line.
std::string_view& FieldOf(TextLine* line, Field field);

// What the user said about columns.
struct ColumnNames {
  std::vector<std::pair<Field, std::string>> columns;  // --column FIELD=HEADER
  std::string tenant;                                  // --tenant-column; empty = none
  std::string batch;                                   // --batch-column; empty = none
};

// Recognises the names of columns and keys, in any case, blanks, '_', '-' and '.' ignored.
class HeaderRules {
 public:
  explicit HeaderRules(const ColumnNames& names);

  struct Match {
    Field field = Field::kCode;
    int rank = 0;  // of several columns for one field the lowest counts; 0 = named by the user
  };
  // Appends what a column of this name is for: nothing, one field, or several (a tenant's column
  // may be the vendor too).
  void Recognise(std::string_view header, std::vector<Match>* matches) const;

  // The user named a column for the field.
  [[nodiscard]] bool Named(Field field) const;
  [[nodiscard]] const std::string& NameOf(Field field) const;

 private:
  std::array<std::string, kFieldCount> named_;  // as the user wrote it; empty = not named
};

// The place of each field in a record.
struct ColumnMap {
  static constexpr int kNone = -1;
  std::array<int, kFieldCount> column = {};
  size_t columns = 0;  // that each record must have
  // What a person may have meant otherwise: a field that another column could be, too.
  std::vector<std::string> doubts;

  [[nodiscard]] int of(Field field) const { return column[static_cast<size_t>(field)]; }
  [[nodiscard]] bool has(Field field) const { return of(field) != kNone; }
};

// Maps a header. kInvalidArgument: what is missing or cannot be told apart, with the headers found
// and what is expected.
Status MapColumns(const HeaderRules& rules, const std::vector<std::string_view>& headers,
                  ColumnMap* map);

// How many of the headers are recognised: to tell delimiters apart.
size_t CountRecognised(const HeaderRules& rules, const std::vector<std::string_view>& headers);

// "expected are a quantity column (Quantity, Qty) and ...".
std::string ExpectedHeaders();

}  // namespace tallystone::tool
