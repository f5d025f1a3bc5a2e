#include "inspect/transfer_blocks.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "inspect/rebooking.h"
#include "model/chunk.h"

namespace tallystone {
namespace {

class BlockCursor final : public Cursor<TransferBlock> {
 public:
  explicit BlockCursor(SharedView view) : view_(std::move(view)), blocks_(view_->Blocks(0)) {}

  void SeekToFirst() override {
    blocks_->SeekToFirst();
    next_ = 1;
    Take();
  }
  [[nodiscard]] bool Valid() const override { return status_.ok() && blocks_->Valid(); }
  void Next() override {
    blocks_->Next();
    Take();
  }
  [[nodiscard]] const TransferBlock& value() const override { return block_; }
  [[nodiscard]] Status status() const override {
    return status_.ok() ? blocks_->status() : status_;
  }

 private:
  void Take() {
    status_ = Status::Ok();
    const Lsn found = blocks_->Valid() ? blocks_->value().lsn : view_->as_of() + 1;
    if (!blocks_->status().ok()) {
      return;
    }
    if (found != next_) {
      status_ = Status::Corruption("block " + std::to_string(next_) + " is missing");
    } else if (blocks_->Valid()) {
      status_ = Fill(blocks_->value());
      ++next_;
    }
  }

  Status Fill(const StoredBlock& block) {
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(block.payload, &header));
    block_.lsn = block.lsn;
    block_.payload = block.payload;
    block_.lines = header.lines;
    TS_RETURN_IF_ERROR(FindCauses(view_.get(), block, &causes_));
    block_.rejections.clear();
    for (size_t place = 0; place < causes_.size(); ++place) {
      block_.rejections.push_back({block.rejected[place], std::move(causes_[place])});
    }
    return Status::Ok();
  }

  const SharedView view_;
  std::unique_ptr<Cursor<StoredBlock>> blocks_;
  Lsn next_ = 1;
  std::vector<std::string> causes_;
  Status status_;
  TransferBlock block_;
};

}  // namespace

std::unique_ptr<Cursor<TransferBlock>> MakeBlockCursor(SharedView view) {
  return std::make_unique<BlockCursor>(std::move(view));
}

}  // namespace tallystone
