// Line: one row as received.
#pragma once

#include <string_view>

#include "tallystone/decimal.h"

namespace tallystone {

// A line whose numbers the caller already has as Decimals. Views are read during the call that
// takes the line and need not live longer. All texts are UTF-8; surrounding blanks are stripped.
struct Line {
  std::string_view code = {};         // the caller's own item code; compared byte for byte
  std::string_view description = {};  // what the line says the item is
  Decimal quantity = {};              // negative for returns; zero is an outcome
  Decimal unit_cost = {};             // any sign
  std::string_view vendor = {};
  std::string_view gtin = {};
  std::string_view unit = {};
  std::string_view document = {};     // invoice, order or delivery number
  std::string_view time = {};         // kept as written; ISO 8601 sorts
  std::string_view line_id = {};      // the caller's own id of the line, kept
  std::string_view vendor_code = {};  // the vendor's own code of the item; needs `vendor`
};

// A line as text, exactly as it stood in a file or message: numbers are validated by the engine and
// a line that fails is kept word for word in its dead letter.
struct TextLine {
  std::string_view code = {};
  std::string_view description = {};
  std::string_view quantity = {};
  std::string_view unit_cost = {};
  std::string_view vendor = {};
  std::string_view gtin = {};
  std::string_view unit = {};
  std::string_view document = {};
  std::string_view time = {};
  std::string_view line_id = {};
  std::string_view vendor_code = {};
};

}  // namespace tallystone
