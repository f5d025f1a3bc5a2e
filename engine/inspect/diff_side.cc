#include "inspect/diff_side.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "inspect/booked_lines.h"
#include "model/chunk_format.h"
#include "model/line_rebuild.h"
#include "tallystone/decimal.h"

namespace tallystone::diff {
namespace {

constexpr size_t kSums = 1u << 18;

uint64_t BatchHash(std::string_view tenant, std::string_view batch) {
  return Hash64(batch, Hash64(tenant));
}

std::string_view NameOf(const StoredItem& item) {
  return item.code.empty() ? item.description : item.code;
}

// As in the state digest: an item with a code is another one than an item without.
UInt128 NameHash(const StoredItem& item) {
  return Hash128(NameOf(item), item.code.empty() ? 'D' : 'C');
}

Status NoItem(const std::string& tenant, ItemId item) {
  return Status::Corruption("item " + std::to_string(item) + " of tenant '" + tenant +
                            "' is not in the catalogue");
}

}  // namespace

std::string NumberOf(std::string_view text) {
  Decimal number;
  return Decimal::Parse(text, &number) == DecimalError::kNone ? number.ToString()
                                                              : std::string(text);
}

std::vector<std::pair<uint32_t, uint32_t>> PairUp(std::vector<HashedEntry> left,
                                                  std::vector<HashedEntry> right) {
  const auto order = [](const HashedEntry& entry) {
    return std::tie(entry.key, entry.content, entry.id);
  };
  const auto before = [&](const HashedEntry& a, const HashedEntry& b) {
    return order(a) < order(b);
  };
  std::sort(left.begin(), left.end(), before);
  std::sort(right.begin(), right.end(), before);
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  std::vector<uint32_t> left_rest, right_rest;  // of one key
  auto a = left.begin();
  auto b = right.begin();
  while (a != left.end() || b != right.end()) {
    const UInt128 key = b == right.end() || (a != left.end() && a->key < b->key) ? a->key : b->key;
    left_rest.clear();
    right_rest.clear();
    for (;;) {
      const bool has_left = a != left.end() && a->key == key;
      const bool has_right = b != right.end() && b->key == key;
      if (!has_left && !has_right) {
        break;
      }
      if (has_left && has_right && a->content == b->content) {
        ++a;
        ++b;
      } else if (has_left && (!has_right || a->content < b->content)) {
        left_rest.push_back((a++)->id);
      } else {
        right_rest.push_back((b++)->id);
      }
    }
    for (size_t index = 0; index < std::max(left_rest.size(), right_rest.size()); ++index) {
      pairs.emplace_back(index < left_rest.size() ? left_rest[index] : 0,
                         index < right_rest.size() ? right_rest[index] : 0);
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const auto& one, const auto& other) {
    return std::pair(one.first == 0, one) < std::pair(other.first == 0, other);
  });
  return pairs;
}

Status DiffSide::LoadItems() {
  auto cursor = view()->Items({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const StockKey key = cursor->value().first;
    const StoredItem& item = cursor->value().second;
    std::vector<ItemHashes>& items = items_[key.tenant];
    if (key.item != items.size() + 1) {
      return Status::Corruption("items of tenant '" + view()->TenantName(key.tenant) +
                                "' have a gap before number " + std::to_string(key.item));
    }
    items.push_back({NameHash(item), Hash64(item.code), Hash64(item.description)});
  }
  return cursor->status();
}

Status DiffSide::FindItem(TenantId tenant, ItemId item, const ItemHashes** hashes) const {
  const auto found = items_.find(tenant);
  if (found == items_.end() || item == 0 || item > found->second.size()) {
    return NoItem(view()->TenantName(tenant), item);
  }
  *hashes = &found->second[item - 1];
  return Status::Ok();
}

Status DiffSide::SumLines(const Step& step) {
  sums_.assign(kSums, 0);
  Chunk chunk;
  auto cursor = view()->Blocks(0);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    uint64_t batch = 0;
    uint64_t lines = 0;
    TS_RETURN_IF_ERROR(ForEachBooked(cursor->value(), &chunk, [&](const ChunkLine& line, uint32_t) {
      if (lines++ == 0) {
        batch = BatchHash(view()->TenantName(chunk.header.tenant), chunk.header.batch);
      }
      UInt128 hash = 0;
      TS_RETURN_IF_ERROR(HashLine(chunk.header.tenant, line, Outcome::kAccepted, &hash));
      // Whose line it is, or batches that share a sum could change places.
      sums_[batch % kSums] += hash * (UInt128{batch} << 1 | 1);
      return Status::Ok();
    }));
    lines_ += lines;
    TS_RETURN_IF_ERROR(step(lines));
  }
  return cursor->status();
}

bool DiffSide::MayDiffer(const DiffSide& other, std::string_view tenant,
                         std::string_view batch) const {
  const size_t place = BatchHash(tenant, batch) % kSums;
  return sums_[place] != other.sums_[place];
}

Status DiffSide::HashItems(TenantId tenant, std::vector<HashedEntry>* entries) {
  entries->clear();
  auto balances = view()->Balances({tenant, 0});
  balances->SeekToFirst();
  auto items = view()->Items({tenant, 0});
  for (items->SeekToFirst(); items->Valid() && items->value().first.tenant == tenant;
       items->Next()) {
    const StockKey key = items->value().first;
    const StoredItem& item = items->value().second;
    record_.clear();
    PutText(&record_, item.description);
    PutText(&record_, item.gtin);
    PutText(&record_, item.unit);
    while (balances->Valid() && balances->value().first < key) {
      balances->Next();
    }
    if (balances->Valid() && balances->value().first == key) {
      const BalanceSum& sum = balances->value().second;
      PutFixed128(&record_, static_cast<UInt128>(sum.on_hand));
      PutFixed128(&record_, static_cast<UInt128>(sum.value));
      PutFixed64(&record_, sum.lines);
    }
    entries->push_back({NameHash(item), Hash64(record_), key.item});
  }
  TS_RETURN_IF_ERROR(balances->status());
  return items->status();
}

Status DiffSide::HashLine(TenantId tenant, const ChunkLine& line, Outcome outcome, UInt128* hash) {
  record_.clear();
  PutFixed64(&record_, line.number);
  record_.push_back(static_cast<char>(outcome));
  for (const std::string_view text : {line.vendor, line.gtin, line.unit, line.document, line.time,
                                      line.line_id, line.vendor_code}) {
    PutText(&record_, text);
  }
  if (line.outcome == Outcome::kAccepted) {
    const ItemHashes* item = nullptr;
    TS_RETURN_IF_ERROR(FindItem(tenant, line.item, &item));
    static const uint64_t kEmpty = Hash64("");
    PutFixed128(&record_, item->name);
    PutFixed64(&record_,
               chunk_format::HasCodeOfItem(line.decided_by) ? item->code : Hash64(line.code));
    PutFixed64(&record_, line.description_kind == DescriptionKind::kNone ? kEmpty
                         : line.description_kind == DescriptionKind::kOfItem
                             ? item->description
                             : Hash64(line.description));
    PutFixed64(&record_, static_cast<uint64_t>(line.quantity));
    PutFixed64(&record_, static_cast<uint64_t>(line.unit_cost));
  } else {
    for (const std::string_view text : {line.code, line.description, line.raw}) {
      PutText(&record_, text);
    }
    PutText(&record_, NumberOf(line.quantity_text));
    PutText(&record_, NumberOf(line.unit_cost_text));
    PutFixed128(&record_, line.cut_digest);
  }
  *hash = Hash128(record_);
  return Status::Ok();
}

Status DiffSide::ReadLine(TenantId tenant, const ChunkLine& line, Outcome outcome, StoredItem* item,
                          WholeLine* whole) {
  *item = {};
  if (line.outcome == Outcome::kAccepted) {
    TS_RETURN_IF_ERROR(view()->GetItem({tenant, line.item}, item));
  }
  whole->outcome = outcome;
  whole->item = NameOf(*item);
  whole->texts = ReconstructLine(line, item->code, item->description);
  return Status::Ok();
}

Status DiffSide::ItemName(TenantId tenant, ItemId item, std::string* name) {
  StoredItem stored;
  name->clear();
  if (item == 0) {
    return Status::Ok();
  }
  TS_RETURN_IF_ERROR(view()->GetItem({tenant, item}, &stored));
  *name = NameOf(stored);
  return Status::Ok();
}

}  // namespace tallystone::diff
