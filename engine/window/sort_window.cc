#include "window/sort_window.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/check.h"
#include "model/chunk.h"
#include "window/radix_sort.h"

namespace tallystone {
namespace {

Status At(Lsn lsn, const Status& status) {
  return {status.code(), "chunk at LSN " + std::to_string(lsn) + ": " + status.message()};
}

// The working memory that is worth keeping. Of every booked line, in log order.
struct Lines {
  struct Booked {
    int64_t quantity = 0;
    int64_t unit_cost = 0;
    Posting place;
  };
  std::vector<KeyPosition> keys;
  std::vector<KeyPosition> scratch;
  std::vector<Booked> booked;
};

// Collects what the chunks say, then sorts it.
class Sorter {
 public:
  Sorter(const LogStretch& stretch, const ItemLookup& lookup, Lines* lines, SortedWindow* sorted)
      : lookup_(lookup),
        sorted_(sorted),
        keys_(lines->keys),
        scratch_(lines->scratch),
        booked_(lines->booked) {
    keys_.clear();
    booked_.clear();
    sorted_->Clear();
    TS_CHECK(!stretch.empty());
    sorted_->first = stretch.first;
    sorted_->last = stretch.last;
  }

  Status Take(const LoggedChunk& chunk);
  Status Finish();

 private:
  Status TakeCatalogue(std::string_view payload, TenantId tenant);
  Status TakeLetters(std::string_view payload, Lsn lsn);
  BatchSum* BatchOf(const ChunkHeader& header);
  void SortNumbers();
  std::string LastTime(size_t begin, size_t end) const;
  Status SortItems();

  struct Description {
    StockKey key;
    std::string_view text;
  };

