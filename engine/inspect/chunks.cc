#include "inspect/chunks.h"

#include <algorithm>

#include "base/check.h"
#include "ingest/stored_lines.h"
#include "model/line_rebuild.h"

namespace tallystone {
namespace {

class ChunkCursor final : public Cursor<ChunkInfo> {
 public:
  ChunkCursor(SharedView view, LogExtent log, ResolvedFilter filter)
      : view_(std::move(view)),
        log_(log),
        filter_(std::move(filter)),
        blocks_(view_->Blocks(filter_.first_lsn)) {}

  void SeekToFirst() override {
    status_ = Status::Ok();
    blocks_->SeekToFirst();
    Find();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    blocks_->Next();
    Find();
  }
  [[nodiscard]] const ChunkInfo& value() const override { return chunk_; }
  [[nodiscard]] Status status() const override {
    return status_.ok() ? blocks_->status() : status_;
  }

 private:
  void Find() {
    for (valid_ = false; blocks_->Valid() && blocks_->value().lsn <= filter_.last_lsn;
         blocks_->Next()) {
      status_ = Take(blocks_->value());
      if (valid_ || !status_.ok()) {
        return;
      }
    }
  }

  Status Take(const StoredBlock& block) {
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(block.payload, &header));
    if (header.lines == 0 || (filter_.tenant != 0 && header.tenant != filter_.tenant) ||
        (!filter_.batch.empty() && header.batch != filter_.batch)) {
      return Status::Ok();
    }
    chunk_.tenant = view_->TenantName(header.tenant);
    chunk_.batch = header.batch;
    chunk_.lsn = block.lsn;
    chunk_.kind = (header.flags & kChunkRetry) != 0  ? ChunkKind::kRetry
                  : (header.flags & kChunkDrop) != 0 ? ChunkKind::kDrop
                                                     : ChunkKind::kLines;
    chunk_.first_line = header.first_line;
    chunk_.lines = header.lines;
    chunk_.accepted = header.accepted;
    chunk_.store_rejected = block.rejected.size();
    chunk_.accepted_at_us = header.accepted_at_us;
    chunk_.bytes = block.payload.size();
    chunk_.first = (header.flags & kChunkFirst) != 0;
    chunk_.last = (header.flags & kChunkLast) != 0;
    chunk_.in_log = log_.first != 0 && block.lsn >= log_.first && block.lsn <= log_.last;
    chunk_.in_store = block.lsn <= view_->store_marker().applied;
    valid_ = true;
    return Status::Ok();
  }

  const SharedView view_;
  const LogExtent log_;
  const ResolvedFilter filter_;
  std::unique_ptr<Cursor<StoredBlock>> blocks_;
  Status status_;
  bool valid_ = false;
  ChunkInfo chunk_;
};

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
  *cursor = std::make_unique<ChunkCursor>(std::move(view), log, std::move(resolved));
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
