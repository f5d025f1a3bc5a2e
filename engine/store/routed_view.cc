#include "store/routed_view.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tallystone {
namespace {

// Sorted cursors walked as one, the smallest record first. Few cursors: looked through one by one.
template <typename Record, typename KeyOf>
class MergedCursor final : public Cursor<Record> {
 public:
  MergedCursor(std::vector<std::unique_ptr<Cursor<Record>>> parts, KeyOf key_of)
      : parts_(std::move(parts)), key_of_(key_of) {}

  void SeekToFirst() override {
    for (auto& part : parts_) {
      part->SeekToFirst();
    }
    Find();
  }
  [[nodiscard]] bool Valid() const override { return at_ != nullptr; }
  void Next() override {
    at_->Next();
    Find();
  }
  [[nodiscard]] const Record& value() const override { return at_->value(); }
  [[nodiscard]] Status status() const override { return status_; }

 private:
  void Find() {
    at_ = nullptr;
    for (auto& part : parts_) {
      status_ = part->status();
      if (!status_.ok()) {
        at_ = nullptr;
        return;
      }
      if (part->Valid() && (at_ == nullptr || key_of_(part->value()) < key_of_(at_->value()))) {
        at_ = part.get();
      }
    }
  }

  std::vector<std::unique_ptr<Cursor<Record>>> parts_;
  KeyOf key_of_;
  Cursor<Record>* at_ = nullptr;
  Status status_;
};

template <typename Record, typename Open, typename KeyOf>
std::unique_ptr<Cursor<Record>> Merged(const std::vector<std::unique_ptr<StoreView>>& views,
                                       const Open& open, KeyOf key_of) {
  std::vector<std::unique_ptr<Cursor<Record>>> cursors;
  for (const auto& view : views) {
    cursors.push_back(open(view.get()));
  }
  return std::make_unique<MergedCursor<Record, KeyOf>>(std::move(cursors), key_of);
}

// By the first of a pair.
template <typename Record, typename Open>
std::unique_ptr<Cursor<Record>> MergedByKey(const std::vector<std::unique_ptr<StoreView>>& views,
                                            const Open& open) {
  return Merged<Record>(
      views, open, [](const Record& record) -> const auto& { return record.first; });
}

}  // namespace

Status RoutedView::Make(std::vector<std::unique_ptr<StoreView>> parts,
                        std::unique_ptr<RoutedView>* view) {
  TS_CHECK(!parts.empty());
  std::unique_ptr<RoutedView> made(new RoutedView);
  made->parts_ = std::move(parts);
  TS_RETURN_IF_ERROR(made->Load());
  *view = std::move(made);
  return Status::Ok();
}

Status RoutedView::Load() {
  for (size_t index = 0; index < parts_.size(); ++index) {
    Marker marker;
    TS_RETURN_IF_ERROR(parts_[index]->ReadMarker(&marker));
    if (index > 0 && marker.database_id != markers_.front().database_id) {
      return Status::Corruption("the first server and server " + std::to_string(index + 1) +
                                " hold different databases");
    }
    markers_.push_back(std::move(marker));
    auto tenants = parts_[index]->Tenants();
    for (tenants->SeekToFirst(); tenants->Valid(); tenants->Next()) {
      const auto& [tenant, name] = tenants->value();
      if (!owners_.emplace(tenant, index).second) {
        return Status::Corruption("two servers hold tenant '" + name + "'");
      }
    }
    TS_RETURN_IF_ERROR(tenants->status());
  }
  return Status::Ok();
}

size_t RoutedView::PartOf(TenantId tenant) const {
  const auto found = owners_.find(tenant);
  return found == owners_.end() ? parts_.size() : found->second;
}

template <typename Look>
Status RoutedView::At(TenantId tenant, const Look& look) {
  const size_t part = PartOf(tenant);
  return part == parts_.size()
             ? Status::NotFound("no server has tenant number " + std::to_string(tenant))
             : look(parts_[part].get());
}

