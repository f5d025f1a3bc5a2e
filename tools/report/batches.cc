#include "report/batches.h"

#include <algorithm>
#include <iterator>

#include "report/top_list.h"

namespace tallystone::tool {
namespace {

struct Latest {
  bool operator()(const BatchInfo& left, const BatchInfo& right) const {
    return left.last_lsn > right.last_lsn;  // no two batches end in the same chunk
  }
};

void Count(const BatchInfo& batch, BatchesReport* report) {
  ++report->total;
  report->unfinished += batch.finished ? 0 : 1;
  switch (batch.status()) {
    case BatchStatus::kSuccess:
      ++report->success;
      break;
    case BatchStatus::kPartialSuccess:
      ++report->partial_success;
      break;
    case BatchStatus::kFailed:
      ++report->failed;
      break;
  }
}

}  // namespace

Status CollectBatches(Inspector* inspector, size_t rows_max, BatchesReport* report) {
  *report = {};
  std::unique_ptr<Cursor<BatchInfo>> cursor;
  if (Status s = inspector->NewBatchCursor({}, &cursor); !s.ok()) {
    return s;
  }
  TopList<BatchInfo, Latest> sound(rows_max);
  TopList<BatchInfo, Latest> troubled(rows_max);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const BatchInfo& batch = cursor->value();
    Count(batch, report);
    (batch.finished && batch.items_failed == 0 ? sound : troubled).Offer(batch);
  }
  const std::vector<BatchInfo> left = sound.Take();
  const std::vector<BatchInfo> right = troubled.Take();
  std::merge(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(report->rows),
             Latest{});
  return cursor->status();
}

void WriteBatches(const BatchesReport& report, JsonWriter* json) {
  json->BeginObject();
  json->Field("total", report.total);
  json->Field("unfinished", report.unfinished);
  json->Field("success", report.success);
  json->Field("partial_success", report.partial_success);
  json->Field("failed", report.failed);
  json->Key("rows");
  json->BeginArray();
  for (const BatchInfo& batch : report.rows) {
    json->BeginObject();
    json->Field("tenant", batch.tenant);
    json->Field("batch", batch.batch);
    json->Field("status", BatchStatusName(batch.status()));
    json->Flag("finished", batch.finished);
    json->Field("lines", batch.lines);
    json->Field("items_processed", batch.items_processed);
    json->Field("items_failed", batch.items_failed);
    json->Field("retried", batch.retried);
    json->Field("dropped", batch.dropped);
    json->Field("first_lsn", batch.first_lsn);
    json->Field("last_lsn", batch.last_lsn);
    json->Field("accepted_at_us", batch.accepted_at_us);
    json->EndObject();
  }
  json->EndArray();
  json->EndObject();
}

}  // namespace tallystone::tool
