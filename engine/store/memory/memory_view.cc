#include "store/memory/memory_view.h"

#include <utility>

namespace tallystone {
namespace {

template <typename Map, typename Key, typename Value>
Status Find(const Map& map, const Key& key, Value* value) {
  auto found = map.find(key);
  if (found == map.end()) {
    return Status::NotFound("not in the store");
  }
  *value = found->second;
  return Status::Ok();
}

// Walks a container of the state. Convert makes a Record from what the container holds.
template <typename Record, typename Container, typename Convert>
class MemoryCursor : public Cursor<Record> {
 public:
  using Iterator = typename Container::const_iterator;

  MemoryCursor(std::shared_ptr<const MemoryState> state, Iterator begin, Iterator end,
               Convert convert)
      : state_(std::move(state)), begin_(begin), at_(end), end_(end), convert_(convert) {}

  void SeekToFirst() override {
    at_ = begin_;
    Load();
  }
  [[nodiscard]] bool Valid() const override { return at_ != end_; }
  void Next() override {
    ++at_;
    Load();
  }
  [[nodiscard]] const Record& value() const override { return record_; }
  [[nodiscard]] Status status() const override { return Status::Ok(); }

 private:
  void Load() {
    if (at_ != end_) {
      record_ = convert_(*at_);
    }
  }

  std::shared_ptr<const MemoryState> state_;
  Iterator begin_, at_, end_;
  Convert convert_;
  Record record_;
};

template <typename Record, typename Container, typename Convert>
std::unique_ptr<Cursor<Record>> NewCursor(std::shared_ptr<const MemoryState> state,
                                          const Container& container,
                                          typename Container::const_iterator begin,
                                          Convert convert) {
  return std::make_unique<MemoryCursor<Record, Container, Convert>>(std::move(state), begin,
                                                                    container.end(), convert);
}

// The entries of a map from `from` on, as pairs.
template <typename Key, typename Value>
std::unique_ptr<Cursor<std::pair<Key, Value>>> NewMapCursor(
    std::shared_ptr<const MemoryState> state, const std::map<Key, Value>& map, const Key& from) {
  using Record = std::pair<Key, Value>;
  return NewCursor<Record>(std::move(state), map, map.lower_bound(from),
                           [](const auto& entry) { return Record(entry); });
}

class MemoryView : public StoreView {
 public:
  explicit MemoryView(std::shared_ptr<const MemoryState> state) : state_(std::move(state)) {}

  Status ReadMarker(Marker* marker) override {
    if (!state_->marker) {
      return Status::NotFound("the store has no marker");
    }
    *marker = *state_->marker;
    return Status::Ok();
  }
  Status GetBalance(StockKey key, BalanceSum* sum) override {
    return Find(state_->balances, key, sum);
  }
  Status GetBlock(Lsn lsn, StoredBlock* block) override { return Find(state_->blocks, lsn, block); }
  Status GetBatch(const BatchRef& ref, BatchSum* sum) override {
    return Find(state_->batches, ref, sum);
  }
  Status GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) override {
    return Find(state_->dead_letters, ref, letter);
  }
  std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> Balances(StockKey from) override {
    return NewMapCursor(state_, state_->balances, from);
  }
  std::unique_ptr<Cursor<StoredBlock>> Blocks(Lsn from) override {
    return NewCursor<StoredBlock>(state_, state_->blocks, state_->blocks.lower_bound(from),
                                  [](const auto& entry) { return entry.second; });
  }
  std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> Batches(BatchRef from) override {
    return NewMapCursor(state_, state_->batches, from);
  }
  std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> DeadLetters(LineRef from) override {
    return NewMapCursor(state_, state_->dead_letters, from);
  }
  std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> Tenants() override {
    return NewMapCursor(state_, state_->tenants, TenantId{0});
  }
  std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> Items(StockKey from) override {
    return NewMapCursor(state_, state_->items, from);
  }
  std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> Aliases(TenantId from) override {
    return NewCursor<std::pair<StockKey, std::string>>(state_, state_->aliases,
                                                       state_->aliases.lower_bound({{from, 0}, ""}),
                                                       [](const auto& entry) { return entry; });
  }
  std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> Records(TenantId from) override {
    return NewMapCursor(state_, state_->records, RecordRef{from, RecordKind{}, ""});
  }
  Status GetPostings(StockKey key, std::vector<Posting>* postings) override {
    postings->clear();
    auto found = state_->postings.find(key);
    if (found != state_->postings.end()) {
      *postings = found->second;
    }
    return Status::Ok();
  }

 private:
  std::shared_ptr<const MemoryState> state_;
};

}  // namespace

std::unique_ptr<StoreView> NewMemoryView(std::shared_ptr<const MemoryState> state) {
  return std::make_unique<MemoryView>(std::move(state));
}

}  // namespace tallystone
