#include "inspect/chunks.h"

#include <algorithm>

#include "base/check.h"
#include "ingest/stored_lines.h"
#include "inspect/mapped_cursor.h"
#include "model/line_rebuild.h"

namespace tallystone {
namespace {

// What the block says of itself, if the filter lets it through.
Status TakeChunk(const LiveView& view, LogExtent log, const ResolvedFilter& filter,
                 const StoredBlock& block, ChunkInfo* chunk, bool* take) {
  ChunkHeader header;
  TS_RETURN_IF_ERROR(DecodeChunkHeader(block.payload, &header));
  *take = header.lines > 0 && (filter.tenant == 0 || header.tenant == filter.tenant) &&
          (filter.batch.empty() || header.batch == filter.batch);
  if (!*take) {
    return Status::Ok();
  }
  chunk->tenant = view.TenantName(header.tenant);
  chunk->batch = header.batch;
  chunk->lsn = block.lsn;
  chunk->kind = (header.flags & kChunkRetry) != 0  ? ChunkKind::kRetry
                : (header.flags & kChunkDrop) != 0 ? ChunkKind::kDrop
                                                   : ChunkKind::kLines;
  chunk->first_line = header.first_line;
  chunk->lines = header.lines;
  chunk->accepted = header.accepted;
  chunk->store_rejected = block.rejected.size();
  chunk->accepted_at_us = header.accepted_at_us;
  chunk->bytes = block.payload.size();
  chunk->first = (header.flags & kChunkFirst) != 0;
  chunk->last = (header.flags & kChunkLast) != 0;
  chunk->in_log = log.first != 0 && block.lsn >= log.first && block.lsn <= log.last;
  chunk->in_store = block.lsn <= view.store_marker().applied;
  return Status::Ok();
}

class LineCursor final : public Cursor<BatchLine> {
 public:
  LineCursor(SharedView view, ItemReader* items, BatchRef ref, const BatchSum& sum)
      : view_(std::move(view)), ref_(std::move(ref)), sum_(sum), items_(items) {}

  void SeekToFirst() override {
    lines_ = std::make_unique<StoredLines>(ref_, sum_, std::vector<LoggedChunk>{}, view_.get());
    Next();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    status_ = lines_->Next();
    valid_ = status_.ok();
    if (status_.IsNotFound()) {
      status_ = Status::Ok();
    } else if (valid_) {
      status_ = Fill();
      valid_ = status_.ok();
    }
  }
  [[nodiscard]] const BatchLine& value() const override { return line_; }
  [[nodiscard]] Status status() const override { return status_; }

 private:
  Status Fill() {
    const ChunkLine& line = lines_->line();
    static const StoredItem kNoItem;
    const StoredItem* item = &kNoItem;
    if (line.outcome == Outcome::kAccepted) {
      TS_RETURN_IF_ERROR(items_->Find({ref_.tenant, line.item}, &item));
    }
    const CheckedLine whole = ReconstructLine(line, item->code, item->description);
    line_.result = lines_->result();
    line_.first_outcome = line.outcome;
    line_.lsn = lines_->lsn();
    line_.code = whole.code;
    line_.description = whole.description;
    const bool failed = line.outcome != Outcome::kAccepted;
    line_.quantity =
        failed ? std::string(line.quantity_text) : Decimal::FromUnits(line.quantity).ToString();
    line_.unit_cost =
        failed ? std::string(line.unit_cost_text) : Decimal::FromUnits(line.unit_cost).ToString();
    line_.vendor = whole.vendor;
    line_.gtin = whole.gtin;
    line_.unit = whole.unit;
    line_.document = whole.document;
    line_.time = whole.time;
    line_.line_id = whole.line_id;
    line_.raw = whole.raw;
    line_.vendor_code = whole.vendor_code;
    return Status::Ok();
  }

  const SharedView view_;
  const BatchRef ref_;
  const BatchSum sum_;
  ItemReader* const items_;
  std::unique_ptr<StoredLines> lines_;
  Status status_;
  bool valid_ = false;
  BatchLine line_;
};

}  // namespace

std::string_view ChunkKindName(ChunkKind kind) {
  switch (kind) {
    case ChunkKind::kLines:
      return "lines";
    case ChunkKind::kRetry:
      return "retry";
    case ChunkKind::kDrop:
      return "drop";
  }
  return {};
}

Status MakeChunkCursor(SharedView view, LogExtent log, const Filter& filter,
                       std::unique_ptr<Cursor<ChunkInfo>>* cursor) {
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  if (resolved.tenant != 0 && !resolved.batch.empty()) {
    BatchSum sum;
    TS_RETURN_IF_ERROR(GetBatchSum(view.get(), filter.tenant, filter.batch, &sum));
    resolved.first_lsn = std::max(resolved.first_lsn, sum.first_lsn);
    resolved.last_lsn = std::min(resolved.last_lsn, sum.last_lsn);
  }
  auto blocks = view->Blocks(resolved.first_lsn);
  const LiveView* raw = view.get();
  *cursor = std::make_unique<MappedCursor<StoredBlock, ChunkInfo>>(
      std::move(view), std::move(blocks),
      [last = resolved.last_lsn](const StoredBlock& block) { return block.lsn <= last; },
      [raw, log, resolved](const StoredBlock& block, ChunkInfo* chunk, bool* take) {
        return TakeChunk(*raw, log, resolved, block, chunk, take);
      });
  return Status::Ok();
}

Status MakeLineCursor(SharedView view, ItemReader* items, std::string_view tenant,
                      std::string_view id, std::unique_ptr<Cursor<BatchLine>>* cursor) {
  BatchSum sum;
  TS_RETURN_IF_ERROR(GetBatchSum(view.get(), tenant, id, &sum));
  const BatchRef ref{view->FindTenant(tenant), std::string(id)};
  *cursor = std::make_unique<LineCursor>(std::move(view), items, ref, sum);
  return Status::Ok();
}

Status FindLsnAccepted(LiveView* view, uint64_t accepted_at_us, Lsn* lsn) {
  Lsn from = 1;  // the answer is in [from, to]
  Lsn to = view->as_of() + 1;
  while (from < to) {
    const Lsn middle = from + (to - from) / 2;
    auto blocks = view->Blocks(middle);
    blocks->SeekToFirst();
    TS_RETURN_IF_ERROR(blocks->status());
    if (!blocks->Valid()) {
      to = middle;
      continue;
    }
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(blocks->value().payload, &header));
    if (header.accepted_at_us >= accepted_at_us) {
      to = middle;
    } else {
      from = blocks->value().lsn + 1;
    }
  }
  *lsn = from;
  return Status::Ok();
}

}  // namespace tallystone
