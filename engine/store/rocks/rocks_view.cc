#include "store/rocks/rocks_view.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "model/stored_codec.h"
#include "store/rocks/keys.h"
#include "store/rocks/merge_operator.h"

namespace tallystone::rocks {
namespace {

// Names the entry that cannot be read.
Status Damaged(Family family, std::string_view key, std::string_view value, const Status& cause) {
  std::string message = "store, " + FamilyName(family) + " " + HexText(key) + ": ";
  if (IsDamaged(value)) {
    message += "bytes that are not a sum were merged into it";
  } else {
    message += cause.message();
  }
  return Status::Corruption(std::move(message));
}

Status BadKey(Family family, std::string_view key) {
  return Damaged(family, key, {}, Status::Corruption("not a key of this family"));
}

// Reads one value and hands its bytes to decode(bytes).
template <typename Decode>
Status Read(const Database& database, const rocksdb::Snapshot* snapshot, Family family,
            std::string_view key, const Decode& decode) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  rocksdb::PinnableSlice value;
  const rocksdb::Status read =
      database.db()->Get(options, database.handle(family), ToSlice(key), &value);
  if (!read.ok()) {
    return database.MapRead(read, FamilyName(family));
  }
  const Status decoded = decode(ToView(value));
  return decoded.ok() ? decoded : Damaged(family, key, ToView(value), decoded);
}

// The moment that a view and its cursors see.
class Moment {
 public:
  explicit Moment(std::shared_ptr<Database> database)
      : database_(std::move(database)), snapshot_(MakeSnapshot(*database_)) {}
  ~Moment() { database_->db()->ReleaseSnapshot(snapshot_); }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;

  [[nodiscard]] const Database& database() const { return *database_; }
  [[nodiscard]] const rocksdb::Snapshot* snapshot() const { return snapshot_; }

 private:
  static const rocksdb::Snapshot* MakeSnapshot(const Database& database) {
    const ReaderLock lock(database.ingest_mutex());
    return database.db()->GetSnapshot();
  }

  const std::shared_ptr<Database> database_;
  const rocksdb::Snapshot* const snapshot_;
};

// The keys of `family` from `from` on, and before `end` if that is not empty.
class Range {
 public:
  Range(std::shared_ptr<Moment> moment, Family family, std::string from, std::string end)
      : moment_(std::move(moment)), family_(family), from_(std::move(from)), end_(std::move(end)) {
    end_slice_ = end_;
    rocksdb::ReadOptions options;
    options.snapshot = moment_->snapshot();
    options.fill_cache = false;  // a scan must not push out what point reads need
    // There are none. Where RocksDB 7.8.3 looks for them, it takes a file that it cannot read for
    // the end of its level, and says OK (its pull request 11782).
    options.ignore_range_deletions = true;
    if (!end_.empty()) {
      options.iterate_upper_bound = &end_slice_;
    }
    iterator_.reset(
        moment_->database().db()->NewIterator(options, moment_->database().handle(family_)));
  }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

  void Seek() { iterator_->Seek(from_); }
  void Next() { iterator_->Next(); }
  [[nodiscard]] bool Valid() const { return iterator_->Valid(); }
  [[nodiscard]] std::string_view key() const { return ToView(iterator_->key()); }
  [[nodiscard]] std::string_view value() const { return ToView(iterator_->value()); }
  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] Status status() const {
    return moment_->database().MapRead(iterator_->status(), FamilyName(family_));
  }

 private:
  const std::shared_ptr<Moment> moment_;
  const Family family_;
  const std::string from_;
  const std::string end_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // goes before the moment
};

// `decode(key, value, &record)` makes a record of an entry.
template <typename Record, typename Decode>
class RocksCursor : public Cursor<Record> {
 public:
  RocksCursor(std::shared_ptr<Moment> moment, Family family, std::string from, std::string end,
              Decode decode)
      : range_(std::move(moment), family, std::move(from), std::move(end)), decode_(decode) {}

  void SeekToFirst() override {
    damage_ = Status::Ok();
    range_.Seek();
    Load();
  }
  [[nodiscard]] bool Valid() const override { return valid_; }
  void Next() override {
    range_.Next();
    Load();
  }
  [[nodiscard]] const Record& value() const override { return record_; }
  [[nodiscard]] Status status() const override { return damage_.ok() ? range_.status() : damage_; }

