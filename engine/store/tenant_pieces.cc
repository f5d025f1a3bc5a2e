#include "store/tenant_pieces.h"

#include <algorithm>

#include "base/check.h"
#include "model/chunk.h"

namespace tallystone {
namespace {

constexpr size_t kEntriesMax = 16'384;
constexpr size_t kBytesMax = 8u << 20;

class Pieces {
 public:
  Pieces(StoreView* from, TenantId tenant, Lsn applied, const TakePiece& take)
      : from_(from), tenant_(tenant), applied_(applied), take_(take) {}

  Status Run();

 private:
  // Gives add(record) each record of the cursor, which begins with the tenant, as long as it is the
  // tenant's, and hands over what was collected whenever it is enough. What would pass over those
  // of other tenants first would keep the transaction of the receiver idle for as long.
  template <typename Record, typename Add>
  Status Collect(std::unique_ptr<Cursor<Record>> cursor, const Add& add);
  Status CollectBlocks();
  Status AddBlock(const StoredBlock& block);
  Status HandOver(bool rest);
  Status HandOverBlocks();

  StoreView* const from_;
  const TenantId tenant_;
  const Lsn applied_;
  const TakePiece& take_;
  SortedWindow piece_;
  size_t entries_ = 0;
  size_t bytes_ = 0;
  std::vector<std::pair<ItemId, Posting>> lines_;  // of the piece
  ChunkNumbers numbers_;                           // working memory
};

template <typename Record, typename Add>
Status Pieces::Collect(std::unique_ptr<Cursor<Record>> cursor, const Add& add) {
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    if (cursor->value().first.tenant != tenant_) {
      break;
    }
    add(cursor->value());
    if (++entries_ >= kEntriesMax) {
      TS_RETURN_IF_ERROR(HandOver(false));
    }
  }
  TS_RETURN_IF_ERROR(cursor->status());
  return HandOver(false);
}

Status Pieces::HandOver(bool rest) {
  if (entries_ == 0) {
    return Status::Ok();
  }
  piece_.first = piece_.blocks.empty() ? applied_ : piece_.blocks.front().lsn;
  piece_.last = applied_;
  Status status = take_(piece_, rest);
  piece_.Clear();
  entries_ = bytes_ = 0;
  return status;
}

Status Pieces::AddBlock(const StoredBlock& block) {
  if (!piece_.blocks.empty() && (entries_ >= kEntriesMax || bytes_ >= kBytesMax)) {
    TS_RETURN_IF_ERROR(HandOverBlocks());
  }
  piece_.blocks.push_back({block.lsn, std::make_shared<const std::string>(block.payload)});
  TS_RETURN_IF_ERROR(DecodeChunkNumbers(block.payload, &numbers_));
  if (!block.rejected.empty()) {
    piece_.rejected_lines.emplace_back(block.lsn, block.rejected);
  }
  for (uint32_t index = 0; index < numbers_.items.size(); ++index) {
    if (!std::binary_search(block.rejected.begin(), block.rejected.end(), index)) {
      lines_.push_back({numbers_.items[index], {block.lsn, index}});
    }
  }
  entries_ += 1 + numbers_.items.size();
  bytes_ += block.payload.size();
  return Status::Ok();
}

Status Pieces::HandOverBlocks() {
  std::sort(lines_.begin(), lines_.end());
  for (const auto& [item, posting] : lines_) {
    const auto place = static_cast<uint32_t>(piece_.postings.size());
    if (piece_.deltas.empty() || piece_.deltas.back().key.item != item) {
      piece_.deltas.push_back({{tenant_, item}, {}, place, place, false});
    }
    piece_.postings.push_back(posting);
    piece_.deltas.back().posting_end = place + 1;
  }
  piece_.lines = lines_.size();
  lines_.clear();
  return HandOver(true);
}

Status Pieces::CollectBlocks() {
  auto cursor = from_->BlocksOf(tenant_);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    TS_RETURN_IF_ERROR(AddBlock(cursor->value()));
  }
  TS_RETURN_IF_ERROR(cursor->status());
  return HandOverBlocks();
}

Status Pieces::Run() {
  TS_RETURN_IF_ERROR(Collect(from_->Batches({tenant_, ""}),
                             [this](const auto& entry) { piece_.batches.push_back(entry); }));
  TS_RETURN_IF_ERROR(CollectBlocks());
  TS_RETURN_IF_ERROR(Collect(from_->Items({tenant_, 0}),
                             [this](const auto& entry) { piece_.items.push_back(entry); }));
  TS_RETURN_IF_ERROR(Collect(from_->Aliases(tenant_),
                             [this](const auto& entry) { piece_.aliases.push_back(entry); }));
  TS_RETURN_IF_ERROR(Collect(from_->Records(tenant_),
                             [this](const auto& entry) { piece_.records.push_back(entry); }));
  TS_RETURN_IF_ERROR(Collect(from_->DeadLetters({tenant_, "", 0}), [this](const auto& entry) {
    piece_.dead_letters.emplace_back(entry.first, entry.second);
  }));
  return Collect(from_->Balances({tenant_, 0}), [this](const auto& entry) {
    piece_.deltas.push_back({entry.first, entry.second, 0, 0, false});
  });
}

}  // namespace

Status ForEachPiece(StoreView* from, TenantId tenant, Lsn applied, const TakePiece& take) {
  return Pieces(from, tenant, applied, take).Run();
}

}  // namespace tallystone
