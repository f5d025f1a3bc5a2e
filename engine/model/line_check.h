// Validation of one line (DESIGN 4.1): the outcomes that need nothing but the line.
#pragma once

#include "model/batch_lines.h"

namespace tallystone {

// A validated line: blanks stripped, numbers read. Views point into the RawLine's texts.
struct CheckedLine {
  Outcome outcome = Outcome::kAccepted;  // the first that fits, in the order of the enum
  std::string_view code, description, vendor, gtin, unit, document, time, line_id, vendor_code;
  // As received (stripped); empty when the numbers came as Decimals.
  std::string_view quantity_text, unit_cost_text;
  int64_t quantity = 0;        // in 1e-6; 0 unless quantity_read
  int64_t unit_cost = 0;       // in 1e-6; 0 unless unit_cost_read
  bool quantity_read = false;  // it is a Decimal, though perhaps beyond its limit (limits.h)
  bool unit_cost_read = false;
  std::string_view raw;  // of an unreadable line
  // Only of a line rebuilt from a chunk that kept less than all of it (line_rebuild.h): the digest
  // of the whole line. 0 = it is whole.
  UInt128 cut_digest = 0;
};

CheckedLine CheckLine(const RawLine& line);

}  // namespace tallystone
