// What it means that a record is not where it should be.
#pragma once

#include "batchlog/segment_reader.h"

namespace tallystone::batchlog {

struct SegmentEnd {
  // A later record attests that the missing one was durable: it was damaged since (format.h, 3).
  bool damaged = false;
  // The missing record belongs to a group that nobody was told of, and something of it is there.
  bool torn = false;
  // Neither: a writer has put the record there meanwhile.
  bool grown = false;
  // Damaged: the record that attests it, and where that stands.
  Lsn witness = 0;
  uint64_t witness_at = 0;
};

// There is no sound record `lsn` at `offset` of the newest segment: is that the end of the log, or
// damage?
Status JudgeEnd(SegmentReader* reader, uint64_t offset, Lsn lsn, SegmentEnd* end);

}  // namespace tallystone::batchlog
