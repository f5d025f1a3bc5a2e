#include "inspect/names.h"

#include "base/check.h"
#include "base/coding.h"

namespace tallystone {
namespace {

// The aliases, then the records that name an item.
class NameCursor final : public Cursor<ItemName> {
 public:
  NameCursor(SharedView view, const ResolvedFilter& filter)
      : view_(std::move(view)),
        filter_(filter),
        aliases_(view_->Aliases(0)),
        records_(view_->Records(0)) {}

  void SeekToFirst() override {
    status_ = Status::Ok();
    aliases_->SeekToFirst();
    records_->SeekToFirst();
    Find();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override { Find(); }
  [[nodiscard]] const ItemName& value() const override { return name_; }
  [[nodiscard]] Status status() const override {
    if (!status_.ok()) {
      return status_;
    }
    return aliases_->status().ok() ? records_->status() : aliases_->status();
  }

 private:
  // Stands behind the name that it found.
  void Find() {
    valid_ = false;
    for (; !valid_ && aliases_->Valid(); aliases_->Next()) {
      const auto& [key, text] = aliases_->value();
      Take(key.tenant, {{}, key.item, NameKind::kSeen, {}, text});
    }
    if (valid_ || !aliases_->status().ok()) {
      return;
    }
    for (; !valid_ && status_.ok() && records_->Valid(); records_->Next()) {
      TakeRecord(records_->value().first, records_->value().second);
    }
  }

  void TakeRecord(const RecordRef& ref, std::string_view value) {
    const bool names_an_item = ref.kind == RecordKind::kAlias ||
                               ref.kind == RecordKind::kVendorCode ||
                               ref.kind == RecordKind::kMerged;
    if (!names_an_item) {
      return;
    }
    ItemName name;
    std::string_view key = ref.key;
    bool read = GetText(&key, &name.vendor) && GetVarint32(&value, &name.item);
    switch (ref.kind) {
      case RecordKind::kMerged:
        name.kind = NameKind::kMerged;
        read = read && GetBigEndian32(&key, &name.merged_item);
        break;
      case RecordKind::kVendorCode:
        name.kind = NameKind::kVendorCode;
        name.name = key;
        break;
      default:
        name.kind = NameKind::kLearned;
        name.name = key;
    }
    if (!read) {
      status_ = Status::Corruption("a name in the catalogue of tenant '" +
                                   view_->TenantName(ref.tenant) + "' cannot be read");
      return;
    }
    Take(ref.tenant, std::move(name));
  }

  void Take(TenantId tenant, ItemName name) {
    valid_ = (filter_.tenant == 0 || tenant == filter_.tenant) &&
             (filter_.item == 0 || name.item == filter_.item || name.merged_item == filter_.item);
    if (valid_) {
      name_ = std::move(name);
      name_.tenant = view_->TenantName(tenant);
    }
  }

  const SharedView view_;
  const ResolvedFilter filter_;
  std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> aliases_;
  std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> records_;
  Status status_;
  bool valid_ = false;
  ItemName name_;
};

}  // namespace

std::string_view NameKindName(NameKind kind) {
  switch (kind) {
    case NameKind::kSeen:
      return "seen";
    case NameKind::kLearned:
      return "learned";
    case NameKind::kVendorCode:
      return "vendor_code";
    case NameKind::kMerged:
      return "merged";
  }
  return {};
}

Status MakeNameCursor(SharedView view, const Filter& filter,
                      std::unique_ptr<Cursor<ItemName>>* cursor) {
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  *cursor = std::make_unique<NameCursor>(std::move(view), resolved);
  return Status::Ok();
}

}  // namespace tallystone
