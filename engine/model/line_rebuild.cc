#include "model/line_rebuild.h"

#include "model/chunk_format.h"
#include "model/decimal_text.h"

namespace tallystone {
namespace {

void ReadBack(std::string_view text, std::string_view* as_received, int64_t* units, bool* read) {
  *as_received = text;
  int64_t value = 0;
  if (ParseUnits(text, &value) == DecimalError::kNone) {
    *units = value;
    *read = true;
  }
}

}  // namespace

CheckedLine ReconstructLine(const ChunkLine& line, std::string_view item_code,
                            std::string_view item_description) {
  CheckedLine rebuilt;
  rebuilt.outcome = line.outcome;
  rebuilt.vendor = line.vendor;
  rebuilt.gtin = line.gtin;
  rebuilt.unit = line.unit;
  rebuilt.document = line.document;
  rebuilt.time = line.time;
  rebuilt.line_id = line.line_id;
  rebuilt.vendor_code = line.vendor_code;
  if (line.outcome != Outcome::kAccepted) {
    rebuilt.code = line.code;
    rebuilt.description = line.description;
    rebuilt.raw = line.raw;
    rebuilt.cut_digest = line.cut_digest;
    ReadBack(line.quantity_text, &rebuilt.quantity_text, &rebuilt.quantity, &rebuilt.quantity_read);
    ReadBack(line.unit_cost_text, &rebuilt.unit_cost_text, &rebuilt.unit_cost,
             &rebuilt.unit_cost_read);
    return rebuilt;
  }
  rebuilt.code = chunk_format::HasCodeOfItem(line.decided_by) ? item_code : line.code;
  switch (line.description_kind) {
    case DescriptionKind::kNone:
      break;
    case DescriptionKind::kOfItem:
      rebuilt.description = item_description;
      break;
    case DescriptionKind::kOwn:
      rebuilt.description = line.description;
      break;
  }
  rebuilt.quantity = line.quantity;
  rebuilt.unit_cost = line.unit_cost;
  rebuilt.quantity_read = true;
  rebuilt.unit_cost_read = true;
  return rebuilt;
}

}  // namespace tallystone
