#include "report/history.h"

#include <algorithm>

namespace tallystone::tool {

Status History::ReadOn(Inspector* inspector) {
  Filter filter;
  filter.first_lsn = last_lsn_ + 1;
  std::unique_ptr<Cursor<ChunkInfo>> cursor;
  if (Status s = inspector->NewChunkCursor(filter, &cursor); !s.ok()) {
    return s;
  }
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    Add(cursor->value());
  }
  return cursor->status();
}

void History::Add(const ChunkInfo& chunk) {
  last_lsn_ = chunk.lsn;
  if (chunk.kind != ChunkKind::kLines) {
    return;  // its lines were counted when they came first
  }
  if (chunk.accepted_at_us > last_us_ && chunk.accepted_at_us - last_us_ > kPauseMicros) {
    latest_run_.Clear();
  }
  last_us_ = std::max(last_us_, chunk.accepted_at_us);
  const TimeSeries::Sums sums{chunk.lines, chunk.lines - chunk.accepted, 1, chunk.first ? 1u : 0u};
  whole_.Add(chunk.accepted_at_us, sums);
  latest_run_.Add(chunk.accepted_at_us, sums);
}

void WriteHistory(const History& history, JsonWriter* json) {
  json->BeginObject();
  json->Key("whole");
  WriteTimeSeries(history.whole(), json);
  json->Key("latest_run");
  WriteTimeSeries(history.latest_run(), json);
  json->EndObject();
}

}  // namespace tallystone::tool
