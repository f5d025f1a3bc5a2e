#include "report/totals.h"

namespace tallystone::tool {

Status ReadTotals(Inspector* inspector, Totals* totals) {
  DatabaseOverview status;
  if (Status s = inspector->GetOverview({}, &status); !s.ok()) {
    return s;
  }
  totals->as_of_lsn = status.as_of_lsn;
  totals->applied_lsn = status.applied_lsn;
  totals->tail_lines = status.tail_lines;
  totals->tenants = status.tenants;
  totals->log_bytes = status.log_bytes;
  totals->store_bytes = status.store_bytes;
  totals->replay_unfinished = status.replay_unfinished;
  totals->log_tail_torn = status.log_tail_torn;
  return Status::Ok();
}

void WriteTotals(const Totals& totals, JsonWriter* json) {
  json->BeginObject();
  json->Field("applied_lsn", totals.applied_lsn);
  json->Field("lag_chunks", totals.as_of_lsn - totals.applied_lsn);
  json->Field("lag_lines", totals.tail_lines);
  json->Field("tenants", totals.tenants);
  json->Field("log_bytes", totals.log_bytes);
  json->Field("store_bytes", totals.store_bytes);
  json->Flag("replay_unfinished", totals.replay_unfinished);
  json->Flag("log_tail_torn", totals.log_tail_torn);
  json->EndObject();
}

}  // namespace tallystone::tool
