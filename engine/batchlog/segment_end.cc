#include "batchlog/segment_end.h"

#include "base/check.h"

namespace tallystone::batchlog {

Status JudgeEnd(SegmentReader* reader, uint64_t offset, Lsn lsn, SegmentEnd* end) {
  *end = {};
  TS_RETURN_IF_ERROR(reader->HasTraceAt(offset, &end->torn));
  for (uint64_t position = offset;;) {
    Record record;
    uint64_t found_at = 0;
    bool found = false;
    TS_RETURN_IF_ERROR(reader->FindAfter(position, &record, &found_at, &found));
    if (!found) {
      return Status::Ok();
    }
    end->torn = true;
    const RecordHeader later = record.header;
    if (later.synced >= lsn || later.lsn <= lsn) {
      reader->Refresh();
      TS_RETURN_IF_ERROR(reader->ReadAt(offset, &record, &end->grown));
      end->torn = false;
      end->damaged = !end->grown;
      end->witness = later.lsn;
      end->witness_at = found_at;
      return Status::Ok();
    }
    position = record.end - kRecordAlignment;
  }
}

}  // namespace tallystone::batchlog
