#include "model/line_check.h"

#include "base/text.h"
#include "model/decimal_text.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

struct NumberCheck {
  DecimalError error = DecimalError::kNone;
  bool beyond_limit = false;
};

// Reads one number. A number that could not be read exactly leaves *units at 0.
NumberCheck ReadNumber(std::string_view text, int64_t limit, int64_t* units, bool* read) {
  int64_t value = 0;
  NumberCheck check{ParseUnits(text, &value), false};
  check.beyond_limit =
      check.error == DecimalError::kOutOfRange || value > limit || value < -limit ||
      (check.error == DecimalError::kInexact && (value == limit || value == -limit));
  if (check.error == DecimalError::kNone) {
    *units = value;
    *read = true;
  }
  return check;
}

NumberCheck TakeNumber(Decimal number, int64_t limit, int64_t* units, bool* read) {
  *units = number.units();
  *read = true;
  return {DecimalError::kNone, number.units() > limit || number.units() < -limit};
}

// The texts of a line, taken one after the other: most of a line's fields are empty.
struct TextCheck {
  bool too_long = false;
  bool invalid_utf8 = false;

  std::string_view Take(std::string_view text, size_t bytes_max) {
    if (text.empty()) {
      return text;
    }
    const std::string_view stripped = StripBlanks(text);
    too_long = too_long || stripped.size() > bytes_max;
    invalid_utf8 = invalid_utf8 || !IsValidUtf8(stripped);
    return stripped;
  }
};

// In the order of the enum: the first that fits.
Outcome OutcomeOf(const CheckedLine& line, TextCheck texts, NumberCheck quantity,
                  NumberCheck unit_cost) {
  if (quantity.error == DecimalError::kSyntax) {
    return Outcome::kBadQuantity;
  }
  if (unit_cost.error == DecimalError::kSyntax) {
    return Outcome::kBadPrice;
  }
  if (line.quantity_read && line.quantity == 0) {
    return Outcome::kZeroQuantity;
  }
  if (line.code.empty() && line.gtin.empty() && line.description.empty() &&
      (line.vendor_code.empty() || line.vendor.empty())) {
    return Outcome::kNoItem;
  }
  if (texts.too_long) {
    return Outcome::kFieldTooLong;
  }
  if (texts.invalid_utf8) {
    return Outcome::kInvalidUtf8;
  }
  if (quantity.beyond_limit) {
    return Outcome::kQuantityOutOfRange;
  }
  if (unit_cost.beyond_limit) {
    return Outcome::kPriceOutOfRange;
  }
  if (quantity.error == DecimalError::kInexact || unit_cost.error == DecimalError::kInexact) {
    return Outcome::kInexactNumber;
  }
  return Outcome::kAccepted;
}

}  // namespace

CheckedLine CheckLine(const RawLine& raw) {
  CheckedLine line;
  if (raw.unreadable != Outcome::kAccepted) {
    line.outcome = raw.unreadable;
    line.raw = raw.raw;
    return line;
  }
  TextCheck texts;
  line.code = texts.Take(raw.code, limits::kCodeBytesMax);
  line.description = texts.Take(raw.description, limits::kDescriptionBytesMax);
  line.vendor = texts.Take(raw.vendor, limits::kVendorBytesMax);
  line.gtin = texts.Take(raw.gtin, limits::kGtinBytesMax);
  line.unit = texts.Take(raw.unit, limits::kUnitBytesMax);
  line.document = texts.Take(raw.document, limits::kDocumentBytesMax);
  line.time = texts.Take(raw.time, limits::kTimeBytesMax);
  line.line_id = texts.Take(raw.line_id, limits::kLineIdBytesMax);
  line.vendor_code = texts.Take(raw.vendor_code, limits::kVendorCodeBytesMax);
  NumberCheck quantity;
  NumberCheck unit_cost;
  if (raw.typed) {
    quantity =
        TakeNumber(raw.quantity, limits::kQuantityUnitsMax, &line.quantity, &line.quantity_read);
    unit_cost =
        TakeNumber(raw.unit_cost, limits::kUnitCostUnitsMax, &line.unit_cost, &line.unit_cost_read);
  } else {
    line.quantity_text = StripBlanks(raw.quantity_text);
    line.unit_cost_text = StripBlanks(raw.unit_cost_text);
    quantity = ReadNumber(line.quantity_text, limits::kQuantityUnitsMax, &line.quantity,
                          &line.quantity_read);
    unit_cost = ReadNumber(line.unit_cost_text, limits::kUnitCostUnitsMax, &line.unit_cost,
                           &line.unit_cost_read);
  }
  line.outcome = OutcomeOf(line, texts, quantity, unit_cost);
  return line;
}

}  // namespace tallystone
