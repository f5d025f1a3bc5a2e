#include "store/routed_view.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "model/chunk.h"

namespace tallystone {
namespace {

// Sorted cursors walked as one, the smallest record first. Few cursors: looked through one by one.
// wanted(part, record): false = the record is left out.
template <typename Record, typename KeyOf, typename Wanted>
class MergedCursor final : public Cursor<Record> {
 public:
  MergedCursor(std::vector<std::unique_ptr<Cursor<Record>>> parts, KeyOf key_of, Wanted wanted)
      : parts_(std::move(parts)), key_of_(key_of), wanted_(wanted) {}

  void SeekToFirst() override {
    for (size_t part = 0; part < parts_.size(); ++part) {
      parts_[part]->SeekToFirst();
      PassUnwanted(part);
    }
    Find();
  }
  [[nodiscard]] bool Valid() const override { return at_ < parts_.size(); }
  void Next() override {
    parts_[at_]->Next();
    PassUnwanted(at_);
    Find();
  }
  [[nodiscard]] const Record& value() const override { return parts_[at_]->value(); }
  [[nodiscard]] Status status() const override { return status_; }

 private:
  void PassUnwanted(size_t part) {
    while (parts_[part]->Valid() && !wanted_(part, parts_[part]->value())) {
      parts_[part]->Next();
    }
  }
  void Find() {
    at_ = parts_.size();
    for (size_t part = 0; part < parts_.size(); ++part) {
      status_ = parts_[part]->status();
      if (!status_.ok()) {
        at_ = parts_.size();
        return;
      }
      if (parts_[part]->Valid() &&
          (!Valid() || key_of_(parts_[part]->value()) < key_of_(value()))) {
        at_ = part;
      }
    }
  }

  std::vector<std::unique_ptr<Cursor<Record>>> parts_;
  KeyOf key_of_;
  Wanted wanted_;
  size_t at_ = 0;
  Status status_;
};

}  // namespace

template <typename Record, typename Open, typename KeyOf, typename TenantOf>
std::unique_ptr<Cursor<Record>> RoutedView::Merged(const Open& open, KeyOf key_of,
                                                   TenantOf tenant_of) {
  std::vector<std::unique_ptr<Cursor<Record>>> cursors;
  for (const auto& view : parts_) {
    cursors.push_back(open(view.get()));
  }
  const auto wanted = [this, tenant_of](size_t part, const Record& record) {
    return strays_.empty() || PartOf(tenant_of(record)) == part;
  };
  return std::make_unique<MergedCursor<Record, KeyOf, decltype(wanted)>>(std::move(cursors), key_of,
                                                                         wanted);
}

template <typename Record, typename Open>
std::unique_ptr<Cursor<Record>> RoutedView::MergedByKey(const Open& open) {
  return Merged<Record>(
      open, [](const Record& record) -> const auto& { return record.first; },
      [](const Record& record) { return record.first.tenant; });
}

Status RoutedView::Make(std::vector<std::unique_ptr<StoreView>> parts,
                        std::unique_ptr<RoutedView>* view, Missing* missing) {
  TS_CHECK(!parts.empty());
  std::unique_ptr<RoutedView> made(new RoutedView);
  made->parts_ = std::move(parts);
  Status status = made->Load();
  if (missing != nullptr) {
    *missing = made->missing_;
  }
  if (status.ok()) {
    *view = std::move(made);
  }
  return status;
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
    TS_RETURN_IF_ERROR(LoadTenants(index));
  }
  return FindMissing();
}

// Where a tenant is gone from, it is on another server, with a higher generation.
Status RoutedView::FindMissing() {
  std::map<TenantId, Missing> gone;
  for (size_t index = 0; index < parts_.size(); ++index) {
    std::map<TenantId, TenantHome> homes;
    TS_RETURN_IF_ERROR(parts_[index]->ReadHomes(&homes));
    for (const auto& [tenant, home] : homes) {
      if (home.leaving) {
        strays_.push_back({index, tenant, home.generation});
      }
      Missing& last = gone[tenant];
      if (!home.here && (last.tenant == 0 || last.generation < home.generation)) {
        last = {index, tenant, home.generation};
      }
    }
  }
  for (const auto& [tenant, last] : gone) {
    const auto found = homes_.find(tenant);
    if (last.tenant != 0 && (found == homes_.end() || found->second.generation < last.generation)) {
      missing_ = last;
      return Status::TryAgain("tenant number " + std::to_string(tenant) +
                              " moved while the servers were read");
    }
  }
  return Status::Ok();
}

Status RoutedView::Lost(const Missing& missing, const std::string& server) {
  return Status::Corruption(
      server + " was the last to have tenant number " + std::to_string(missing.tenant) +
      ", which moved from there; no server has it: was one restored to a moment before, or did a "
      "standby without its last transactions take over?");
}