 private:
  void Load() {
    valid_ = range_.Valid();
    if (valid_) {
      damage_ = decode_(range_.key(), range_.value(), &record_);
      valid_ = damage_.ok();
    }
  }

  Range range_;
  Decode decode_;
  bool valid_ = false;
  Record record_;
  Status damage_;
};

template <typename Record, typename Decode>
std::unique_ptr<Cursor<Record>> NewCursor(const std::shared_ptr<Moment>& moment, Family family,
                                          std::string from, std::string end, Decode decode) {
  return std::make_unique<RocksCursor<Record, Decode>>(moment, family, std::move(from),
                                                       std::move(end), decode);
}

// The first string behind all that begin with `kind`.
std::string AfterKind(char kind) {
  return std::string(1, static_cast<char>(kind + 1));
}

// A decoder of pairs: a key parser and a value decoder of one family.
template <Family family, typename Key, typename Value>
auto PairDecoder(bool (*parse)(std::string_view, Key*),
                 Status (*decode)(std::string_view, Value*)) {
  return [parse, decode](std::string_view key, std::string_view value,
                         std::pair<Key, Value>* record) -> Status {
    if (!parse(key, &record->first)) {
      return BadKey(family, key);
    }
    const Status decoded = decode(value, &record->second);
    return decoded.ok() ? decoded : Damaged(family, key, value, decoded);
  };
}

// What groups of items hold, item by item, from `from` on. The entries of a group are taken
// together: of items, one of each window that had something to say of it.
template <typename Value>
class GroupCursor : public Cursor<std::pair<StockKey, Value>> {
 public:
  using Parse = bool (*)(std::string_view, GroupKey*);
  using Decode = Status (*)(std::string_view, Value*);

  GroupCursor(std::shared_ptr<Moment> moment, Family family, std::string begin, std::string end,
              StockKey from, Parse parse, Decode decode)
      : range_(std::move(moment), family, std::move(begin), std::move(end)),
        from_(from),
        parse_(parse),
        decode_(decode) {}

  void SeekToFirst() override {
    damage_ = Status::Ok();
    range_.Seek();
    LoadGroup();
    while (Valid() && value().first < from_) {
      Next();
    }
  }
  [[nodiscard]] bool Valid() const override { return at_ < count_; }
  void Next() override {
    if (++at_ == count_) {
      LoadGroup();
    }
  }
  [[nodiscard]] const std::pair<StockKey, Value>& value() const override { return values_[at_]; }
  [[nodiscard]] Status status() const override { return damage_.ok() ? range_.status() : damage_; }

 private:
  void LoadGroup() {
    count_ = at_ = 0;
    GroupKey first;
    for (bool begun = false; range_.Valid(); begun = true, range_.Next()) {
      GroupKey group;
      if (!parse_(range_.key(), &group)) {
        return Fail(BadKey(range_.family(), range_.key()));
      }
      if (begun && group != first) {
        return;
      }
      first = group;
      const Status taken = ForEachPart(range_.value(), [&](uint8_t place, std::string_view part) {
        return decode_(part, Slot(ItemAt(group, place)));
      });
      if (!taken.ok()) {
        return Fail(Damaged(range_.family(), range_.key(), range_.value(), taken));
      }
    }
    // What cannot be read may be a later entry of this group, which counts (law L10).
    const Status read = range_.status();
    if (!read.ok()) {
      Fail(read);
    }
  }
  // Later entries of a group say it anew.
  Value* Slot(StockKey key) {
    size_t slot = count_;
    while (slot > 0 && key < values_[slot - 1].first) {
      --slot;
    }
    if (slot > 0 && values_[slot - 1].first == key) {
      return &values_[slot - 1].second;
    }
    TS_CHECK(count_ < values_.size());
    std::rotate(values_.begin() + slot, values_.begin() + count_, values_.begin() + count_ + 1);
    ++count_;
    values_[slot].first = key;
    return &values_[slot].second;
  }
  void Fail(Status damage) {
    count_ = at_ = 0;
    damage_ = std::move(damage);
  }

  Range range_;
  const StockKey from_;
  const Parse parse_;
  const Decode decode_;
  std::array<std::pair<StockKey, Value>, kGroupItems> values_;  // of one group, ascending
  size_t count_ = 0;
  size_t at_ = 0;
  Status damage_;
};

// Who asks for one item of a group often asks for the next one then: verification, for one. What is
// kept for that is bounded (law L9).
constexpr size_t kPostingBytesKept = 1u << 20;

