// Values on their way to a server: single parameters, and rows by column, all in PostgreSQL's
// binary formats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tallystone/decimal.h"

namespace tallystone::postgres {

enum class SqlType : uint8_t { kBigint, kInteger, kBoolean, kText, kBytea, kNumeric };
std::string_view SqlTypeName(SqlType type);

struct SqlColumn {
  std::string_view name;
  SqlType type;
};

// One column of many rows. The elements are kept as they stand in an array:
//   i32 bytes, -1 = NULL | bytes
// behind a header that is filled in at the end:
//   i32 dimensions (1) | i32 has NULLs | i32 type | i32 elements | i32 first index (1)
class ColumnValues {
 public:
  explicit ColumnValues(SqlType type);

  void Clear();
  void Add(int64_t value);  // kBigint, kInteger or kBoolean
  void Add(uint64_t value) { Add(static_cast<int64_t>(value)); }
  void Add(Int128 value);           // kNumeric
  void Add(std::string_view text);  // kText (must be SQL text) or kBytea
  void AddNull();

  [[nodiscard]] size_t bytes() const { return bytes_.size(); }
  // As one parameter; valid until the next change.
  std::string_view Array();
  // Calls use(data, bytes) for each element; data is null for NULL.
  template <typename Use>
  void ForEach(const Use& use) const;

 private:
  static constexpr size_t kHeaderBytes = 20;

  SqlType type_;
  uint32_t elements_ = 0;
  bool has_null_ = false;
  std::string bytes_;
};

// Rows of one statement. Columns are added to in turn; a row is whole when each has its value.
class RowValues {
 public:
  explicit RowValues(std::span<const SqlColumn> columns);

  void Clear();
  ColumnValues& operator[](size_t column) { return columns_[column]; }
  void EndRow() { ++rows_; }
  [[nodiscard]] size_t rows() const { return rows_; }
  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] std::vector<ColumnValues>& columns() { return columns_; }

 private:
  std::vector<ColumnValues> columns_;
  size_t rows_ = 0;
};

// The parameters of one statement, in their order. Texts, bytes and rows must outlive it.
class Parameters {
 public:
  Parameters& Add(int64_t value);
  Parameters& Add(uint64_t value) { return Add(static_cast<int64_t>(value)); }
  Parameters& Add(std::string_view bytes);
  Parameters& AddNull();
  // Each column as an array.
  void AddArrays(RowValues* rows);
  // Each value of each row, row by row.
  void AddValues(RowValues* rows);

  [[nodiscard]] int count() const { return static_cast<int>(values_.size()); }
  [[nodiscard]] const char* const* values() const { return values_.data(); }
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }
  [[nodiscard]] size_t bytes() const;

 private:
  static constexpr size_t kNumbersMax = 8;

  void AddRaw(const char* data, size_t bytes);

  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
  std::array<std::array<char, 8>, kNumbersMax> numbers_ = {};
  size_t number_count_ = 0;

 public:
  Parameters() = default;
  Parameters(const Parameters&) = delete;  // it points into itself
  Parameters& operator=(const Parameters&) = delete;
};

template <typename Use>
void ColumnValues::ForEach(const Use& use) const {
  const char* at = bytes_.data() + kHeaderBytes;
  const char* const end = bytes_.data() + bytes_.size();
  while (at != end) {
    uint32_t size = 0;
    for (int index = 0; index < 4; ++index) {
      size = size << 8 | static_cast<uint8_t>(*at++);
    }
    if (size == UINT32_MAX) {
      use(static_cast<const char*>(nullptr), size_t{0});
      continue;
    }
    use(at, size_t{size});
    at += size;
  }
}

}  // namespace tallystone::postgres
