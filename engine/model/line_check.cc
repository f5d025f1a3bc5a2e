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

bool AnyTooLong(const CheckedLine& line) {
  return line.code.size() > limits::kCodeBytesMax ||
         line.description.size() > limits::kDescriptionBytesMax ||
         line.vendor.size() > limits::kVendorBytesMax || line.gtin.size() > limits::kGtinBytesMax ||
         line.unit.size() > limits::kUnitBytesMax ||
         line.document.size() > limits::kDocumentBytesMax ||
         line.time.size() > limits::kTimeBytesMax || line.line_id.size() > limits::kLineIdBytesMax;
}

bool AllValidUtf8(const CheckedLine& line) {
  return IsValidUtf8(line.code) && IsValidUtf8(line.description) && IsValidUtf8(line.vendor) &&
         IsValidUtf8(line.gtin) && IsValidUtf8(line.unit) && IsValidUtf8(line.document) &&
         IsValidUtf8(line.time) && IsValidUtf8(line.line_id);
}

// In the order of the enum: the first that fits.
Outcome OutcomeOf(const CheckedLine& line, NumberCheck quantity, NumberCheck unit_cost) {
  if (quantity.error == DecimalError::kSyntax) {
    return Outcome::kBadQuantity;
  }
  if (unit_cost.error == DecimalError::kSyntax) {
    return Outcome::kBadPrice;
  }
  if (line.quantity_read && line.quantity == 0) {
    return Outcome::kZeroQuantity;
  }
  if (line.code.empty() && line.gtin.empty() && line.description.empty()) {
    return Outcome::kNoItem;
  }
  if (AnyTooLong(line)) {
    return Outcome::kFieldTooLong;
  }
  if (!AllValidUtf8(line)) {
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
  line.code = StripBlanks(raw.code);
  line.description = StripBlanks(raw.description);
  line.vendor = StripBlanks(raw.vendor);
  line.gtin = StripBlanks(raw.gtin);
  line.unit = StripBlanks(raw.unit);
  line.document = StripBlanks(raw.document);
  line.time = StripBlanks(raw.time);
  line.line_id = StripBlanks(raw.line_id);
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
  line.outcome = OutcomeOf(line, quantity, unit_cost);
  return line;
}

}  // namespace tallystone