Status RoutedView::ReadMarker(Marker* marker) {
  *marker = *std::min_element(
      markers_.begin(), markers_.end(),
      [](const Marker& left, const Marker& right) { return left.applied < right.applied; });
  marker->replay.reset();
  return Status::Ok();
}

Status RoutedView::ReadAhead(std::map<TenantId, Lsn>* ahead) {
  ahead->clear();
  for (const auto& [tenant, part] : owners_) {
    (*ahead)[tenant] = markers_[part].applied;
  }
  for (size_t index = 0; index < parts_.size(); ++index) {
    std::map<TenantId, Lsn> of_part;
    TS_RETURN_IF_ERROR(parts_[index]->ReadAhead(&of_part));
    for (const auto& [tenant, lsn] : of_part) {
      if (PartOf(tenant) == index) {
        (*ahead)[tenant] = std::max((*ahead)[tenant], lsn);
      }
    }
  }
  return Status::Ok();
}

Status RoutedView::GetBalance(StockKey key, BalanceSum* sum) {
  return At(key.tenant, [&](StoreView* view) { return view->GetBalance(key, sum); });
}

Status RoutedView::GetBlock(Lsn lsn, StoredBlock* block) {
  for (const auto& view : parts_) {
    Status status = view->GetBlock(lsn, block);
    if (!status.IsNotFound()) {
      return status;
    }
  }
  return Status::NotFound("there is no chunk at LSN " + std::to_string(lsn));
}

Status RoutedView::GetBatch(const BatchRef& ref, BatchSum* sum) {
  return At(ref.tenant, [&](StoreView* view) { return view->GetBatch(ref, sum); });
}

Status RoutedView::GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) {
  return At(ref.tenant, [&](StoreView* view) { return view->GetDeadLetter(ref, letter); });
}

Status RoutedView::GetPostings(StockKey key, std::vector<Posting>* postings) {
  postings->clear();
  Status status = At(key.tenant, [&](StoreView* view) { return view->GetPostings(key, postings); });
  return status.IsNotFound() ? Status::Ok() : status;
}

std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> RoutedView::Balances(StockKey from) {
  return MergedByKey<std::pair<StockKey, BalanceSum>>(
      parts_, [&](StoreView* view) { return view->Balances(from); });
}

std::unique_ptr<Cursor<StoredBlock>> RoutedView::Blocks(Lsn from) {
  return Merged<StoredBlock>(
      parts_, [&](StoreView* view) { return view->Blocks(from); },
      [](const StoredBlock& block) { return block.lsn; });
}

std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> RoutedView::Batches(BatchRef from) {
  return MergedByKey<std::pair<BatchRef, BatchSum>>(
      parts_, [&](StoreView* view) { return view->Batches(from); });
}

std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> RoutedView::DeadLetters(
    LineRef from) {
  return MergedByKey<std::pair<LineRef, StoredDeadLetter>>(
      parts_, [&](StoreView* view) { return view->DeadLetters(from); });
}

std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> RoutedView::Tenants() {
  return MergedByKey<std::pair<TenantId, std::string>>(
      parts_, [](StoreView* view) { return view->Tenants(); });
}

std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> RoutedView::Items(StockKey from) {
  return MergedByKey<std::pair<StockKey, StoredItem>>(
      parts_, [&](StoreView* view) { return view->Items(from); });
}

// Ascending by tenant only, so merged by it.
std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> RoutedView::Aliases() {
  return Merged<std::pair<StockKey, std::string>>(
      parts_, [](StoreView* view) { return view->Aliases(); },
      [](const auto& alias) { return alias.first.tenant; });
}

std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> RoutedView::Records() {
  return MergedByKey<std::pair<RecordRef, std::string>>(
      parts_, [](StoreView* view) { return view->Records(); });
}

}  // namespace tallystone