class RocksView : public StoreView {
 public:
  explicit RocksView(std::shared_ptr<Database> database)
      : moment_(std::make_shared<Moment>(std::move(database))) {}

  Status ReadMarker(Marker* marker) override {
    return rocks::ReadMarker(moment_->database(), moment_->snapshot(), marker);
  }
  Status GetBalance(StockKey key, BalanceSum* sum) override {
    return ReadBalance(moment_->database(), moment_->snapshot(), key, sum);
  }
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override {
    return ReadBatch(moment_->database(), moment_->snapshot(), ref, sum);
  }
  Status GetBlock(Lsn lsn, StoredBlock* block) override;
  Status GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) override;
  std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> Balances(StockKey from) override;
  std::unique_ptr<Cursor<StoredBlock>> Blocks(Lsn from) override;
  std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> Batches(BatchRef from) override;
  std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> DeadLetters(LineRef from) override;
  std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> Tenants() override;
  std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> Items(StockKey from) override;
  std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> Aliases(TenantId from) override;
  std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> Records(TenantId from) override;
  Status GetPostings(StockKey key, std::vector<Posting>* postings) override;

 private:
  Status ReadPostings(GroupKey group);

  const std::shared_ptr<Moment> moment_;
  // Keys and values of the group that was asked for last.
  std::optional<GroupKey> postings_of_;
  std::vector<std::pair<std::string, std::string>> postings_;
};

Status RocksView::GetBlock(Lsn lsn, StoredBlock* block) {
  std::string key;
  EncodeBlockKey(lsn, &key);
  block->lsn = lsn;
  return Read(moment_->database(), moment_->snapshot(), Family::kBlocks, key,
              [&](std::string_view bytes) { return DecodeStoredBlock(bytes, block); });
}

Status RocksView::GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) {
  std::string key;
  EncodeDeadLetterKey(ref, &key);
  return Read(moment_->database(), moment_->snapshot(), Family::kBatches, key,
              [&](std::string_view bytes) { return DecodeStoredDeadLetter(bytes, letter); });
}

std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> RocksView::Balances(StockKey from) {
  std::string begin;
  EncodeBalanceKey(GroupOf(from), &begin);
  return std::make_unique<GroupCursor<BalanceSum>>(moment_, Family::kBalances, begin, "", from,
                                                   ParseBalanceKey, DecodeBalanceSum);
}

std::unique_ptr<Cursor<StoredBlock>> RocksView::Blocks(Lsn from) {
  std::string key;
  EncodeBlockKey(from, &key);
  return NewCursor<StoredBlock>(
      moment_, Family::kBlocks, key, "",
      [](std::string_view entry, std::string_view value, StoredBlock* block) -> Status {
        if (!ParseBlockKey(entry, &block->lsn)) {
          return BadKey(Family::kBlocks, entry);
        }
        const Status decoded = DecodeStoredBlock(value, block);
        return decoded.ok() ? decoded : Damaged(Family::kBlocks, entry, value, decoded);
      });
}

std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> RocksView::Batches(BatchRef from) {
  std::string key;
  EncodeBatchKey(from, &key);
  return NewCursor<std::pair<BatchRef, BatchSum>>(
      moment_, Family::kBatches, key, AfterKind(kBatchKind),
      PairDecoder<Family::kBatches>(ParseBatchKey, DecodeBatchSum));
}

std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> RocksView::DeadLetters(LineRef from) {
  std::string key;
  EncodeDeadLetterKey(from, &key);
  return NewCursor<std::pair<LineRef, StoredDeadLetter>>(
      moment_, Family::kBatches, key, AfterKind(kDeadLetterKind),
      PairDecoder<Family::kBatches>(ParseDeadLetterKey, DecodeStoredDeadLetter));
}

std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> RocksView::Tenants() {
  return NewCursor<std::pair<TenantId, std::string>>(
      moment_, Family::kCatalogue, std::string(1, kTenantKind), AfterKind(kTenantKind),
      [](std::string_view key, std::string_view value,
         std::pair<TenantId, std::string>* record) -> Status {
        record->second.assign(value);
        return ParseTenantKey(key, &record->first) ? Status::Ok() : BadKey(Family::kCatalogue, key);
      });
}

