// The cursor of transactions: along the log, or along the postings of one item.
#include <algorithm>
#include <deque>

#include "base/check.h"
#include "inspect/booked_lines.h"
#include "inspect/queries.h"
#include "model/line_rebuild.h"

namespace tallystone {
namespace {

class TransactionCursor final : public Cursor<Transaction> {
 public:
  TransactionCursor(SharedView view, ResolvedFilter filter)
      : view_(std::move(view)), filter_(std::move(filter)), items_(view_.get()) {}

  void SeekToFirst() override {
    waiting_.clear();
    status_ = Start();
    Fill();
  }
  [[nodiscard]] bool Valid() const override { return status_.ok() && !waiting_.empty(); }
  void Next() override {
    waiting_.pop_front();
    Fill();
  }
  [[nodiscard]] const Transaction& value() const override { return waiting_.front(); }
  [[nodiscard]] Status status() const override { return status_; }

 private:
  Status Start();
  void Fill();
  Status TakeNextBlock(bool* end);
  Status TakeBlock(const StoredBlock& block);

  SharedView view_;
  ResolvedFilter filter_;
  ItemTable items_;
  std::unique_ptr<Cursor<StoredBlock>> blocks_;  // along the log
  std::deque<Lsn> item_blocks_;                  // or the blocks of one item
  std::deque<Transaction> waiting_;
  Chunk chunk_;
  Status status_;
};

Status TransactionCursor::Start() {
  if (filter_.item != 0) {
    std::vector<Posting> postings;
    TS_RETURN_IF_ERROR(view_->GetPostings({filter_.tenant, filter_.item}, &postings));
    item_blocks_.clear();
    for (const Posting& posting : postings) {
      const bool wanted = posting.lsn >= filter_.first_lsn && posting.lsn <= filter_.last_lsn;
      if (wanted && (item_blocks_.empty() || item_blocks_.back() != posting.lsn)) {
        item_blocks_.push_back(posting.lsn);
      }
    }
    return Status::Ok();
  }
  if (!filter_.batch.empty() && filter_.tenant != 0) {
    BatchSum sum;
    Status status = view_->GetBatch({filter_.tenant, filter_.batch}, &sum);
    if (!status.ok()) {
      return status;
    }
    filter_.first_lsn = std::max(filter_.first_lsn, sum.first_lsn);
    filter_.last_lsn = std::min(filter_.last_lsn, sum.last_lsn);
  }
  blocks_ = view_->Blocks(filter_.first_lsn);
  blocks_->SeekToFirst();
  return Status::Ok();
}

void TransactionCursor::Fill() {
  bool end = false;
  while (status_.ok() && waiting_.empty() && !end) {
    status_ = TakeNextBlock(&end);
  }
}

Status TransactionCursor::TakeNextBlock(bool* end) {
  if (filter_.item != 0) {
    *end = item_blocks_.empty();
    if (*end) {
      return Status::Ok();
    }
    StoredBlock block;
    TS_RETURN_IF_ERROR(view_->GetBlock(item_blocks_.front(), &block));
    item_blocks_.pop_front();
    return TakeBlock(block);
  }
  *end = !blocks_->Valid() || blocks_->value().lsn > filter_.last_lsn;
  if (*end) {
    return blocks_->status();
  }
  TS_RETURN_IF_ERROR(TakeBlock(blocks_->value()));
  blocks_->Next();
  return Status::Ok();
}

Status TransactionCursor::TakeBlock(const StoredBlock& block) {
  if (block.lsn < filter_.first_lsn || block.lsn > filter_.last_lsn) {
    return Status::Ok();
  }
  ChunkHeader header;
  TS_RETURN_IF_ERROR(DecodeChunkHeader(block.payload, &header));
  if ((filter_.tenant != 0 && header.tenant != filter_.tenant) ||
      (!filter_.batch.empty() && header.batch != filter_.batch)) {
    return Status::Ok();
  }
  return ForEachBooked(block, &chunk_, [&](const ChunkLine& line, uint32_t) {
    if (filter_.item != 0 && line.item != filter_.item) {
      return Status::Ok();
    }
    const StoredItem* item = nullptr;
    TS_RETURN_IF_ERROR(items_.Find({header.tenant, line.item}, &item));
    const CheckedLine whole = ReconstructLine(line, item->code, item->description);
    Transaction transaction;
    transaction.tenant = view_->TenantName(header.tenant);
    transaction.batch = header.batch;
    transaction.line = line.number;
    transaction.lsn = block.lsn;
    transaction.item = line.item;
    transaction.decided_by = line.decided_by;
    transaction.quantity = Decimal::FromUnits(line.quantity);
    transaction.unit_cost = Decimal::FromUnits(line.unit_cost);
    transaction.code = item->code;
    transaction.description = whole.description;
    transaction.vendor = whole.vendor;
    transaction.gtin = whole.gtin;
    transaction.unit = whole.unit;
    transaction.document = whole.document;
    transaction.time = whole.time;
    transaction.line_id = whole.line_id;
    transaction.vendor_code = whole.vendor_code;
    waiting_.push_back(std::move(transaction));
    return Status::Ok();
  });
}

}  // namespace

Status MakeTransactionCursor(SharedView view, const Filter& filter,
                             std::unique_ptr<Cursor<Transaction>>* cursor) {
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  *cursor = std::make_unique<TransactionCursor>(std::move(view), std::move(resolved));
  return Status::Ok();
}

}  // namespace tallystone
