// CsvReader: the records of a CSV stream (RFC 4180), read in pieces of bounded memory.
//
//     record = field *( delimiter field ) ( LF / CRLF / end )
//     field  = text without delimiter and line end, or "text", quotes inside doubled
//
// As lenient as Python's csv module: a quote inside an unquoted field is an ordinary character, and
// so is what follows a closing quote. A CR that is not before an LF is an ordinary character. NUL
// is too. Lines that are completely empty are skipped.
//
// A quote that is never closed would swallow the rest of the file. It is noticed at the end of the
// file or when a record grows beyond `record_bytes_max`: then only the line where the record began
// is given out, as broken, and everything that had been read ahead is read again as lines whose
// quotes end with the line. So a stray quote costs one record, and no byte is looked at more than a
// fixed number of times.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/record_buffer.h"

namespace tallystone::tool {

class CsvReader {
 public:
  struct Options {
    char delimiter = ',';  // not a quote, CR or LF
    size_t buffer_bytes = 256 * 1024;
    size_t record_bytes_max = 16 * 1024 * 1024;
  };
  // What is kept of a line that is longer than record_bytes_max.
  static constexpr size_t kLongLineKeptBytes = 64 * 1024;

  // `source` is not owned. A UTF-8 byte order mark at its beginning is skipped.
  CsvReader(ByteSource* source, const Options& options);

  // Reads the next record. False at the end and on an error: see status().
  bool Next();

  // Of the record that was read; valid until the next call of Next.
  [[nodiscard]] const std::vector<std::string_view>& fields() const { return fields_; }
  // The record as it stands in the stream, without its line end.
  [[nodiscard]] std::string_view raw() const { return raw_; }
  // The record has an unclosed quote or is too long: raw() is its first line, fields() is empty.
  [[nodiscard]] bool broken() const { return broken_; }
  // OK at the end of the stream.
  [[nodiscard]] const Status& status() const { return buffer_.status(); }

 private:
  enum class State { kFieldStart, kInField, kInQuotes, kAfterQuote };
  enum class End {
    kFound,     // the record's size is known
    kUnclosed,  // the stream ends inside a quoted field
    kTooLong,
    kNone,  // no more records, or an error
  };

  bool SkipByteOrderMark();
  End FindLine(size_t* size, size_t* size_with_end);
  End FindRecord(size_t* size, size_t* size_with_end);
  [[nodiscard]] bool LineMode() const { return buffer_.offset() < line_mode_until_; }
  void TakeBroken(End end);
  void SkipLongLine();
  void Take(size_t size, size_t size_with_end);
  bool Split(std::string_view record);
  bool SplitQuoted(std::string_view record);
  bool TakeQuotedField(std::string_view record, size_t* at);

  RecordBuffer buffer_;
  char delimiter_;
  bool started_ = false;
  bool broken_ = false;
  uint64_t line_mode_until_ = 0;  // up to here in the stream quotes end with their line
  size_t consume_ = 0;            // bytes of the current record in the buffer
  std::string_view raw_;
  std::vector<std::string_view> fields_;
  std::string scratch_;  // fields that are not in the stream as they are; the start of a long line
};

}  // namespace tallystone::tool
