#include "store/postgres/read_ahead.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"
#include "base/checksum.h"
#include "store/postgres/read_statements.h"
#include "store/postgres/reads.h"

namespace tallystone::postgres {
namespace {

enum Tag : uint64_t { kAsked, kBlocks, kBatches, kTags };

// The answers of one exchange, by tag.
class Replies final : public ReplySink {
 public:
  void OnReply(uint64_t tag, const SqlError* error, const Result& result) override {
    if (error == nullptr) {
      results_[tag] = result;
    } else if (status_.ok()) {
      status_ = MapReadError(*error, "reading batches");
    }
  }
  [[nodiscard]] const Result& operator[](Tag tag) const { return results_[tag]; }

  // Until all of them are there.
  Status Finish(Connection* connection) {
    Status status = connection->Sync(this);
    if (status.ok()) {
      status = connection->Finish(this);
    }
    return status_.ok() ? status : status_;
  }

 private:
  std::array<Result, kTags> results_;
  Status status_;
};

void TakeRef(RowReader* row, BatchRef* ref) {
  ref->tenant = static_cast<TenantId>(row->TakeInteger());
  ref->batch = row->TakeBytes();
}

// A block that is too large to be read unasked ends the stretch.
Status TakeAhead(const Replies& replies, AheadRows* rows) {
  for (int index = 0; index < replies[kBlocks].rows(); ++index) {
    RowReader row(replies[kBlocks], index);
    AheadRows::Block next;
    TakeRef(&row, &next.ref);
    if (replies[kBlocks].IsNull(index, kAheadPayloadColumn)) {
      break;
    }
    TS_RETURN_IF_ERROR(TakeBlock(&row, &next.block));
    TS_RETURN_IF_ERROR(row.status("blocks"));
    rows->blocks.push_back(std::move(next));
  }
  for (int index = 0; index < replies[kBatches].rows(); ++index) {
    RowReader row(replies[kBatches], index);
    auto& [ref, sum] = rows->batches.emplace_back();
    TakeRef(&row, &ref);
    TS_RETURN_IF_ERROR(TakeBatch(&row, &sum));
    TS_RETURN_IF_ERROR(row.status("batches"));
  }
  return Status::Ok();
}

}  // namespace

uint64_t ReadAhead::HashOf(const BatchRef& ref) {
  return Hash64(ref.batch, ref.tenant);
}

bool ReadAhead::GetBatch(const BatchRef& ref, BatchSum* sum) {
  const MutexLock lock(&mutex_);
  const auto found = batches_.find(ref);
  if (found == batches_.end()) {
    return false;
  }
  ++used_;
  *sum = found->second;
  return true;
}

// What is not found here may be in the store all the same.
bool ReadAhead::GetBlocks(const BatchRef& ref, Lsn first, Lsn last,
                          std::vector<StoredBlock>* blocks) {
  blocks->clear();
  const MutexLock lock(&mutex_);
  for (const Stretch* stretch = From(first, nullptr); stretch != nullptr && blocks->empty();) {
    const std::vector<AheadRows::Block>& known = stretch->rows.blocks;
    auto next = std::partition_point(
        known.begin(), known.end(),
        [first](const AheadRows::Block& before) { return before.block.lsn < first; });
    for (; next != known.end() && next->block.lsn <= last && blocks->size() < kBlocksGivenMax;
         ++next) {
      if (next->ref == ref) {
        blocks->push_back(next->block);
      }
    }
    first = known.back().block.lsn + 1;
    stretch = first <= last ? From(first, stretch) : nullptr;
  }
  used_ += blocks->size();
  return !blocks->empty();
}

// From one stretch to the next only where the store did not change while both were read: the
// tenants of a window come one after the other, so that a stretch may lack the last chunks of some
// tenants, and those would be passed over.
const ReadAhead::Stretch* ReadAhead::From(Lsn lsn, const Stretch* before) const {
  auto found = stretches_.upper_bound(lsn);
  if (found == stretches_.begin()) {
    return nullptr;
  }
  const Stretch& stretch = (--found)->second;
  if (stretch.rows.blocks.back().block.lsn < lsn) {
    return nullptr;
  }
  const bool follows =
      before == nullptr || (before->quiet && stretch.quiet && before->ticket == stretch.ticket);
  return follows ? &stretch : nullptr;
}

size_t ReadAhead::blocks_to_read() {
  const MutexLock lock(&mutex_);
  constexpr size_t kStep = 4;
  if (brought_ > 0) {
    to_read_ = used_ * 2 >= brought_ ? std::min(to_read_ * kStep, kBlocksMax)
                                     : std::max(to_read_ / kStep, kBlocksMin);
  }
  brought_ = used_ = 0;
  return to_read_;
}

uint64_t ReadAhead::ticket() const {
  const MutexLock lock(&mutex_);
  return changes_;
}

void ReadAhead::Put(uint64_t ticket, AheadRows rows) {
  const MutexLock lock(&mutex_);
  if (rows.blocks.empty()) {
    return;
  }
  const Lsn first = rows.blocks.front().block.lsn;
  if (const auto before = stretches_.find(first); before != stretches_.end()) {
    Drop(before);
  }
  for (auto& [ref, sum] : rows.batches) {
    if (ticket == changes_ && !changing_.contains(HashOf(ref))) {
      batches_.insert_or_assign(ref, sum);
    }
  }
  Stretch made;
  made.ticket = ticket;
  made.quiet = ticket == changes_ && changing_.empty();
  for (const AheadRows::Block& block : rows.blocks) {
    made.bytes += sizeof(block) + block.block.payload.size() + block.ref.batch.size();
  }
  brought_ = rows.blocks.size();
  bytes_ += made.bytes;
  made.rows = std::move(rows);
  stretches_.emplace(first, std::move(made));
  age_.push_back(first);
  while (age_.size() > 1 && (age_.size() > kStretchesMax || bytes_ > kBytesMax)) {
    Drop(stretches_.find(age_.front()));
  }
}

void ReadAhead::Drop(std::map<Lsn, Stretch>::iterator stretch) {
  for (const auto& [ref, sum] : stretch->second.rows.batches) {
    batches_.erase(ref);
  }
  bytes_ -= stretch->second.bytes;
  std::erase(age_, stretch->first);
  stretches_.erase(stretch);
}

void ReadAhead::BeginWrite(const std::vector<std::pair<BatchRef, BatchSum>>& batches) {
  const MutexLock lock(&mutex_);
  ++changes_;
  for (const auto& [ref, sum] : batches) {
    changing_.insert(HashOf(ref));
    batches_.erase(ref);
  }
}

void ReadAhead::EndWrite() {
  const MutexLock lock(&mutex_);
  ++changes_;
  changing_.clear();
}

void ReadAhead::Clear() {
  const MutexLock lock(&mutex_);
  ++changes_;
  stretches_.clear();
  age_.clear();
  bytes_ = 0;
  batches_.clear();
}

Status ReadBatchAhead(Connection* connection, const BatchRef& ref, size_t ahead, BatchSum* sum,
                      AheadRows* rows) {
  Parameters name, from;
  name.Add(uint64_t{ref.tenant}).Add(std::string_view(ref.batch));
  from.Add(uint64_t{ref.tenant}).Add(std::string_view(ref.batch)).Add(uint64_t{ahead});
  Replies replies;
  TS_RETURN_IF_ERROR(connection->Send(kGetBatch, name, kAsked, &replies));
  TS_RETURN_IF_ERROR(connection->Send(kBlocksFromBatch, from, kBlocks, &replies));
  TS_RETURN_IF_ERROR(connection->Send(kBatchesFromBatch, from, kBatches, &replies));
  TS_RETURN_IF_ERROR(replies.Finish(connection));
  if (replies[kAsked].rows() == 0) {
    return Status::NotFound("not in the store");
  }
  RowReader row(replies[kAsked], 0);
  TS_RETURN_IF_ERROR(TakeBatch(&row, sum));
  TS_RETURN_IF_ERROR(row.status("batches"));
  return TakeAhead(replies, rows);
}

Status ReadBlocksAhead(Connection* connection, const BatchRef& ref, Lsn first, Lsn last,
                       size_t ahead, std::vector<StoredBlock>* blocks, AheadRows* rows) {
  Parameters range, from;
  for (Parameters* parameters : {&range, &from}) {
    parameters->Add(uint64_t{ref.tenant}).Add(std::string_view(ref.batch)).Add(first).Add(last);
  }
  from.Add(uint64_t{ahead});
  Replies replies;
  TS_RETURN_IF_ERROR(connection->Send(kNextBlocksOfBatch, range, kAsked, &replies));
  TS_RETURN_IF_ERROR(connection->Send(kBlocksFromBlock, from, kBlocks, &replies));
  TS_RETURN_IF_ERROR(connection->Send(kBatchesFromBlock, from, kBatches, &replies));
  TS_RETURN_IF_ERROR(replies.Finish(connection));
  blocks->clear();
  for (int index = 0; index < replies[kAsked].rows(); ++index) {
    RowReader row(replies[kAsked], index);
    TS_RETURN_IF_ERROR(TakeBlock(&row, &blocks->emplace_back()));
    TS_RETURN_IF_ERROR(row.status("blocks"));
  }
  return TakeAhead(replies, rows);
}

}  // namespace tallystone::postgres
