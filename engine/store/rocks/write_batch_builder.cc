#include "store/rocks/write_batch_builder.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "store/rocks/database.h"
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
  std::string key, value;
  EncodeBalanceKey(stock, &key);
  EncodeBalanceSum(sum, &value);
  rocksdb::Status status = sum.lines > 0
                               ? batch->Put(database.handle(Family::kBalances), key, value)
                               : batch->Delete(database.handle(Family::kBalances), key);
  const std::string prefix = key;
  const std::unique_ptr<rocksdb::Iterator> old(
      database.db()->NewIterator({}, database.handle(Family::kPostings)));
  for (old->Seek(prefix); status.ok() && old->Valid() && old->key().starts_with(prefix);
       old->Next()) {
    status = batch->Delete(database.handle(Family::kPostings), old->key());
  }
  if (status.ok()) {
    status = old->status();
  }
  if (status.ok() && !postings.empty()) {
    EncodePostingKey(stock, window_last, &key);
    value.clear();
    EncodePostings(postings, &value);
    status = batch->Put(database.handle(Family::kPostings), key, value);
  }
  return MapStatus(status, "building a write");
}

}  // namespace tallystone::rocks
