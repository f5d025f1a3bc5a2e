#include "store/store.h"

#include "base/check.h"
#include "model/chunk.h"

namespace tallystone {
namespace {

// The blocks of a cursor that are one tenant's.
class TenantBlocks final : public Cursor<StoredBlock> {
 public:
  TenantBlocks(std::unique_ptr<Cursor<StoredBlock>> all, TenantId tenant)
      : all_(std::move(all)), tenant_(tenant) {}

  void SeekToFirst() override {
    all_->SeekToFirst();
    Find();
  }
  [[nodiscard]] bool Valid() const override { return status_.ok() && all_->Valid(); }
  void Next() override {
    all_->Next();
    Find();
  }
  [[nodiscard]] const StoredBlock& value() const override { return all_->value(); }
  [[nodiscard]] Status status() const override { return status_.ok() ? all_->status() : status_; }

 private:
  void Find() {
    for (; all_->Valid(); all_->Next()) {
      ChunkHeader header;
      status_ = DecodeChunkHeader(all_->value().payload, &header);
      if (!status_.ok() || header.tenant == tenant_) {
        return;
      }
    }
  }

  std::unique_ptr<Cursor<StoredBlock>> all_;
  const TenantId tenant_;
  Status status_;
};

Status CannotMove() {
  return Status::InvalidArgument("tenants move between servers; this store is no server");
}

}  // namespace

std::unique_ptr<Cursor<StoredBlock>> StoreView::BlocksOf(TenantId tenant) {
  return std::make_unique<TenantBlocks>(Blocks(0), tenant);
}

Status Store::GetBlocks(const BatchRef& ref, Lsn first, Lsn last,
                        std::vector<StoredBlock>* blocks) {
  blocks->clear();
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(NewView(&view));
  auto cursor = view->Blocks(first);
  for (cursor->SeekToFirst(); cursor->Valid() && cursor->value().lsn <= last; cursor->Next()) {
    ChunkHeader header;
    TS_RETURN_IF_ERROR(DecodeChunkHeader(cursor->value().payload, &header));
    if (header.tenant == ref.tenant && header.batch == ref.batch) {
      blocks->push_back(cursor->value());
      return Status::Ok();
    }
  }
  return cursor->status();
}

Status Store::MoveIn(const TenantArrival& /*arrival*/, StoreView* /*from*/, bool* /*unknown*/) {
  return CannotMove();
}

Status Store::MoveOut(TenantId /*tenant*/, uint64_t /*generation*/) {
  return CannotMove();
}

Status Store::RemoveLeft(TenantId /*tenant*/, uint64_t /*generation*/,
                         const std::function<bool()>& /*stop*/) {
  return CannotMove();
}

Status Store::RequestMove(TenantId /*tenant*/, const std::string& /*server_id*/) {
  return CannotMove();
}

}  // namespace tallystone
