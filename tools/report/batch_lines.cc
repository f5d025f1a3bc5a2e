#include "report/batch_lines.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tallystone::tool {
namespace {

// How far back in the log the lines of a report reach.
constexpr uint64_t kChunksBackMax = 2'000;

using ByBatch = std::map<std::pair<std::string, std::string>, BatchLines*>;

Status TakeOutcomes(Inspector* inspector, size_t lines_max, BatchLines* lines) {
  std::vector<LineResult> results;
  if (Status s = inspector->GetLineResults(lines->tenant, lines->batch, &results); !s.ok()) {
    return s;
  }
  lines->total = results.size();
  size_t failed_beyond = 0;
  for (size_t index = 0; index < results.size(); ++index) {
    const bool failed = results[index].outcome != Outcome::kAccepted;
    if (index < lines_max || (failed && failed_beyond++ < lines_max)) {
      lines->rows.push_back({results[index], {}, {}, {}, {}, {}});
    }
  }
  return Status::Ok();
}

BatchLines::Row* FindRow(BatchLines* lines, uint64_t line) {
  auto found = std::lower_bound(
      lines->rows.begin(), lines->rows.end(), line,
      [](const BatchLines::Row& row, uint64_t wanted) { return row.result.line < wanted; });
  return found != lines->rows.end() && found->result.line == line ? &*found : nullptr;
}

// The texts of lines that were booked: one walk for all batches.
Status TakeBooked(Inspector* inspector, const Filter& filter, const ByBatch& by_batch) {
  std::unique_ptr<Cursor<Transaction>> cursor;
  if (Status s = inspector->NewTransactionCursor(filter, &cursor); !s.ok()) {
    return s;
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const Transaction& transaction = cursor->value();
    const auto lines = by_batch.find({transaction.tenant, transaction.batch});
    if (lines == by_batch.end()) {
      continue;
    }
    if (BatchLines::Row* row = FindRow(lines->second, transaction.line); row != nullptr) {
      row->code = transaction.code;
      row->description = transaction.description;
      row->quantity = transaction.quantity.ToString();
      row->unit_cost = transaction.unit_cost.ToString();
    }
  }
  return cursor->status();
}

Status TakeFailed(Inspector* inspector, BatchLines* lines) {
  for (BatchLines::Row& row : lines->rows) {
    if (row.result.outcome == Outcome::kAccepted) {
      continue;
    }
    DeadLetter letter;
    const Status s =
        inspector->GetDeadLetter({lines->tenant, lines->batch, row.result.line}, &letter);
    if (s.IsNotFound()) {
      row.detail = "dropped";
      continue;
    }
    if (!s.ok()) {
      return s;
    }
    row.code = letter.code;
    row.description = letter.description.empty() ? letter.raw : letter.description;
    row.quantity = letter.quantity;
    row.unit_cost = letter.unit_cost;
    row.detail = letter.detail;
  }
  return Status::Ok();
}

}  // namespace

Status CollectBatchLines(Inspector* inspector, const std::vector<BatchInfo>& batches,
                         size_t lines_max, std::vector<BatchLines>* all) {
  all->clear();
  if (batches.empty()) {
    return Status::Ok();
  }
  Filter filter;
  filter.first_lsn = UINT64_MAX;
  for (const BatchInfo& batch : batches) {
    all->push_back({batch.tenant, batch.batch, 0, {}});
    filter.first_lsn = std::min(filter.first_lsn, batch.first_lsn);
    filter.last_lsn = std::max(filter.last_lsn, batch.last_lsn);
  }
  if (batches.size() == 1) {
    filter.tenant = batches.front().tenant;
    filter.batch = batches.front().batch;
  }
  ByBatch by_batch;
  for (BatchLines& lines : *all) {
    if (Status s = TakeOutcomes(inspector, lines_max, &lines); !s.ok()) {
      return s;
    }
    if (Status s = TakeFailed(inspector, &lines); !s.ok()) {
      return s;
    }
    by_batch[{lines.tenant, lines.batch}] = &lines;
  }
  return TakeBooked(inspector, filter, by_batch);
}

std::vector<BatchInfo> ChooseBatches(const std::vector<BatchInfo>& latest, size_t lines_max) {
  std::vector<BatchInfo> chosen;
  uint64_t lines = 0;
  for (const BatchInfo& batch : latest) {
    if (batch.first_lsn + kChunksBackMax > latest.front().last_lsn &&
        lines + batch.lines <= lines_max) {
      lines += batch.lines;
      chosen.push_back(batch);
    }
  }
  return chosen;
}

void WriteBatchLines(const BatchLines& lines, JsonWriter* json) {
  json->BeginObject();
  json->Field("tenant", lines.tenant);
  json->Field("batch", lines.batch);
  json->Field("total", lines.total);
  json->Key("rows");
  json->BeginArray();
  for (const BatchLines::Row& row : lines.rows) {
    json->BeginObject();
    json->Field("line", row.result.line);
    json->Field("outcome", OutcomeName(row.result.outcome));
    json->Field("decided_by", DecidedByName(row.result.decided_by));
    json->Field("item", row.result.item);
    json->Field("code", row.code);
    json->Field("description", row.description);
    json->Field("quantity", row.quantity);
    json->Field("unit_cost", row.unit_cost);
    json->Field("detail", row.detail);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace tallystone::tool