std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> RocksView::Items(StockKey from) {
  std::string begin;
  EncodeItemKey(GroupOf(from), 0, &begin);
  return std::make_unique<GroupCursor<StoredItem>>(
      moment_, Family::kCatalogue, begin, AfterKind(kItemKind), from,
      [](std::string_view key, GroupKey* group) {
        Lsn ignored = 0;
        return ParseItemKey(key, group, &ignored);
      },
      DecodeStoredItem);
}

std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> RocksView::Aliases(TenantId from) {
  std::string begin;
  EncodeAliasKey({from, 0}, "", &begin);
  return NewCursor<std::pair<StockKey, std::string>>(
      moment_, Family::kCatalogue, std::move(begin), AfterKind(kAliasKind),
      [](std::string_view key, std::string_view /*value*/,
         std::pair<StockKey, std::string>* record) -> Status {
        return ParseAliasKey(key, &record->first, &record->second)
                   ? Status::Ok()
                   : BadKey(Family::kCatalogue, key);
      });
}

std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> RocksView::Records(TenantId from) {
  std::string begin;
  EncodeRecordKey({from, RecordKind{}, ""}, &begin);
  return NewCursor<std::pair<RecordRef, std::string>>(
      moment_, Family::kCatalogue, std::move(begin), AfterKind(kRecordKind),
      [](std::string_view key, std::string_view value,
         std::pair<RecordRef, std::string>* record) -> Status {
        record->second.assign(value);
        return ParseRecordKey(key, &record->first) ? Status::Ok() : BadKey(Family::kCatalogue, key);
      });
}

Status RocksView::ReadPostings(GroupKey group) {
  if (postings_of_ == group) {
    return Status::Ok();
  }
  postings_of_.reset();
  postings_.clear();
  std::string prefix;
  EncodePostingPrefix(group, &prefix);
  Range range(moment_, Family::kPostings, prefix, "");
  size_t bytes = 0;
  for (range.Seek(); range.Valid() && range.key().substr(0, prefix.size()) == prefix;
       range.Next()) {
    postings_.emplace_back(range.key(), range.value());
    bytes += range.value().size();
  }
  TS_RETURN_IF_ERROR(range.status());
  if (bytes <= kPostingBytesKept) {
    postings_of_ = group;
  }
  return Status::Ok();
}

Status RocksView::GetPostings(StockKey key, std::vector<Posting>* postings) {
  postings->clear();
  TS_RETURN_IF_ERROR(ReadPostings(GroupOf(key)));
  for (const auto& [entry, value] : postings_) {
    const Status decoded = ForEachPart(value, [&](uint8_t place, std::string_view part) {
      return place == PlaceOf(key) ? DecodePostings(part, postings) : Status::Ok();
    });
    if (!decoded.ok()) {
      return Damaged(Family::kPostings, entry, value, decoded);
    }
  }
  if (!postings_of_.has_value()) {
    postings_ = {};
  }
  return Status::Ok();
}

}  // namespace

Status ReadBalance(const Database& database, const rocksdb::Snapshot* snapshot, StockKey key,
                   BalanceSum* sum) {
  std::string bytes;  // 8 bytes: no allocation
  EncodeBalanceKey(GroupOf(key), &bytes);
  bool found = false;
  TS_RETURN_IF_ERROR(
      Read(database, snapshot, Family::kBalances, bytes, [&](std::string_view value) {
        return ForEachPart(value, [&](uint8_t place, std::string_view part) {
          if (place != PlaceOf(key)) {
            return Status::Ok();
          }
          found = true;
          return DecodeBalanceSum(part, sum);
        });
      }));
  return found ? Status::Ok() : Status::NotFound("there is no balance");
}

Status ReadBatch(const Database& database, const rocksdb::Snapshot* snapshot, const BatchRef& ref,
                 BatchSum* sum) {
  std::string bytes;
  EncodeBatchKey(ref, &bytes);
  return Read(database, snapshot, Family::kBatches, bytes,
              [&](std::string_view value) { return DecodeBatchSum(value, sum); });
}

Status ReadMarker(const Database& database, const rocksdb::Snapshot* snapshot, Marker* marker) {
  return Read(database, snapshot, Family::kDefault, kMarkerKey,
              [&](std::string_view value) { return DecodeMarker(value, marker); });
}

std::unique_ptr<StoreView> NewRocksView(std::shared_ptr<Database> database) {
  return std::make_unique<RocksView>(std::move(database));
}

}  // namespace tallystone::rocks
