// BatchLines: the lines of a Batch as the engine reads them, with the memory that holds their
// texts.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "tallystone/line.h"
#include "tallystone/outcome.h"

namespace tallystone {

// A line as received. Numbers are text, or already Decimals when `typed` is set.
struct RawLine {
  std::string_view code, description, vendor, gtin, unit, document, time, line_id, vendor_code;
  std::string_view quantity_text, unit_cost_text;
  Decimal quantity, unit_cost;
  bool typed = false;
  Outcome unreadable = Outcome::kAccepted;  // set: the line is `raw`, everything else is empty
  std::string_view raw;
};

class BatchLines {
 public:
  BatchLines() = default;
  BatchLines(const BatchLines&) = delete;
  BatchLines& operator=(const BatchLines&) = delete;

  void Add(const Line& line);
  void AddText(const TextLine& line);
  void AddUnreadable(Outcome outcome, std::string_view raw);

  [[nodiscard]] const std::vector<RawLine>& lines() const { return lines_; }

 private:
  std::string_view Copy(std::string_view text);
  RawLine& AddLine();

  std::pmr::monotonic_buffer_resource arena_;
  std::vector<RawLine> lines_;
};

}  // namespace tallystone
