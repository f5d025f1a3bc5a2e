#include "store/postgres/sql_rows.h"

#include <numeric>

#include "base/check.h"
#include "base/coding.h"
#include "store/postgres/numeric.h"

namespace tallystone::postgres {
namespace {

struct TypeText {
  std::string_view name;
  uint32_t oid;  // of pg_type, fixed for built-in types
};
constexpr TypeText kTypes[] = {{"bigint", 20}, {"integer", 23}, {"boolean", 16},
                               {"text", 25},   {"bytea", 17},   {"numeric", 1700}};
constexpr int kBinary = 1;

const TypeText& TextOf(SqlType type) {
  return kTypes[static_cast<size_t>(type)];
}

}  // namespace

std::string_view SqlTypeName(SqlType type) {
  return TextOf(type).name;
}

ColumnValues::ColumnValues(SqlType type) : type_(type) {
  Clear();
}

void ColumnValues::Clear() {
  bytes_.resize(kHeaderBytes);
  elements_ = 0;
  has_null_ = false;
}

void ColumnValues::Add(int64_t value) {
  ++elements_;
  char bytes[12];
  switch (type_) {
    case SqlType::kBigint:
      EncodeBigEndian32(bytes, 8);
      EncodeBigEndian64(bytes + 4, static_cast<uint64_t>(value));
      bytes_.append(bytes, 12);
      return;
    case SqlType::kInteger:
      EncodeBigEndian32(bytes, 4);
      EncodeBigEndian32(bytes + 4, static_cast<uint32_t>(value));
      bytes_.append(bytes, 8);
      return;
    case SqlType::kBoolean:
      EncodeBigEndian32(bytes, 1);
      bytes[4] = value != 0 ? '\1' : '\0';
      bytes_.append(bytes, 5);
      return;
    default:
      TS_CHECK(false);
  }
}

void ColumnValues::Add(Int128 value) {
  TS_CHECK(type_ == SqlType::kNumeric);
  ++elements_;
  const size_t begin = bytes_.size();
  bytes_.append(4, '\0');
  EncodeNumeric(value, &bytes_);
  EncodeBigEndian32(bytes_.data() + begin, static_cast<uint32_t>(bytes_.size() - begin - 4));
}

void ColumnValues::Add(std::string_view text) {
  TS_CHECK(type_ == SqlType::kText || type_ == SqlType::kBytea);
  ++elements_;
  PutBigEndian32(&bytes_, static_cast<uint32_t>(text.size()));
  bytes_.append(text);
}

void ColumnValues::AddNull() {
  ++elements_;
  has_null_ = true;
  PutBigEndian32(&bytes_, UINT32_MAX);
}

std::string_view ColumnValues::Array() {
  char* header = bytes_.data();
  EncodeBigEndian32(header, 1);
  EncodeBigEndian32(header + 4, has_null_ ? 1 : 0);
  EncodeBigEndian32(header + 8, TextOf(type_).oid);
  EncodeBigEndian32(header + 12, elements_);
  EncodeBigEndian32(header + 16, 1);
  return bytes_;
}

RowValues::RowValues(std::span<const SqlColumn> columns) {
  for (const SqlColumn& column : columns) {
    columns_.emplace_back(column.type);
  }
}

void RowValues::Clear() {
  for (ColumnValues& column : columns_) {
    column.Clear();
  }
  rows_ = 0;
}

size_t RowValues::bytes() const {
  return std::accumulate(
      columns_.begin(), columns_.end(), size_t{0},
      [](size_t sum, const ColumnValues& column) { return sum + column.bytes(); });
}

void Parameters::AddRaw(const char* data, size_t bytes) {
  values_.push_back(data);
  lengths_.push_back(static_cast<int>(bytes));
  formats_.push_back(kBinary);
}

Parameters& Parameters::Add(int64_t value) {
  TS_CHECK(number_count_ < kNumbersMax);
  char* bytes = numbers_[number_count_++].data();
  EncodeBigEndian64(bytes, static_cast<uint64_t>(value));
  AddRaw(bytes, 8);
  return *this;
}

Parameters& Parameters::Add(std::string_view bytes) {
  // A null pointer would be NULL.
  AddRaw(bytes.data() == nullptr ? "" : bytes.data(), bytes.size());
  return *this;
}

Parameters& Parameters::AddNull() {
  AddRaw(nullptr, 0);
  return *this;
}

void Parameters::AddArrays(RowValues* rows) {
  for (ColumnValues& column : rows->columns()) {
    Add(column.Array());
  }
}

void Parameters::AddValues(RowValues* rows) {
  const size_t begin = values_.size();
  const size_t width = rows->columns().size();
  const size_t end = begin + width * rows->rows();
  values_.resize(end);
  lengths_.resize(end);
  formats_.resize(end, kBinary);
  for (size_t column = 0; column < width; ++column) {
    size_t at = begin + column;
    rows->columns()[column].ForEach([&](const char* data, size_t bytes) {
      values_[at] = data;
      lengths_[at] = static_cast<int>(bytes);
      at += width;
    });
  }
}

size_t Parameters::bytes() const {
  return std::accumulate(lengths_.begin(), lengths_.end(), size_t{0},
                         [](size_t sum, int length) { return sum + static_cast<size_t>(length); });
}

}  // namespace tallystone::postgres
