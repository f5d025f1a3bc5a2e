#include "ingest/stored_lines.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tallystone {
namespace {

LineResult ResultOf(const ChunkLine& line, uint32_t accepted_index,
                    const std::vector<uint32_t>& rejected) {
  LineResult result{line.number, line.outcome, line.decided_by, line.item};
  if (line.decided_by == DecidedBy::kFuzzy || line.decided_by == DecidedBy::kReview) {
    // What the log kept of it.
    auto match = std::make_shared<Match>();
    match->score = line.score;
    if (line.runner_up != 0) {
      match->candidates.push_back({line.runner_up, line.runner_up_score});
    }
    result.match = std::move(match);
  }
  if (line.outcome == Outcome::kAccepted &&
      std::binary_search(rejected.begin(), rejected.end(), accepted_index)) {
    result.outcome = Outcome::kStoreRejected;
  }
  return result;
}

// The blocks of a short stretch of the log, read one by one: they come from the block cache, where
// a scan opens an iterator and unpacks what it passes. Sending again many small batches is ten
// times faster by it.
class BlocksByKey : public Cursor<StoredBlock> {
 public:
  BlocksByKey(StoreView* view, Lsn first, Lsn last) : view_(view), first_(first), last_(last) {}

  void SeekToFirst() override {
    next_ = first_;
    Next();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    valid_ = false;
    while (!valid_ && next_ <= last_) {
      status_ = view_->GetBlock(next_++, &block_);
      valid_ = status_.ok();
      if (!valid_ && !status_.IsNotFound()) {
        return;
      }
    }
    status_ = Status::Ok();
  }
  [[nodiscard]] const StoredBlock& value() const override { return block_; }
  [[nodiscard]] Status status() const override { return status_; }

 private:
  StoreView* const view_;
  const Lsn first_;
  const Lsn last_;
  Lsn next_ = 0;
  bool valid_ = false;
  StoredBlock block_;
  Status status_;
};

constexpr Lsn kBlocksByKeyMax = 16;

// The blocks of one batch, from the store itself.
class BlocksOfBatch : public Cursor<StoredBlock> {
 public:
  BlocksOfBatch(Store* store, const BatchRef* ref, Lsn first, Lsn last)
      : store_(store), ref_(ref), first_(first), last_(last) {}

  void SeekToFirst() override { Fetch(first_); }
  [[nodiscard]] bool Valid() const override { return status_.ok() && next_ < blocks_.size(); }
  void Next() override {
    if (++next_ == blocks_.size()) {
      Fetch(blocks_.back().lsn + 1);
    }
  }
  [[nodiscard]] const StoredBlock& value() const override { return blocks_[next_]; }
  [[nodiscard]] Status status() const override { return status_; }

 private:
  void Fetch(Lsn from) {
    next_ = 0;
    blocks_.clear();
    if (from <= last_) {
      status_ = store_->GetBlocks(*ref_, from, last_, &blocks_);
    }
  }

  Store* const store_;
  const BatchRef* const ref_;
  const Lsn first_;
  const Lsn last_;
  std::vector<StoredBlock> blocks_;
  size_t next_ = 0;
  Status status_;
};

}  // namespace

StoredLines::StoredLines(BatchRef ref, const BatchSum& sum, std::vector<LoggedChunk> chunks,
                         StoreView* view)
    : ref_(std::move(ref)), sum_(sum), chunks_(std::move(chunks)), view_(view), store_(nullptr) {}

StoredLines::StoredLines(BatchRef ref, const BatchSum& sum, Store* store)
    : ref_(std::move(ref)), sum_(sum), view_(nullptr), store_(store) {}

Status StoredLines::Start() {
  started_ = true;
  if (view_ == nullptr) {
    applied_ = store_ != nullptr ? sum_.last_lsn : 0;
  } else {
    Marker marker;
    TS_RETURN_IF_ERROR(view_->ReadMarker(&marker));
    std::map<TenantId, Lsn> ahead;
    TS_RETURN_IF_ERROR(view_->ReadAhead(&ahead));
    const auto found = ahead.find(ref_.tenant);
    applied_ = found == ahead.end() ? marker.applied : std::max(marker.applied, found->second);
  }
  if (sum_.tried_again > 0) {
    TS_RETURN_IF_ERROR(CollectRetries());
  }
  SeekToFirst();
  return Status::Ok();
}

