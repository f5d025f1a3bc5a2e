#include "model/batch_lines.h"

#include <cstring>

namespace tallystone {

std::string_view BatchLines::Copy(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  char* copy = static_cast<char*>(arena_.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

void BatchLines::Add(const Line& line) {
  RawLine& raw = lines_.emplace_back();
  raw.code = Copy(line.code);
  raw.description = Copy(line.description);
  raw.vendor = Copy(line.vendor);
  raw.gtin = Copy(line.gtin);
  raw.unit = Copy(line.unit);
  raw.document = Copy(line.document);
  raw.time = Copy(line.time);
  raw.line_id = Copy(line.line_id);
  raw.quantity = line.quantity;
  raw.unit_cost = line.unit_cost;
  raw.typed = true;
}

void BatchLines::AddText(const TextLine& line) {
  RawLine& raw = lines_.emplace_back();
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
}

void BatchLines::AddUnreadable(Outcome outcome, std::string_view raw_line) {
  const bool known = outcome == Outcome::kBadTenant || outcome == Outcome::kBadBatch;
  RawLine& raw = lines_.emplace_back();
  raw.unreadable = known ? outcome : Outcome::kBadColumns;  // a host's slip must not book the line
  raw.raw = Copy(raw_line);
}

}  // namespace tallystone
