#include "import/csv_reader.h"

#include <cstring>

namespace tallystone::tool {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

size_t Find(std::string_view text, char byte, size_t from) {
  const void* found =
      from < text.size() ? std::memchr(text.data() + from, byte, text.size() - from) : nullptr;
  return found == nullptr ? std::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

CsvReader::CsvReader(ByteSource* source, const Options& options)
    : buffer_(source, {options.buffer_bytes, options.record_bytes_max, 0}),
      delimiter_(options.delimiter) {}

bool CsvReader::SkipByteOrderMark() {
  while (buffer_.data().size() < kByteOrderMark.size()) {
    const RecordBuffer::Fill fill = buffer_.More();
    if (fill == RecordBuffer::Fill::kError) {
      return false;
    }
    if (fill != RecordBuffer::Fill::kMore) {
      break;
    }
  }
  if (buffer_.data().starts_with(kByteOrderMark)) {
    buffer_.Consume(kByteOrderMark.size());
  }
  return true;
}

bool CsvReader::Next() {
  if (!started_) {
    started_ = true;
    if (!SkipByteOrderMark()) {
      return false;
    }
  }
  for (;;) {
    buffer_.Consume(consume_);
    consume_ = 0;
    broken_ = false;
    fields_.clear();
    size_t size = 0;
    size_t size_with_end = 0;
    const End end =
        LineMode() ? FindLine(&size, &size_with_end) : FindRecord(&size, &size_with_end);
    if (end == End::kNone) {
      return false;
    }
    if (end != End::kFound) {
      TakeBroken(end);
      return true;
    }
    Take(size, size_with_end);
    if (!raw_.empty()) {
      return true;
    }
  }
}

// The end of the line that begins here, whatever its quotes.
CsvReader::End CsvReader::FindLine(size_t* size, size_t* size_with_end) {
  size_t searched = 0;
  for (;;) {
    const std::string_view data = buffer_.data();
    if (const size_t found = Find(data, '\n', searched); found != std::string_view::npos) {
      *size = found;
      *size_with_end = found + 1;
      return End::kFound;
    }
    searched = data.size();
    switch (buffer_.More()) {
      case RecordBuffer::Fill::kMore:
        break;
      case RecordBuffer::Fill::kFull:
        return End::kTooLong;
      case RecordBuffer::Fill::kError:
        return End::kNone;
      case RecordBuffer::Fill::kEnd:
        *size = *size_with_end = searched;
        return searched > 0 ? End::kFound : End::kNone;
    }
  }
}

// The end of the record that begins here: the first line end that is not inside quotes.
CsvReader::End CsvReader::FindRecord(size_t* size, size_t* size_with_end) {
  if (const End end = FindLine(size, size_with_end); end != End::kFound) {
    return end;
  }
  if (Find(buffer_.data().substr(0, *size), '"', 0) == std::string_view::npos) {
    return End::kFound;
  }
  State state = State::kFieldStart;
  for (size_t at = 0;; ++at) {
    while (at == buffer_.data().size()) {
      const RecordBuffer::Fill fill = buffer_.More();
      if (fill == RecordBuffer::Fill::kError) {
        return End::kNone;
      }
      if (fill == RecordBuffer::Fill::kFull) {
        return End::kTooLong;
      }
      if (fill == RecordBuffer::Fill::kEnd) {
        *size = *size_with_end = at;
        return state == State::kInQuotes ? End::kUnclosed : End::kFound;
      }
    }
    const std::string_view data = buffer_.data();
    if (state == State::kInQuotes) {
      const size_t quote = Find(data, '"', at);
      at = quote == std::string_view::npos ? data.size() - 1 : quote;
      state = quote == std::string_view::npos ? State::kInQuotes : State::kAfterQuote;
      continue;
    }
    const char byte = data[at];
    if (byte == '\n') {
      *size = at;
      *size_with_end = at + 1;
      return End::kFound;
    }
    if (byte == delimiter_) {
      state = State::kFieldStart;
    } else if (byte == '"' && state != State::kInField) {
      state = State::kInQuotes;
    } else {
      state = State::kInField;
    }
  }
}

void CsvReader::TakeBroken(End end) {
  broken_ = true;
  const std::string_view data = buffer_.data();
  line_mode_until_ = buffer_.offset() + data.size();
  const size_t line_end = Find(data, '\n', 0);
  if (line_end == std::string_view::npos && end == End::kTooLong) {
    SkipLongLine();
    return;
  }
  const size_t size = line_end == std::string_view::npos ? data.size() : line_end;
  consume_ = size == data.size() ? size : size + 1;
  raw_ = data.substr(0, size);
  if (raw_.ends_with('\r')) {
    raw_.remove_suffix(1);
  }
}

// Consumes a line that does not fit into the buffer, with its line end. An error is met again by
// Next.
void CsvReader::SkipLongLine() {
  scratch_.assign(buffer_.data().substr(0, kLongLineKeptBytes));
  raw_ = scratch_;
  do {
    const size_t line_end = Find(buffer_.data(), '\n', 0);
    if (line_end != std::string_view::npos) {
      buffer_.Consume(line_end + 1);
      return;
    }
    buffer_.Consume(buffer_.data().size());
  } while (buffer_.More() == RecordBuffer::Fill::kMore);
}

void CsvReader::Take(size_t size, size_t size_with_end) {
  consume_ = size_with_end;
  raw_ = buffer_.data().substr(0, size);
  if (raw_.ends_with('\r')) {
    raw_.remove_suffix(1);
  }
  if (!raw_.empty() && !Split(raw_)) {
    broken_ = true;
    fields_.clear();
  }
}

bool CsvReader::Split(std::string_view record) {
  if (Find(record, '"', 0) != std::string_view::npos) {
    return SplitQuoted(record);
  }
  size_t start = 0;
  for (;;) {
    const size_t end = Find(record, delimiter_, start);
    if (end == std::string_view::npos) {
      fields_.push_back(record.substr(start));
      return true;
    }
    fields_.push_back(record.substr(start, end - start));
    start = end + 1;
  }
}

bool CsvReader::SplitQuoted(std::string_view record) {
  scratch_.clear();
  scratch_.reserve(record.size());  // so that views into it stay valid
  for (size_t at = 0;; ++at) {
    if (at < record.size() && record[at] == '"') {
      if (!TakeQuotedField(record, &at)) {
        return false;
      }
    } else {
      const size_t found = Find(record, delimiter_, at);
      const size_t end = found == std::string_view::npos ? record.size() : found;
      fields_.push_back(record.substr(at, end - at));
      at = end;
    }
    if (at == record.size()) {
      return true;
    }
  }
}

// `*at` is at an opening quote; it is moved to the delimiter behind the field or to the end. False:
// the quotes are not closed.
bool CsvReader::TakeQuotedField(std::string_view record, size_t* at) {
  const size_t start = *at + 1;
  size_t quote = Find(record, '"', start);
  if (quote == std::string_view::npos) {
    return false;
  }
  if (quote + 1 == record.size() || record[quote + 1] == delimiter_) {
    fields_.push_back(record.substr(start, quote - start));
    *at = quote + 1;
    return true;
  }
  const size_t kept = scratch_.size();
  size_t piece = start;
  while (quote + 1 < record.size() && record[quote + 1] == '"') {
    scratch_.append(record, piece, quote + 1 - piece);
    piece = quote + 2;
    quote = Find(record, '"', piece);
    if (quote == std::string_view::npos) {
      return false;
    }
  }
  scratch_.append(record, piece, quote - piece);
  const size_t found = Find(record, delimiter_, quote + 1);
  const size_t end = found == std::string_view::npos ? record.size() : found;
  scratch_.append(record, quote + 1, end - quote - 1);
  fields_.push_back(std::string_view(scratch_).substr(kept));
  *at = end;
  return true;
}

}  // namespace tallystone::tool
