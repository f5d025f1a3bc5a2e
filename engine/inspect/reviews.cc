#include "inspect/reviews.h"

#include "base/check.h"
#include "base/coding.h"
#include "catalog/record_table.h"
#include "catalog/text_arena.h"
#include "model/review_entry.h"

namespace tallystone {
namespace {

class ReviewCursor final : public Cursor<Review> {
 public:
  ReviewCursor(SharedView view, const ResolvedFilter& filter)
      : view_(std::move(view)), filter_(filter), records_(view_->Records(0)) {}

  void SeekToFirst() override {
    records_->SeekToFirst();
    Find();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    records_->Next();
    Find();
  }
  [[nodiscard]] const Review& value() const override { return review_; }
  [[nodiscard]] Status status() const override {
    return status_.ok() ? records_->status() : status_;
  }

 private:
  void Find() {
    for (valid_ = false; !valid_ && status_.ok() && records_->Valid();) {
      status_ = Take(records_->value().first, records_->value().second);
      if (!valid_) {
        records_->Next();
      }
    }
  }

  Status Take(const RecordRef& ref, std::string_view value) {
    if (ref.kind != RecordKind::kReview || (filter_.tenant != 0 && ref.tenant != filter_.tenant)) {
      return Status::Ok();
    }
    std::string_view key = ref.key;
    ItemId item = 0;
    if (!GetBigEndian32(&key, &item)) {
      return Status::Corruption("a key of the review cannot be read");
    }
    if (filter_.item != 0 && item != filter_.item) {
      return Status::Ok();
    }
    ReviewEntry entry;
    TS_RETURN_IF_ERROR(DecodeReviewEntry(value, &entry));
    review_ = {view_->TenantName(ref.tenant),
               item,
               std::move(entry.text),
               std::move(entry.vendor),
               entry.status,
               entry.version,
               std::move(entry.candidates),
               entry.move.from,
               entry.move.to,
               std::move(entry.move.id)};
    valid_ = true;
    return Status::Ok();
  }

  const SharedView view_;
  const ResolvedFilter filter_;
  std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> records_;
  Status status_;
  bool valid_ = false;
  Review review_;
};

}  // namespace

Status MakeReviewCursor(SharedView view, const Filter& filter,
                        std::unique_ptr<Cursor<Review>>* cursor) {
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  *cursor = std::make_unique<ReviewCursor>(std::move(view), resolved);
  return Status::Ok();
}

Status ReadMappings(LiveView* view, std::map<TenantId, MappingSettings>* mappings) {
  mappings->clear();
  TextArena arena;
  std::map<TenantId, RecordTable> tables;
  auto records = view->Records(0);
  for (records->SeekToFirst(); records->Valid(); records->Next()) {
    const auto& [ref, value] = records->value();
    if (ref.kind == RecordKind::kSetting) {
      tables.try_emplace(ref.tenant, &arena).first->second.Set(ref.kind, ref.key, value, nullptr);
    }
  }
  for (const auto& [tenant, table] : tables) {
    ReadMapping(table, &(*mappings)[tenant]);
  }
  return records->status();
}

Status ReadMappingOf(LiveView* view, std::string_view tenant, MappingSettings* settings) {
  const TenantId id = view->FindTenant(tenant);
  if (id == 0) {
    return Status::NotFound("there is no tenant '" + std::string(tenant) + "'");
  }
  std::map<TenantId, MappingSettings> mappings;
  TS_RETURN_IF_ERROR(ReadMappings(view, &mappings));
  *settings = mappings[id];
  return Status::Ok();
}

}  // namespace tallystone
