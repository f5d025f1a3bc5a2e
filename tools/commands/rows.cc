#include "commands/rows.h"

#include "output/text.h"

namespace tallystone::tool {

using Kind = Column::Kind;

const std::vector<Column>& TransactionColumns() {
  static const std::vector<Column> columns = {
      {"tenant", Kind::kText},      {"batch", Kind::kText},       {"line", Kind::kCount},
      {"lsn", Kind::kCount},        {"item", Kind::kCount},       {"code", Kind::kText},
      {"description", Kind::kText}, {"quantity", Kind::kDecimal}, {"unit_cost", Kind::kDecimal},
      {"decided_by", Kind::kText},  {"vendor", Kind::kText},      {"gtin", Kind::kText},
      {"unit", Kind::kText},        {"document", Kind::kText},    {"time", Kind::kText},
      {"line_id", Kind::kText},     {"vendor_code", Kind::kText},
  };
  return columns;
}

void FillTransaction(const Transaction& line, std::vector<std::string>* row) {
  *row = {line.tenant,
          line.batch,
          std::to_string(line.line),
          std::to_string(line.lsn),
          std::to_string(line.item),
          line.code,
          line.description,
          line.quantity.ToString(),
          line.unit_cost.ToString(),
          std::string(DecidedByName(line.decided_by)),
          line.vendor,
          line.gtin,
          line.unit,
          line.document,
          line.time,
          line.line_id,
          line.vendor_code};
}

const std::vector<Column>& BatchColumns() {
  static const std::vector<Column> columns = {
      {"tenant", Kind::kText},        {"batch", Kind::kText},     {"status", Kind::kText},
      {"finished", Kind::kBool},      {"lines", Kind::kCount},    {"items_processed", Kind::kCount},
      {"items_failed", Kind::kCount}, {"retried", Kind::kCount},  {"dropped", Kind::kCount},
      {"first_lsn", Kind::kCount},    {"last_lsn", Kind::kCount}, {"accepted_at", Kind::kText},
  };
  return columns;
}

void FillBatch(const BatchInfo& batch, std::vector<std::string>* row) {
  *row = {batch.tenant,
          batch.batch,
          std::string(BatchStatusName(batch.status())),
          batch.finished ? "true" : "false",
          std::to_string(batch.lines),
          std::to_string(batch.items_processed),
          std::to_string(batch.items_failed),
          std::to_string(batch.retried),
          std::to_string(batch.dropped),
          std::to_string(batch.first_lsn),
          std::to_string(batch.last_lsn),
          UtcTime(batch.accepted_at_us)};
}

std::string NumberOrNothing(uint64_t number) {
  return number == 0 ? std::string() : std::to_string(number);
}

}  // namespace tallystone::tool