Status RoutedView::LoadTenants(size_t part) {
  std::map<TenantId, TenantHome> homes;
  TS_RETURN_IF_ERROR(parts_[part]->ReadHomes(&homes));
  auto tenants = parts_[part]->Tenants();
  for (tenants->SeekToFirst(); tenants->Valid(); tenants->Next()) {
    homes.try_emplace(tenants->value().first);
  }
  TS_RETURN_IF_ERROR(tenants->status());
  for (const auto& [tenant, home] : homes) {
    TS_RETURN_IF_ERROR(home.here ? AddHome(part, tenant, home) : Status::Ok());
  }
  return Status::Ok();
}

Status RoutedView::AddHome(size_t part, TenantId tenant, const TenantHome& home) {
  const auto [owner, fresh] = owners_.emplace(tenant, part);
  if (fresh) {
    homes_[tenant] = home;
    return Status::Ok();
  }
  TenantHome& other = homes_[tenant];
  if (other.generation == home.generation) {
    return Status::Corruption("two servers hold tenant number " + std::to_string(tenant));
  }
  if (other.generation < home.generation) {
    strays_.push_back({owner->second, tenant, other.generation});
    owner->second = part;
    other = home;
  } else {
    strays_.push_back({part, tenant, home.generation});
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

Status RoutedView::ReadHomes(std::map<TenantId, TenantHome>* homes) {
  *homes = homes_;
  return Status::Ok();
}

Status RoutedView::GetBalance(StockKey key, BalanceSum* sum) {
  return At(key.tenant, [&](StoreView* view) { return view->GetBalance(key, sum); });
}

// Of a block that two parts have, both have the same.
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

std::unique_ptr<Cursor<std::pair<StockKey, LineSum>>> RoutedView::LineSums(StockKey from) {
  for (const auto& view : parts_) {
    if (view->LineSums(from) == nullptr) {
      return nullptr;
    }
  }
  return MergedByKey<std::pair<StockKey, LineSum>>(
      [&](StoreView* view) { return view->LineSums(from); });
}

Status RoutedView::ReadTotals(TenantId tenant, TenantTotals* totals) {
  return At(tenant, [&](StoreView* view) { return view->ReadTotals(tenant, totals); });
}

std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> RoutedView::Balances(StockKey from) {
  return MergedByKey<std::pair<StockKey, BalanceSum>>(
      [&](StoreView* view) { return view->Balances(from); });
}

std::unique_ptr<Cursor<StoredBlock>> RoutedView::Blocks(Lsn from) {
  return Merged<StoredBlock>([&](StoreView* view) { return view->Blocks(from); },
                             [](const StoredBlock& block) { return block.lsn; },
                             [](const StoredBlock& block) {
                               ChunkHeader header;
                               return DecodeChunkHeader(block.payload, &header).ok() ? header.tenant
                                                                                     : 0;
                             });
}

std::unique_ptr<Cursor<StoredBlock>> RoutedView::BlocksOf(TenantId tenant) {
  const size_t part = PartOf(tenant);
  return part == parts_.size() ? StoreView::BlocksOf(tenant) : parts_[part]->BlocksOf(tenant);
}

std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> RoutedView::Batches(BatchRef from) {
  return MergedByKey<std::pair<BatchRef, BatchSum>>(
      [&](StoreView* view) { return view->Batches(from); });
}

std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> RoutedView::DeadLetters(
    LineRef from) {
  return MergedByKey<std::pair<LineRef, StoredDeadLetter>>(
      [&](StoreView* view) { return view->DeadLetters(from); });
}

std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> RoutedView::Tenants() {
  const auto tenant_of = [](const auto& tenant) { return tenant.first; };
  return Merged<std::pair<TenantId, std::string>>([](StoreView* view) { return view->Tenants(); },
                                                  tenant_of, tenant_of);
}

std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> RoutedView::Items(StockKey from) {
  return MergedByKey<std::pair<StockKey, StoredItem>>(
      [&](StoreView* view) { return view->Items(from); });
}

// Ascending by tenant only, so merged by it.
std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> RoutedView::Aliases(TenantId from) {
  return Merged<std::pair<StockKey, std::string>>(
      [from](StoreView* view) { return view->Aliases(from); },
      [](const auto& alias) { return alias.first.tenant; },
      [](const auto& alias) { return alias.first.tenant; });
}

std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> RoutedView::Records(TenantId from) {
  return MergedByKey<std::pair<RecordRef, std::string>>(
      [from](StoreView* view) { return view->Records(from); });
}

}  // namespace tallystone