void StoredLines::SeekToFirst() {
  if (store_ != nullptr) {
    blocks_ = std::make_unique<BlocksOfBatch>(store_, &ref_, sum_.first_lsn, sum_.last_lsn);
  } else if (view_ == nullptr) {
    blocks_.reset();
  } else if (sum_.last_lsn - sum_.first_lsn < kBlocksByKeyMax) {
    blocks_ = std::make_unique<BlocksByKey>(view_, sum_.first_lsn, sum_.last_lsn);
  } else {
    blocks_ = view_->Blocks(sum_.first_lsn);
  }
  if (blocks_ != nullptr) {
    blocks_->SeekToFirst();
  }
  passed_ = false;
  next_chunk_ = 0;
  while (next_chunk_ < chunks_.size() &&
         chunks_[next_chunk_].lsn <= std::max(applied_, sum_.first_lsn - 1)) {
    ++next_chunk_;
  }
}

bool StoredLines::AtBlock() const {
  return blocks_ != nullptr && blocks_->Valid() &&
         blocks_->value().lsn <= std::min(sum_.last_lsn, applied_);
}

Status StoredLines::Current(Place* place) {
  static const std::vector<uint32_t> kNone;
  if (sum_.first_lsn == 0) {
    return Status::NotFound("the batch has no lines");
  }
  if (AtBlock()) {
    *place = {blocks_->value().lsn, &blocks_->value().payload, &blocks_->value().rejected};
    return Status::Ok();
  }
  if (blocks_ != nullptr) {
    TS_RETURN_IF_ERROR(blocks_->status());
  }
  if (next_chunk_ < chunks_.size() && chunks_[next_chunk_].lsn <= sum_.last_lsn) {
    *place = {chunks_[next_chunk_].lsn, chunks_[next_chunk_].payload.get(), &kNone};
    return Status::Ok();
  }
  return Status::NotFound("that was the last chunk");
}

void StoredLines::Advance() {
  if (AtBlock()) {
    blocks_->Next();
  } else {
    ++next_chunk_;
  }
}

Status StoredLines::CollectRetries() {
  Place place;
  Status status;
  for (SeekToFirst(); (status = Current(&place)).ok(); Advance()) {
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(*place.payload, &header));
    if ((header.flags & kChunkRetry) == 0 || header.tenant != ref_.tenant ||
        header.batch != ref_.batch) {
      continue;
    }
    Chunk chunk;
    TS_RETURN_IF_ERROR(DecodeChunk(*place.payload, &chunk));
    uint32_t accepted = 0;
    uint32_t index = 0;
    for (const ChunkLine& line : chunk.lines) {
      retried_[line.number] = {ResultOf(line, accepted, *place.rejected), {place.lsn, index++}};
      accepted += line.outcome == Outcome::kAccepted ? 1 : 0;
    }
  }
  return status.IsNotFound() ? Status::Ok() : status;
}

// Goes on only when the next chunk is wanted: it may be a round trip away.
Status StoredLines::NextChunk() {
  Place place;
  for (;;) {
    if (std::exchange(passed_, true)) {
      Advance();
    }
    TS_RETURN_IF_ERROR(Current(&place));
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(*place.payload, &header));
    if (header.tenant == ref_.tenant && header.batch == ref_.batch &&
        (header.flags & (kChunkRetry | kChunkDrop)) == 0 && header.lines > 0) {
      break;
    }
  }
  lsn_ = place.lsn;
  payload_ = *place.payload;
  rejected_ = *place.rejected;
  index_ = 0;
  accepted_ = 0;
  return DecodeChunk(payload_, &chunk_);
}

Status StoredLines::Next() {
  if (!started_) {
    TS_RETURN_IF_ERROR(Start());
  } else if (index_ < chunk_.lines.size()) {
    accepted_ += chunk_.lines[index_].outcome == Outcome::kAccepted ? 1 : 0;
    ++index_;
  }
  if (index_ >= chunk_.lines.size()) {
    TS_RETURN_IF_ERROR(NextChunk());
  }
  TakeResult();
  return Status::Ok();
}

void StoredLines::TakeResult() {
  result_ = ResultOf(chunk_.lines[index_], accepted_, rejected_);
  retry_ = {};
  const auto retried = retried_.find(result_.line);
  if (retried != retried_.end()) {
    result_ = retried->second.result;
    retry_ = retried->second.place;
  }
}

}  // namespace tallystone