  const ItemLookup& lookup_;
  SortedWindow* sorted_;
  std::vector<KeyPosition>& keys_;
  std::vector<KeyPosition>& scratch_;
  std::vector<Lines::Booked>& booked_;
  // Times of the chunks that have any, by index of the block.
  std::vector<std::vector<std::string_view>> times_;
  std::vector<Description> descriptions_;  // that items got after they were made
  std::map<LineRef, std::optional<StoredDeadLetter>> letters_;
  std::map<RecordRef, std::string> records_;
  std::unordered_map<std::string, size_t> batch_indexes_;
  std::string batch_key_;
  ChunkNumbers numbers_;
  CatalogueChanges changes_;
};

Status Sorter::Take(const LoggedChunk& chunk) {
  TS_CHECK(chunk.lsn >= sorted_->first && chunk.lsn <= sorted_->last);
  TS_CHECK(sorted_->blocks.empty() || chunk.lsn > sorted_->blocks.back().lsn);
  sorted_->blocks.push_back(chunk);
  std::vector<std::string_view>& times = times_.emplace_back();
  const std::string_view payload = *chunk.payload;
  ChunkHeader header;
  TS_RETURN_IF_ERROR(DecodeChunkHeader(payload, &header));
  TS_RETURN_IF_ERROR(DecodeChunkNumbers(payload, &numbers_));
  if ((header.flags & kChunkNewTenant) != 0) {
    sorted_->tenants.emplace_back(header.tenant, header.tenant_name);
  }
  TS_RETURN_IF_ERROR(TakeCatalogue(payload, header.tenant));
  if (header.lines != header.accepted || (header.flags & (kChunkRetry | kChunkDrop)) != 0) {
    TS_RETURN_IF_ERROR(TakeLetters(payload, chunk.lsn));
  }
  BatchOf(header)->Add(BatchSumOf(header, chunk.lsn));

  for (size_t index = 0; index < numbers_.items.size(); ++index) {
    keys_.push_back({StockKey{header.tenant, numbers_.items[index]}.packed(),
                     static_cast<uint32_t>(keys_.size())});
    booked_.push_back({numbers_.quantities[index],
                       numbers_.unit_costs[index],
                       {chunk.lsn, static_cast<uint32_t>(index)}});
  }
  TS_RETURN_IF_ERROR(DecodeChunkTimes(payload, &times));
  if (std::all_of(times.begin(), times.end(), [](std::string_view t) { return t.empty(); })) {
    times = {};
  }
  return Status::Ok();
}

Status Sorter::TakeCatalogue(std::string_view payload, TenantId tenant) {
  changes_.clear();
  TS_RETURN_IF_ERROR(DecodeChunkCatalogue(payload, &changes_));
  for (const NewItem& item : changes_.items) {
    sorted_->items.push_back({{tenant, item.item},
                              {std::string(item.code), std::string(item.gtin),
                               std::string(item.description), std::string(item.unit)}});
  }
  for (const ItemDescription& described : changes_.descriptions) {
    descriptions_.push_back({{tenant, described.item}, described.description});
  }
  for (const NewAlias& alias : changes_.aliases) {
    sorted_->aliases.emplace_back(StockKey{tenant, alias.item}, alias.text);
  }
  for (const CatalogueRecord& record : changes_.records) {
    records_[{tenant, record.kind, std::string(record.key)}] = record.value;
  }
  return Status::Ok();
}

Status Sorter::TakeLetters(std::string_view payload, Lsn lsn) {
  Chunk chunk;
  TS_RETURN_IF_ERROR(DecodeChunk(payload, &chunk));
  const bool again = (chunk.header.flags & kChunkRetry) != 0;
  const bool drop = (chunk.header.flags & kChunkDrop) != 0;
  for (const ChunkLine& line : chunk.lines) {
    LineRef ref{chunk.header.tenant, std::string(chunk.header.batch), line.number};
    if (drop || (again && line.outcome == Outcome::kAccepted)) {
      letters_[std::move(ref)] = std::nullopt;
    } else if (line.outcome != Outcome::kAccepted) {
      letters_[std::move(ref)] = DeadLetterOf(line, chunk.header, lsn);
    }
  }
  return Status::Ok();
}

BatchSum* Sorter::BatchOf(const ChunkHeader& header) {
  batch_key_.assign(reinterpret_cast<const char*>(&header.tenant), sizeof header.tenant);
  batch_key_.append(header.batch);
  auto [found, fresh] = batch_indexes_.try_emplace(batch_key_, sorted_->batches.size());
  if (fresh) {
    sorted_->batches.emplace_back(BatchRef{header.tenant, std::string(header.batch)}, BatchSum{});
  }
  return &sorted_->batches[found->second].second;
}

std::string Sorter::LastTime(size_t begin, size_t end) const {
  for (size_t index = end; index > begin; --index) {
    const Posting& place = sorted_->postings[index - 1];
    const auto& times = times_[IndexOfChunk(sorted_->blocks, place.lsn)];
    if (!times.empty() && !times[place.index].empty()) {
      return std::string(times[place.index]);
    }
  }
  return {};
}

void Sorter::SortNumbers() {
  // How many lines ahead the memory of a booked line is asked for.
  constexpr size_t kAhead = 8;
  RadixSort(&keys_, &scratch_);
  sorted_->postings.reserve(keys_.size());
  const bool any_time =
      std::any_of(times_.begin(), times_.end(), [](const auto& times) { return !times.empty(); });
  for (size_t begin = 0; begin < keys_.size();) {
    KeyDelta delta;
    const uint64_t key = keys_[begin].key;
    delta.key = {static_cast<TenantId>(key >> 32), static_cast<ItemId>(key)};
    delta.posting_begin = static_cast<uint32_t>(begin);
    size_t end = begin;
    for (; end < keys_.size() && keys_[end].key == key; ++end) {
      if (end + kAhead < keys_.size()) {
        __builtin_prefetch(&booked_[keys_[end + kAhead].position]);
      }
      const Lines::Booked& line = booked_[keys_[end].position];
      delta.sum.on_hand += line.quantity;
      delta.sum.value += Int128{line.quantity} * line.unit_cost;
      sorted_->postings.push_back(line.place);
      delta.sum.places += PlaceHash(delta.key, line.place.lsn, line.place.index);
    }
    delta.sum.lines = end - begin;
    delta.sum.last_lsn = sorted_->postings.back().lsn;
    delta.posting_end = static_cast<uint32_t>(end);
    if (any_time) {
      delta.sum.last_time = LastTime(begin, end);
    }
    sorted_->deltas.push_back(std::move(delta));
    begin = end;
  }
}

// An item is made once. It may get its description later: in this window, or in one after it.
Status Sorter::SortItems() {
  const auto by_key = [](const auto& left, const auto& right) { return left.first < right.first; };
  auto& items = sorted_->items;
  if (!std::is_sorted(items.begin(), items.end(), by_key)) {  // several tenants made some
    std::sort(items.begin(), items.end(), by_key);
  }
  std::map<StockKey, StoredItem> older;
  for (const Description& described : descriptions_) {
    auto found =
        std::lower_bound(items.begin(), items.end(), described.key,
                         [](const auto& entry, const StockKey& key) { return entry.first < key; });
    if (found != items.end() && found->first == described.key) {
      found->second.description = described.text;
      continue;
    }
    auto [item, fresh] = older.try_emplace(described.key);
    if (fresh) {
      TS_RETURN_IF_ERROR(lookup_(described.key, &item->second));
    }
    item->second.description = described.text;
  }
  const auto middle = static_cast<std::ptrdiff_t>(items.size());
  items.insert(items.end(), older.begin(), older.end());
  std::inplace_merge(items.begin(), items.begin() + middle, items.end(), by_key);
  return Status::Ok();
}

Status Sorter::Finish() {
  SortNumbers();
  TS_RETURN_IF_ERROR(SortItems());
  sorted_->lines = keys_.size();
  std::sort(sorted_->batches.begin(), sorted_->batches.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  std::stable_sort(sorted_->aliases.begin(), sorted_->aliases.end());
  std::sort(sorted_->tenants.begin(), sorted_->tenants.end());
  sorted_->dead_letters.assign(letters_.begin(), letters_.end());
  sorted_->records.assign(records_.begin(), records_.end());
  return Status::Ok();
}

}  // namespace

StoredDeadLetter DeadLetterOf(const ChunkLine& line, const ChunkHeader& header, Lsn lsn) {
  StoredDeadLetter letter;
  letter.cause = line.outcome;
  letter.attempts = line.attempts;
  letter.lsn = lsn;
  letter.failed_at_us = header.accepted_at_us;
  letter.detail = line.detail;
  letter.code = line.code;
  letter.description = line.description;
  letter.quantity = line.quantity_text;
  letter.unit_cost = line.unit_cost_text;
  letter.vendor = line.vendor;
  letter.gtin = line.gtin;
  letter.unit = line.unit;
  letter.document = line.document;
  letter.time = line.time;
  letter.line_id = line.line_id;
  letter.vendor_code = line.vendor_code;
  letter.raw = line.raw;
  return letter;
}

BatchSum BatchSumOf(const ChunkHeader& header, Lsn lsn) {
  BatchSum sum;
  if (header.lines > 0) {
    sum.first_lsn = lsn;
    sum.last_lsn = lsn;
  }
  if ((header.flags & kChunkRetry) != 0) {
    sum.tried_again = header.lines;
    sum.retried = header.accepted;
    return sum;
  }
  if ((header.flags & kChunkDrop) != 0) {
    sum.dropped = header.lines;
    return sum;
  }
  sum.lines = header.lines;
  sum.accepted = header.accepted;
  sum.failed = header.lines - header.accepted;
  sum.accepted_at_us = (header.flags & kChunkFirst) != 0 ? header.accepted_at_us : 0;
  sum.finished = (header.flags & kChunkLast) != 0;
  sum.digest = header.digest;
  return sum;
}

struct WindowSorter::Impl {
  Lines lines;
};

WindowSorter::WindowSorter() : impl_(std::make_unique<Impl>()) {}
WindowSorter::~WindowSorter() = default;

Status WindowSorter::Sort(const LogStretch& stretch, const ItemLookup& lookup,
                          SortedWindow* sorted) {
  Sorter sorter(stretch, lookup, &impl_->lines, sorted);
  for (const LoggedChunk& chunk : stretch.chunks) {
    Status status = sorter.Take(chunk);
    if (!status.ok()) {
      return At(chunk.lsn, status);
    }
  }
  return sorter.Finish();
}

Status SortWindow(const LogStretch& stretch, const ItemLookup& lookup, SortedWindow* sorted) {
  return WindowSorter().Sort(stretch, lookup, sorted);
}

}  // namespace tallystone
