#include "inspect/store_entries.h"

#include <functional>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/text.h"
#include "inspect/entry_key.h"
#include "model/chunk.h"
#include "model/review_entry.h"
#include "tallystone/review.h"

namespace tallystone {
namespace {

using Values = std::vector<std::string>;
using Kind = StoreField::Kind;

constexpr std::string_view kFamilyNames[] = {"meta",    "tenants",     "items",    "aliases",
                                             "records", "balances",    "postings", "blocks",
                                             "batches", "dead-letters"};
static_assert(std::size(kFamilyNames) == kStoreFamilyCount);

std::string Number(uint64_t number) {
  return std::to_string(number);
}

std::string Indexes(const std::vector<uint32_t>& indexes) {
  std::string text;
  for (const uint32_t index : indexes) {
    text += (text.empty() ? "" : " ") + std::to_string(index);
  }
  return text;
}

struct Range {
  EntryKey from, to;    // of no part: no end there
  TenantId tenant = 0;  // 0 = all
  bool ordered = true;  // nothing in range comes behind something beyond it
};

// Shows those entries of `Inner` that are in range. Fill gives key and values.
template <typename Inner>
class EntryCursor final : public Cursor<StoreEntry> {
 public:
  using Fill =
      std::function<Status(const Inner& inner, EntryKey* key, TenantId* tenant, Values* values)>;

  EntryCursor(SharedView view, StoreFamily family, Range range,
              std::unique_ptr<Cursor<Inner>> inner, Fill fill)
      : view_(std::move(view)),
        family_(family),
        range_(std::move(range)),
        inner_(std::move(inner)),
        fill_(std::move(fill)) {}

  void SeekToFirst() override {
    status_ = Status::Ok();
    inner_->SeekToFirst();
    Find();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    inner_->Next();
    Find();
  }
  [[nodiscard]] const StoreEntry& value() const override { return entry_; }
  [[nodiscard]] Status status() const override { return status_.ok() ? inner_->status() : status_; }

 private:
  void Find() {
    for (valid_ = false; inner_->Valid(); inner_->Next()) {
      EntryKey key;
      TenantId tenant = 0;
      entry_.values.clear();
      status_ = fill_(inner_->value(), &key, &tenant, &entry_.values);
      const bool beyond = key.CompareTo(range_.to) > 0;
      if (!status_.ok() || (beyond && range_.ordered)) {
        return;
      }
      if (!beyond && key.CompareTo(range_.from) >= 0 &&
          (range_.tenant == 0 || tenant == range_.tenant)) {
        entry_.key = key.ToText(family_);
        TS_CHECK(entry_.values.size() == FieldsOf(family_).size());
        valid_ = true;
        return;
      }
    }
  }

  SharedView view_;
  const StoreFamily family_;
  const Range range_;
  std::unique_ptr<Cursor<Inner>> inner_;
  const Fill fill_;
  StoreEntry entry_;
  bool valid_ = false;
  Status status_;
};

// The lines of one chunk that touched one item.
struct PostingRun {
  StockKey key;
  Lsn lsn = 0;
  std::vector<uint32_t> indexes;
};

class PostingCursor final : public Cursor<PostingRun> {
 public:
  PostingCursor(LiveView* view, StockKey from) : view_(view), items_(view->Items(from)) {}

  void SeekToFirst() override {
    items_->SeekToFirst();
    Load();
    Take();
  }
  [[nodiscard]] bool Valid() const override { return status_.ok() && !run_.indexes.empty(); }
  void Next() override { Take(); }
  [[nodiscard]] const PostingRun& value() const override { return run_; }
  [[nodiscard]] Status status() const override { return status_.ok() ? items_->status() : status_; }

 private:
  void Load() {
    postings_.clear();
    next_ = 0;
    if (items_->Valid()) {
      run_.key = items_->value().first;
      status_ = view_->GetPostings(run_.key, &postings_);
    }
  }
  void Take() {
    run_.indexes.clear();
    while (status_.ok() && next_ == postings_.size() && items_->Valid()) {
      items_->Next();
      Load();
    }
    for (; status_.ok() && next_ < postings_.size(); ++next_) {
      const Posting& posting = postings_[next_];
      if (!run_.indexes.empty() && posting.lsn != run_.lsn) {
        return;
      }
      run_.lsn = posting.lsn;
      run_.indexes.push_back(posting.index);
    }
  }

