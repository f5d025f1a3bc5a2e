#include "store/rocks/write_batch_builder.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "model/stored_codec.h"
#include "store/rocks/database.h"
#include "store/rocks/keys.h"
#include "store/rocks/status_map.h"

namespace tallystone::rocks {
namespace {

// The sink of WindowEntries that fills a batch.
class BatchSink {
 public:
  BatchSink(const FamilyHandles& families, rocksdb::WriteBatch* batch)
      : families_(families), batch_(batch) {
    batch_->Clear();
  }

  void Put(Family family, std::string_view key, std::string_view head, std::string_view tail) {
    const rocksdb::Slice whole_key = ToSlice(key);
    const rocksdb::Slice value[] = {ToSlice(head), ToSlice(tail)};
    Note(batch_->Put(Handle(family), rocksdb::SliceParts(&whole_key, 1),
                     rocksdb::SliceParts(value, 2)));
  }
  void Merge(Family family, std::string_view key, std::string_view operand) {
    Note(batch_->Merge(Handle(family), ToSlice(key), ToSlice(operand)));
  }
  void Delete(Family family, std::string_view key) {
    Note(batch_->Delete(Handle(family), ToSlice(key)));
  }

  [[nodiscard]] Status status() const { return MapStatus(status_, "building a write"); }

 private:
  rocksdb::ColumnFamilyHandle* Handle(Family family) const {
    return families_[static_cast<size_t>(family)];
  }
  void Note(const rocksdb::Status& status) {
    if (!status.ok() && status_.ok()) {
      status_ = status;
    }
  }

  const FamilyHandles& families_;
  rocksdb::WriteBatch* const batch_;
  rocksdb::Status status_;
};

Status OthersStandInIt(const Status& damaged) {
  return Status::Corruption(damaged.message() +
                            ", and other items stand in it: repair the whole store, with "
                            "`tallystone repair` and no --code");
}

// All postings of `stock` go under the window that ends with `window_last`.
Status ReplacePostings(const Database& database, StockKey stock,
                       const std::vector<Posting>& postings, Lsn window_last,
                       rocksdb::WriteBatch* batch) {
  rocksdb::ColumnFamilyHandle* family = database.handle(Family::kPostings);
  std::string prefix, last, whole, value;
  EncodePostingPrefix(GroupOf(stock), &prefix);
  EncodePostingKey(GroupOf(stock), window_last, &last);
  if (!postings.empty()) {
    EncodePostings(postings, &whole);
  }
  const auto write = [&](const rocksdb::Slice& key) {
    return MapStatus(value.empty() ? batch->Delete(family, key) : batch->Put(family, key, value),
                     "building a write");
  };
  bool written = false;
  const std::unique_ptr<rocksdb::Iterator> old(database.db()->NewIterator({}, family));
  for (old->Seek(prefix); old->Valid() && old->key().starts_with(prefix); old->Next()) {
    const bool is_last = old->key() == last;
    written = written || is_last;
    const Status replaced = ReplacePart(ToView(old->value()), PlaceOf(stock),
                                        is_last ? std::string_view(whole) : "", &value);
    if (!replaced.ok()) {
      return OthersStandInIt(replaced);
    }
    TS_RETURN_IF_ERROR(write(old->key()));
  }
  TS_RETURN_IF_ERROR(MapStatus(old->status(), "reading the postings of an item"));
  if (written || whole.empty()) {
    return Status::Ok();
  }
  value.clear();
  AddPart(PlaceOf(stock), whole, &value);
  return write(last);
}

}  // namespace

Status BuildMarkerBatch(const FamilyHandles& families, const Marker& marker,
                        rocksdb::WriteBatch* batch) {
  BatchSink sink(families, batch);
  WindowEntries(&sink).AddMarker(marker);
  return sink.status();
}

Status BuildKeyBatch(const FamilyHandles& families, const KeyDelta* delta, const Marker& progress,
                     rocksdb::WriteBatch* batch) {
  BatchSink sink(families, batch);
  WindowEntries entries(&sink);
  entries.AddMarker(progress);
  if (delta != nullptr) {
    entries.AddDelta(*delta);
  }
  return sink.status();
}

Status BuildWindowBatch(const FamilyHandles& families, const SortedWindow& window, WindowPart part,
                        const Marker& marker, rocksdb::WriteBatch* batch) {
  BatchSink sink(families, batch);
  WindowEntries entries(&sink);
  for (size_t family = 0; family < kFamilyCount; ++family) {
    entries.AddFamily(static_cast<Family>(family), window, part, marker);
  }
  return sink.status();
}

Status BuildReplaceKeyBatch(const Database& database, StockKey stock, const BalanceSum& sum,
                            const std::vector<Posting>& postings, Lsn window_last,
                            rocksdb::WriteBatch* batch) {
  rocksdb::ColumnFamilyHandle* family = database.handle(Family::kBalances);
  std::string key, old, part, value;
  EncodeBalanceKey(GroupOf(stock), &key);
  const rocksdb::Status read = database.db()->Get({}, family, key, &old);
  if (!read.ok() && !read.IsNotFound()) {
    return database.MapRead(read, FamilyName(Family::kBalances));
  }
  if (sum.lines > 0) {
    EncodeBalanceSum(sum, &part);
  }
  const Status replaced = ReplacePart(old, PlaceOf(stock), part, &value);
  if (!replaced.ok()) {
    return OthersStandInIt(replaced);
  }
  TS_RETURN_IF_ERROR(
      MapStatus(value.empty() ? batch->Delete(family, key) : batch->Put(family, key, value),
                "building a write"));
  return ReplacePostings(database, stock, postings, window_last, batch);
}

}  // namespace tallystone::rocks
