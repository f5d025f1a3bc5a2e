#include "model/batch_lines.h"

#include <cstring>

#include "tallystone/limits.h"

namespace tallystone {

std::string_view BatchLines::Copy(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  char* copy = static_cast<char*>(arena_.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

RawLine& BatchLines::AddLine() {
  // A line is large, so few of them are copied on the way to a whole chunk.
  constexpr size_t kFewLines = 16;
  if (lines_.size() == lines_.capacity() && lines_.size() < limits::kChunkLinesMax) {
    lines_.reserve(lines_.empty() ? kFewLines : limits::kChunkLinesMax);
  }
  return lines_.emplace_back();
}

void BatchLines::Add(const Line& line) {
  RawLine& raw = AddLine();
  raw.code = Copy(line.code);
  raw.description = Copy(line.description);
  raw.vendor = Copy(line.vendor);
  raw.gtin = Copy(line.gtin);
  raw.unit = Copy(line.unit);
  raw.document = Copy(line.document);
  raw.time = Copy(line.time);
  raw.line_id = Copy(line.line_id);
  raw.vendor_code = Copy(line.vendor_code);
  raw.quantity = line.quantity;
  raw.unit_cost = line.unit_cost;
  raw.typed = true;
}

void BatchLines::AddText(const TextLine& line) {
  RawLine& raw = AddLine();
  raw.code = Copy(line.code);
  raw.description = Copy(line.description);
  raw.quantity_text = Copy(line.quantity);
  raw.unit_cost_text = Copy(line.unit_cost);
  raw.vendor = Copy(line.vendor);
  raw.gtin = Copy(line.gtin);
  raw.unit = Copy(line.unit);
  raw.document = Copy(line.document);
  raw.time = Copy(line.time);
  raw.line_id = Copy(line.line_id);
  raw.vendor_code = Copy(line.vendor_code);
}

void BatchLines::AddUnreadable(Outcome outcome, std::string_view raw_line) {
  const bool known = outcome == Outcome::kBadTenant || outcome == Outcome::kBadBatch;
  RawLine& raw = AddLine();
  raw.unreadable = known ? outcome : Outcome::kBadColumns;  // a host's slip must not book the line
  raw.raw = Copy(raw_line);
}

}  // namespace tallystone