  LiveView* const view_;
  std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> items_;
  std::vector<Posting> postings_;
  size_t next_ = 0;
  PostingRun run_;
  Status status_;
};

// A few entries in memory.
using MetaEntry = std::pair<std::string, std::string>;
class MetaCursor final : public Cursor<MetaEntry> {
 public:
  explicit MetaCursor(std::vector<MetaEntry> entries) : entries_(std::move(entries)) {}
  void SeekToFirst() override { next_ = 0; }
  [[nodiscard]] bool Valid() const override { return next_ < entries_.size(); }
  void Next() override { ++next_; }
  [[nodiscard]] const MetaEntry& value() const override { return entries_[next_]; }
  [[nodiscard]] Status status() const override { return Status::Ok(); }

 private:
  std::vector<MetaEntry> entries_;
  size_t next_ = 0;
};

std::vector<MetaEntry> MetaOf(const LiveView& view) {
  const Marker& marker = view.store_marker();
  std::vector<MetaEntry> entries = {{"applied_lsn", Number(marker.applied)},
                                    {"as_of_lsn", Number(view.as_of())},
                                    {"database_id", HexText(marker.database_id)}};
  if (marker.replay.has_value()) {
    const ReplayProgress& replay = *marker.replay;
    const auto key = [](StockKey stock) { return Number(stock.tenant) + "/" + Number(stock.item); };
    entries.emplace_back("replay_done", key(replay.done));
    entries.emplace_back("replay_keys_done", Number(replay.keys_done));
    entries.emplace_back("replay_last_lsn", Number(replay.last));
    for (const KeyRejection& rejection : replay.rejected) {
      entries.emplace_back("replay_rejected " + key(rejection.key), rejection.cause);
    }
  }
  return entries;
}

EntryKey StockEntryKey(StockKey key) {
  EntryKey made;
  made.Number(key.tenant).Number(key.item);
  return made;
}

Status FillBlock(const LiveView& view, const StoredBlock& block, TenantId* tenant, Values* values) {
  ChunkHeader header;
  CatalogueChanges changes;
  TS_RETURN_IF_ERROR(DecodeChunkHeader(block.payload, &header));
  TS_RETURN_IF_ERROR(DecodeChunkCatalogue(block.payload, &changes));
  *tenant = header.tenant;
  const auto flag = [&](ChunkFlags wanted) { return (header.flags & wanted) != 0; };
  std::string flags;
  const auto add = [&](ChunkFlags wanted, const char* name) {
    flags += flag(wanted) ? (flags.empty() ? "" : " ") + std::string(name) : "";
  };
  add(kChunkFirst, "first");
  add(kChunkLast, "last");
  add(kChunkRetry, "retry");
  add(kChunkDrop, "drop");
  add(kChunkNewTenant, "new_tenant");
  *values = {
      view.TenantName(header.tenant), std::string(header.batch),     flags,
      Number(header.first_line),      Number(header.lines),          Number(header.accepted),
      Indexes(block.rejected),        Number(changes.items.size()),  Number(changes.aliases.size()),
      Number(changes.records.size()), Number(header.accepted_at_us), Number(block.payload.size()),
      Number(header.version)};
  return Status::Ok();
}

// What a record says, by its kind.
Status RecordText(const RecordRef& ref, std::string_view value, std::string* text) {
  uint32_t item = 0;
  switch (ref.kind) {
    case RecordKind::kAlias:
    case RecordKind::kVendorCode:
    case RecordKind::kMerged:
      if (!GetVarint32(&value, &item)) {
        return Status::Corruption("the value of a record cannot be read");
      }
      *text = "item " + Number(item);
      return Status::Ok();
    case RecordKind::kReview: {
      ReviewEntry entry;
      TS_RETURN_IF_ERROR(DecodeReviewEntry(value, &entry));
      *text = std::string(ReviewStatusName(entry.status)) + ", '" + entry.text + "'";
      *text += entry.vendor.empty() ? "" : " of vendor '" + entry.vendor + "'";
      for (const Candidate& candidate : entry.candidates) {
        *text += ", item " + Number(candidate.item) + " " + Number(candidate.score);
      }
      if (entry.move.to != 0) {
        *text += ", moved " + Number(entry.move.from) + " to " + Number(entry.move.to) +
                 " by batch '" + entry.move.id + "'";
      }
      return Status::Ok();
    }
    case RecordKind::kSetting:
      if (ref.key == "revision" && GetVarint32(&value, &item)) {
        *text = Number(item);
      } else {
        *text = value;
      }
      return Status::Ok();
  }
  return Status::Ok();
}

Status RecordKey(const RecordRef& ref, EntryKey* key) {
  const auto kind = static_cast<uint64_t>(ref.kind);
  key->Number(ref.tenant).Number(kind);
  std::string_view rest = ref.key;
  if (RecordHasVendor(kind)) {
    std::string_view vendor;
    if (!GetText(&rest, &vendor)) {
      return Status::Corruption("the key of a record cannot be read");
    }
    std::string bytes;
    PutText(&bytes, vendor);
    key->Text(bytes);
  }
  uint32_t item = 0;
  if (ref.kind != RecordKind::kMerged && ref.kind != RecordKind::kReview) {
    key->Text(rest);
  } else if (GetBigEndian32(&rest, &item) && rest.empty()) {
    key->Number(item);
  } else {
    return Status::Corruption("the key of a record cannot be read");
  }
  return Status::Ok();
}

Values BatchValues(const LiveView& view, const BatchRef& ref, const BatchSum& sum) {
  return {view.TenantName(ref.tenant),
          ref.batch,
          sum.finished ? "true" : "false",
          Number(sum.first_lsn),
          Number(sum.last_lsn),
          Number(sum.lines),
          Number(sum.accepted),
          Number(sum.failed),
          Number(sum.rejected),
          Number(sum.tried_again),
          Number(sum.retried),
          Number(sum.dropped),
          Number(sum.accepted_at_us),
          HexText(sum.digest.sum)};
}

Values LetterValues(const LiveView& view, const LineRef& ref, const StoredDeadLetter& letter) {
  return {view.TenantName(ref.tenant),
          ref.batch,
          Number(ref.line),
          std::string(OutcomeName(letter.cause)),
          Number(letter.attempts),
          Number(letter.lsn),
          Number(letter.failed_at_us),
          letter.detail,
          letter.code,
          letter.description,
          letter.quantity,
          letter.unit_cost,
          letter.vendor,
          letter.vendor_code,
          letter.gtin,
          letter.unit,
          letter.document,
          letter.time,
          letter.line_id,
          letter.raw};
}

template <typename Inner, typename Fill>
void Make(const SharedView& view, StoreFamily family, const Range& range,
          std::unique_ptr<Cursor<Inner>> inner, Fill fill,
          std::unique_ptr<Cursor<StoreEntry>>* cursor) {
  *cursor =
      std::make_unique<EntryCursor<Inner>>(view, family, range, std::move(inner), std::move(fill));
}

void MakeCatalogueCursor(const SharedView& view, StoreFamily family, const Range& range,
                         std::unique_ptr<Cursor<StoreEntry>>* cursor) {
  LiveView* const raw = view.get();
  const StockKey from{static_cast<TenantId>(range.from.NumberAt(0)),
                      static_cast<ItemId>(range.from.NumberAt(1))};
  switch (family) {
    case StoreFamily::kTenants:
      Make(
          view, family, range, view->Tenants(),
          [](const auto& entry, EntryKey* key, TenantId* owner, Values* values) {
            *owner = entry.first;
            key->Number(entry.first);
            *values = {entry.second};
            return Status::Ok();
          },
          cursor);
      break;
    case StoreFamily::kItems:
      Make(
          view, family, range, view->Items(from),
          [raw](const auto& entry, EntryKey* key, TenantId* owner, Values* values) {
            const StoredItem& item = entry.second;
            *owner = entry.first.tenant;
            *key = StockEntryKey(entry.first);
            *values = {raw->TenantName(*owner),
                       Number(entry.first.item),
                       item.code,
                       item.gtin,
                       item.description,
                       item.unit};
            return Status::Ok();
          },
          cursor);
      break;
    case StoreFamily::kAliases:
      Make(
          view, family, range, view->Aliases(0),
          [raw](const auto& entry, EntryKey* key, TenantId* owner, Values* values) {
            *owner = entry.first.tenant;
            *key = StockEntryKey(entry.first).Text(entry.second);
            *values = {raw->TenantName(*owner), Number(entry.first.item), entry.second};
            return Status::Ok();
          },
          cursor);
      break;
    case StoreFamily::kRecords:
      Make(
          view, family, range, view->Records(0),
          [raw](const auto& entry, EntryKey* key, TenantId* owner, Values* values) {
            const RecordRef& ref = entry.first;
            std::string text;
            *owner = ref.tenant;
            TS_RETURN_IF_ERROR(RecordKey(ref, key));
            TS_RETURN_IF_ERROR(RecordText(ref, entry.second, &text));
            *values = {raw->TenantName(ref.tenant),
                       std::string(RecordKindName(static_cast<uint64_t>(ref.kind))), text};
            return Status::Ok();
          },
          cursor);
      break;
    default:
      break;
  }
}

void MakeStockCursor(const SharedView& view, StoreFamily family, const Range& range,
                     std::unique_ptr<Cursor<StoreEntry>>* cursor) {
  LiveView* const raw = view.get();
  const StockKey from{static_cast<TenantId>(range.from.NumberAt(0)),
                      static_cast<ItemId>(range.from.NumberAt(1))};
  switch (family) {
    case StoreFamily::kBalances:
      Make(
          view, family, range, view->Balances(from),
          [raw](const auto& entry, EntryKey* key, TenantId* owner, Values* values) {
            const BalanceSum& sum = entry.second;
            *owner = entry.first.tenant;
            *key = StockEntryKey(entry.first);
            *values = {raw->TenantName(*owner),
                       Number(entry.first.item),
                       QuantitySum{sum.on_hand}.ToString(),
                       ValueSum{sum.value}.ToString(),
                       Number(sum.lines),
                       Number(sum.last_lsn),
                       Number(sum.places),
                       sum.last_time};
            return Status::Ok();
          },
          cursor);
      break;
    case StoreFamily::kPostings:
      Make(
          view, family, range,
          std::unique_ptr<Cursor<PostingRun>>(std::make_unique<PostingCursor>(raw, from)),
          [raw](const PostingRun& run, EntryKey* key, TenantId* owner, Values* values) {
            *owner = run.key.tenant;
            *key = StockEntryKey(run.key).Number(run.lsn);
            *values = {raw->TenantName(*owner), Number(run.key.item), Number(run.lsn),
                       Number(run.indexes.size()), Indexes(run.indexes)};
            return Status::Ok();
          },
          cursor);
      break;
    default:
      break;
  }
}

void MakeBatchesCursor(const SharedView& view, StoreFamily family, const Range& range,
                       std::unique_ptr<Cursor<StoreEntry>>* cursor) {
  LiveView* const raw = view.get();
  switch (family) {
    case StoreFamily::kMeta:
      Make(
          view, family, range,
          std::unique_ptr<Cursor<MetaEntry>>(std::make_unique<MetaCursor>(MetaOf(*raw))),
          [](const MetaEntry& entry, EntryKey* key, TenantId*, Values* values) {
            key->Text(entry.first);
            *values = {entry.second};
            return Status::Ok();
          },
          cursor);
      break;
    case StoreFamily::kBlocks:
      Make(
          view, family, range, view->Blocks(range.from.NumberAt(0)),
          [raw](const StoredBlock& block, EntryKey* key, TenantId* owner, Values* values) {
            key->Number(block.lsn);
            const Status s = FillBlock(*raw, block, owner, values);
            return s.ok() ? s : Status(s.code(), "block " + Number(block.lsn) + ": " + s.message());
          },
          cursor);
      break;
    case StoreFamily::kBatches:
      Make(
          view, family, range,
          view->Batches({static_cast<TenantId>(range.from.NumberAt(0)), range.from.TextAt(1)}),
          [raw](const auto& entry, EntryKey* key, TenantId* owner, Values* values) {
            *owner = entry.first.tenant;
            key->Number(*owner).Text(entry.first.batch);
            *values = BatchValues(*raw, entry.first, entry.second);
            return Status::Ok();
          },
          cursor);
      break;
    case StoreFamily::kDeadLetters:
      Make(
          view, family, range,
          view->DeadLetters({static_cast<TenantId>(range.from.NumberAt(0)), range.from.TextAt(1),
                             range.from.NumberAt(2)}),
          [raw](const auto& entry, EntryKey* key, TenantId* owner, Values* values) {
            *owner = entry.first.tenant;
            key->Number(*owner).Text(entry.first.batch).Number(entry.first.line);
            *values = LetterValues(*raw, entry.first, entry.second);
            return Status::Ok();
          },
          cursor);
      break;
    default:
      break;
  }
}

}  // namespace

std::string_view StoreFamilyName(StoreFamily family) {
  return kFamilyNames[static_cast<size_t>(family)];
}

bool ParseStoreFamily(std::string_view name, StoreFamily* family) {
  for (int index = 0; index < kStoreFamilyCount; ++index) {
    if (kFamilyNames[index] == name) {
      *family = static_cast<StoreFamily>(index);
      return true;
    }
  }
  return false;
}

const std::vector<StoreField>& FieldsOf(StoreFamily family) {
  constexpr Kind kCount = Kind::kCount;
  static const std::vector<StoreField> kFields[kStoreFamilyCount] = {
      {{"value"}},
      {{"name"}},
      {{"tenant"}, {"item", kCount}, {"code"}, {"gtin"}, {"description"}, {"unit"}},
      {{"tenant"}, {"item", kCount}, {"alias"}},
      {{"tenant"}, {"kind"}, {"value"}},
      {{"tenant"},
       {"item", kCount},
       {"on_hand", Kind::kDecimal},
       {"value", Kind::kDecimal},
       {"lines", kCount},
       {"last_lsn", kCount},
       {"places", kCount},
       {"last_time"}},
      {{"tenant"}, {"item", kCount}, {"lsn", kCount}, {"lines", kCount}, {"indexes"}},
      {{"tenant"},
       {"batch"},
       {"flags"},
       {"first_line", kCount},
       {"lines", kCount},
       {"accepted", kCount},
       {"rejected_indexes"},
       {"new_items", kCount},
       {"aliases", kCount},
       {"records", kCount},
       {"accepted_at_us", kCount},
       {"payload_bytes", kCount},
       {"format", kCount}},
      {{"tenant"},
       {"batch"},
       {"finished", Kind::kBool},
       {"first_lsn", kCount},
       {"last_lsn", kCount},
       {"lines", kCount},
       {"accepted", kCount},
       {"failed", kCount},
       {"rejected", kCount},
       {"tried_again", kCount},
       {"retried", kCount},
       {"dropped", kCount},
       {"accepted_at_us", kCount},
       {"digest"}},
      {{"tenant"},
       {"batch"},
       {"line", kCount},
       {"cause"},
       {"attempts", kCount},
       {"lsn", kCount},
       {"failed_at_us", kCount},
       {"detail"},
       {"code"},
       {"description"},
       {"quantity"},
       {"unit_cost"},
       {"vendor"},
       {"vendor_code"},
       {"gtin"},
       {"unit"},
       {"document"},
       {"time"},
       {"line_id"},
       {"raw"}}};
  return kFields[static_cast<size_t>(family)];
}

Status MakeEntryCursor(SharedView view, StoreFamily family, const EntryRange& range,
                       std::unique_ptr<Cursor<StoreEntry>>* cursor) {
  cursor->reset();
  Range bounds;
  TS_RETURN_IF_ERROR(EntryKey::Parse(family, range.from, &bounds.from));
  TS_RETURN_IF_ERROR(EntryKey::Parse(family, range.to, &bounds.to));
  Filter filter;
  filter.tenant = range.tenant;
  ResolvedFilter resolved;
  TS_RETURN_IF_ERROR(Resolve(view.get(), filter, &resolved));
  bounds.tenant = resolved.tenant;
  bounds.ordered = family != StoreFamily::kAliases;
  if (bounds.tenant != 0 && family != StoreFamily::kMeta && family != StoreFamily::kBlocks) {
    // Their keys begin with it, so it is a range, too.
    EntryKey only;
    only.Number(bounds.tenant);
    if (bounds.from.CompareTo(only) < 0) {
      bounds.from = only;
    }
    if (bounds.to.size() == 0 || bounds.to.CompareTo(only) > 0) {
      bounds.to = only;
    }
  }
  switch (family) {
    case StoreFamily::kTenants:
    case StoreFamily::kItems:
    case StoreFamily::kAliases:
    case StoreFamily::kRecords:
      MakeCatalogueCursor(view, family, bounds, cursor);
      break;
    case StoreFamily::kBalances:
    case StoreFamily::kPostings:
      MakeStockCursor(view, family, bounds, cursor);
      break;
    case StoreFamily::kMeta:
    case StoreFamily::kBlocks:
    case StoreFamily::kBatches:
    case StoreFamily::kDeadLetters:
      MakeBatchesCursor(view, family, bounds, cursor);
      break;
  }
  return Status::Ok();
}

}  // namespace tallystone
