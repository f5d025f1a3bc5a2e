#include "ingest/moved_half.h"

#include "base/check.h"
#include "ingest/stored_lines.h"

namespace tallystone {
namespace {

// The batches that LineMover writes; nobody else's have such ids.
constexpr std::string_view kMovePrefix = "review/";

Status FindIn(StoreView* view, Lsn lsn, uint64_t number, MovedHalf* half) {
  TS_RETURN_IF_ERROR(view->GetBlock(lsn, &half->block));
  TS_RETURN_IF_ERROR(DecodeChunk(half->block.payload, &half->chunk));
  for (const ChunkLine& line : half->chunk.lines) {
    if (line.number == number && line.decided_by == DecidedBy::kMoved) {
      half->line = &line;
    }
  }
  return Status::Ok();
}

}  // namespace

bool IsMove(std::string_view batch) {
  return batch.starts_with(kMovePrefix);
}

Status FindMovedHalf(StoreView* view, const LineRef& ref, const StoredDeadLetter& letter,
                     MovedHalf* half) {
  half->line = nullptr;
  if (!IsMove(ref.batch)) {
    return Status::Ok();
  }
  // As it was logged last: the block that the store refused it in.
  if (letter.cause == Outcome::kStoreRejected) {
    TS_RETURN_IF_ERROR(FindIn(view, letter.lsn, ref.line, half));
    if (half->line != nullptr) {
      return Status::Ok();
    }
  }
  // Earlier versions booked a half with other words, and its letter is that of these.
  const BatchRef batch{ref.tenant, ref.batch};
  BatchSum sum;
  TS_RETURN_IF_ERROR(view->GetBatch(batch, &sum));
  StoredLines lines(batch, sum, {}, view);
  Status status;
  while ((status = lines.Next()).ok()) {
    if (lines.line().number == ref.line) {
      return FindIn(view, lines.lsn(), ref.line, half);
    }
  }
  return status.IsNotFound() ? Status::Ok() : status;
}

Status HalfIsNotCorrected(const LineRef& ref) {
  return Status::InvalidArgument(
      "line " + std::to_string(ref.line) + " of batch '" + ref.batch +
      "' is half of a move between two items, and the other half stands: it is tried again as it "
      "is, or dropped, but not corrected");
}

}  // namespace tallystone
