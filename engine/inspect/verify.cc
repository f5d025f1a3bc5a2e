#include "inspect/verify.h"

#include <map>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/check.h"
#include "inspect/booked_lines.h"
#include "inspect/queries.h"
#include "inspect/record_proof.h"
#include "inspect/server_sums.h"
#include "window/sort_window.h"

namespace tallystone {
namespace {

constexpr size_t kFindingsMax = 100;
constexpr uint64_t kProgressLines = 100'000;

// What the blocks say of one key.
struct Booked {
  Int128 on_hand = 0;
  Int128 value = 0;
  uint64_t lines = 0;
  Lsn last_lsn = 0;
  uint32_t places = 0;  // sum of the hashes of its places
};

class Verifier {
 public:
  Verifier(LiveView* view, const ProgressFunction& progress, VerifyReport* report)
      : view_(view), progress_(progress), report_(report) {}

  Status Run();

 private:
  Status CountItems();
  Status ReadBlocks();
  Status ReadBlock(const StoredBlock& block);
  Status CompareBalances();
  Status ComparePostings(StockKey key, const Booked& booked);
  Status CompareServerSums();
  Status CompareBatches();
  Status CountDeadLetters();
  Status CheckAliases();
  Status NameFirstBatch(StockKey key, std::string* batch);
  bool ItemExists(StockKey key) const;
  void Find(std::string what, TenantId tenant, std::string batch);
  std::string Name(StockKey key);

  LiveView* const view_;
  const ProgressFunction& progress_;
  VerifyReport* const report_;
  std::map<TenantId, ItemId> item_counts_;
  boost::unordered_flat_map<uint64_t, Booked> booked_;
  std::map<BatchRef, BatchSum> batches_;
  std::map<BatchRef, uint64_t> letters_;
  RecordProof records_;
  Chunk chunk_;
};

void Verifier::Find(std::string what, TenantId tenant, std::string batch) {
  report_->sound = false;
  ++report_->findings_count;
  if (report_->findings.size() < kFindingsMax) {
    report_->findings.push_back({std::move(what), view_->TenantName(tenant), std::move(batch)});
  }
}

std::string Verifier::Name(StockKey key) {
  StoredItem item;
  std::string name = "item " + std::to_string(key.item);
  if (view_->GetItem(key, &item).ok()) {
    name += " ('" + (item.code.empty() ? item.description : item.code) + "')";
  }
  return name + " of tenant '" + view_->TenantName(key.tenant) + "'";
}

bool Verifier::ItemExists(StockKey key) const {
  auto found = item_counts_.find(key.tenant);
  return key.item != 0 && found != item_counts_.end() && key.item <= found->second;
}

Status Verifier::CountItems() {
  auto cursor = view_->Items({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const StockKey key = cursor->value().first;
    ItemId& count = item_counts_[key.tenant];
    if (key.item != count + 1) {
      Find("the catalogue has a gap before item " + std::to_string(key.item), key.tenant, {});
    }
    count = key.item;
  }
  return cursor->status();
}

Status Verifier::ReadBlocks() {
  Lsn expected = 1;
  uint64_t reported = 0;
  auto cursor = view_->Blocks(0);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next(), ++expected) {
    const StoredBlock& block = cursor->value();
    if (block.lsn != expected) {
      Find("blocks " + std::to_string(expected) + " to " + std::to_string(block.lsn - 1) +
               " are missing",
           0, {});
      expected = block.lsn;
    }
    Status status = ReadBlock(block);
    if (!status.ok()) {
      Find("block " + std::to_string(block.lsn) + " cannot be read: " + status.message(), 0, {});
    }
    if (progress_ && report_->lines_checked - reported >= kProgressLines) {
      reported = report_->lines_checked;
      progress_(reported, 0);
    }
  }
  TS_RETURN_IF_ERROR(cursor->status());
  if (expected != view_->as_of() + 1) {
    Find("blocks " + std::to_string(expected) + " to " + std::to_string(view_->as_of()) +
             " are missing",
         0, {});
  }
  return Status::Ok();
}

Status Verifier::ReadBlock(const StoredBlock& block) {
  TS_RETURN_IF_ERROR(ForEachBooked(block, &chunk_, [&](const ChunkLine& line, uint32_t index) {
    const StockKey key{chunk_.header.tenant, line.item};
    if (!ItemExists(key)) {
      Find("line " + std::to_string(line.number) + " names item " + std::to_string(line.item) +
               ", which the catalogue does not have",
           key.tenant, std::string(chunk_.header.batch));
    }
    Booked& booked = booked_[key.packed()];
    booked.on_hand += line.quantity;
    booked.value += Int128{line.quantity} * line.unit_cost;
    ++booked.lines;
    booked.last_lsn = block.lsn;
    booked.places += PlaceHash(key, block.lsn, index);
    return Status::Ok();
  }));
  records_.Take(chunk_.header.tenant, chunk_.catalogue, block.lsn);
  BatchSum sum = BatchSumOf(chunk_.header, block.lsn);
  sum.rejected = block.rejected.size();
  batches_[{chunk_.header.tenant, std::string(chunk_.header.batch)}].Add(sum);
  report_->lines_checked += chunk_.lines.size();
  return Status::Ok();
}

Status Verifier::CompareBalances() {
  auto cursor = view_->Balances({});
  uint64_t found = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const auto& [key, stored] = cursor->value();
    ++report_->balances_checked;
    auto entry = booked_.find(key.packed());
    if (entry == booked_.end()) {
      Find(Name(key) + " has a balance but no transactions", key.tenant, {});
      continue;
    }
    ++found;
    const Booked& booked = entry->second;
    if (stored.on_hand != booked.on_hand || stored.value != booked.value ||
        stored.lines != booked.lines || stored.last_lsn != booked.last_lsn ||
        stored.places != booked.places) {
      std::string batch;
      TS_RETURN_IF_ERROR(NameFirstBatch(key, &batch));
      Find("the balance of " + Name(key) + " is " + FormatScaled(stored.on_hand, 6) + " worth " +
               FormatScaled(stored.value, 12) + " in " + std::to_string(stored.lines) +
               " lines; its transactions sum to " + FormatScaled(booked.on_hand, 6) + " worth " +
               FormatScaled(booked.value, 12) + " in " + std::to_string(booked.lines) + " lines",
           key.tenant, batch);
    }
    TS_RETURN_IF_ERROR(ComparePostings(key, booked));
  }
  TS_RETURN_IF_ERROR(cursor->status());
  if (found == booked_.size()) {
    return Status::Ok();
  }
  for (const auto& [packed, booked] : booked_) {
    const StockKey key{static_cast<TenantId>(packed >> 32), static_cast<ItemId>(packed)};
    BalanceSum stored;
    Status status = view_->GetBalance(key, &stored);
    if (status.IsNotFound()) {
      std::string batch;
      TS_RETURN_IF_ERROR(NameFirstBatch(key, &batch));
      Find(Name(key) + " has " + std::to_string(booked.lines) + " transactions but no balance",
           key.tenant, batch);
    }
  }
  return Status::Ok();
}

Status Verifier::ComparePostings(StockKey key, const Booked& booked) {
  std::vector<Posting> postings;
  TS_RETURN_IF_ERROR(view_->GetPostings(key, &postings));
  uint32_t places = 0;
  for (const Posting& posting : postings) {
    places += PlaceHash(key, posting.lsn, posting.index);
  }
  if (postings.size() != booked.lines || places != booked.places) {
    Find("the postings of " + Name(key) + " (" + std::to_string(postings.size()) +
             ") are not its transactions (" + std::to_string(booked.lines) + ")",
         key.tenant, {});
  }
  return Status::Ok();
}

// The batch of the first transaction after the longest run whose sum is the stored balance; if
// there is no such run, the item's first batch. One more walk over the blocks: only for what
// differs.
Status Verifier::NameFirstBatch(StockKey key, std::string* batch) {
  if (report_->findings.size() >= kFindingsMax) {
    return Status::Ok();
  }
  BalanceSum stored;  // what the log adds to it is right
  const Status read = view_->GetStoreBalance(key, &stored);
  if (!read.ok() && !read.IsNotFound()) {
    return read;
  }
  Booked running;
  std::string first;
  bool agreed = stored.lines == 0;
  bool named = false;
  auto cursor = view_->Blocks(0);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    Status status = ForEachBooked(cursor->value(), &chunk_, [&](const ChunkLine& line, uint32_t) {
      if (chunk_.header.tenant != key.tenant || line.item != key.item) {
        return Status::Ok();
      }
      if (first.empty()) {
        first = chunk_.header.batch;
      }
      if (agreed && !named) {
        *batch = chunk_.header.batch;
        named = true;
      }
      running.on_hand += line.quantity;
      running.value += Int128{line.quantity} * line.unit_cost;
      ++running.lines;
      if (running.on_hand == stored.on_hand && running.value == stored.value &&
          running.lines == stored.lines) {
        agreed = true;
        named = false;
      }
      return Status::Ok();
    });
    status.PermitUnchecked();  // a block that cannot be read has its own finding
  }
  if (!named) {
    *batch = first;
  }
  return cursor->status();
}

Status Verifier::CountDeadLetters() {
  auto cursor = view_->DeadLetters({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const LineRef& ref = cursor->value().first;
    ++letters_[{ref.tenant, ref.batch}];
    ++report_->dead_letters_checked;
  }
  return cursor->status();
}

Status Verifier::CompareBatches() {
  TS_RETURN_IF_ERROR(CountDeadLetters());
  auto cursor = view_->Batches({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const auto& [ref, stored] = cursor->value();
    ++report_->batches_checked;
    auto found = batches_.find(ref);
    if (found == batches_.end()) {
      Find("batch '" + ref.batch + "' has a result but no blocks", ref.tenant, ref.batch);
      continue;
    }
    if (!(found->second == stored) || stored.booked() + stored.not_booked() != stored.lines) {
      Find("batch '" + ref.batch + "' says " + std::to_string(stored.lines) + " lines, " +
               std::to_string(stored.booked()) + " booked; its blocks say " +
               std::to_string(found->second.lines) + " and " +
               std::to_string(found->second.booked()),
           ref.tenant, ref.batch);
    }
    auto letters = letters_.find(ref);
    const uint64_t count = letters == letters_.end() ? 0 : letters->second;
    if (count + stored.dropped != stored.not_booked()) {
      Find("batch '" + ref.batch + "' has " + std::to_string(stored.not_booked()) +
               " lines that are not booked, " + std::to_string(count) + " dead letters and " +
               std::to_string(stored.dropped) + " dropped",
           ref.tenant, ref.batch);
    }
    batches_.erase(found);
    if (letters != letters_.end()) {
      letters_.erase(letters);
    }
  }
  TS_RETURN_IF_ERROR(cursor->status());
  for (const auto& [ref, sum] : batches_) {
    Find("batch '" + ref.batch + "' has " + std::to_string(sum.lines) + " lines but no result",
         ref.tenant, ref.batch);
  }
  for (const auto& [ref, count] : letters_) {
    Find(std::to_string(count) + " dead letters belong to batch '" + ref.batch +
             "', which does not exist",
         ref.tenant, ref.batch);
  }
  return Status::Ok();
}

Status Verifier::CheckAliases() {
  auto cursor = view_->Aliases(0);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const auto& [key, text] = cursor->value();
    if (!ItemExists(key)) {
      Find("alias '" + text + "' names item " + std::to_string(key.item) +
               ", which the catalogue does not have",
           key.tenant, {});
    }
  }
  return cursor->status();
}

Status Verifier::CompareServerSums() {
  ServerSums sums(view_);
  TS_RETURN_IF_ERROR(sums.Begin());
  report_->tenants_summed = sums.tenants();
  if (sums.tenants() == 0) {
    return Status::Ok();
  }
  const auto sum_of = [](const Booked& booked) {
    return LineSum{booked.lines, booked.on_hand, booked.value};
  };
  for (const auto& [packed, booked] : booked_) {
    sums.Book({static_cast<TenantId>(packed >> 32), static_cast<ItemId>(packed)}, sum_of(booked));
  }
  TS_RETURN_IF_ERROR(sums.CompareLines(
      [&](StockKey key, LineSum* place) -> const LineSum* {
        const auto found = booked_.find(key.packed());
        if (found == booked_.end()) {
          return nullptr;
        }
        *place = sum_of(found->second);
        return place;
      },
      [&](StockKey key, const std::string& what) {
        std::string batch;
        TS_RETURN_IF_ERROR(NameFirstBatch(key, &batch));
        Find("the lines of " + Name(key) + " " + what, key.tenant, std::move(batch));
        return Status::Ok();
      }));
  sums.CompareTotals(
      [this](TenantId tenant, std::string what) { Find(std::move(what), tenant, {}); });
  return Status::Ok();
}

Status Verifier::Run() {
  TS_RETURN_IF_ERROR(CountItems());
  TS_RETURN_IF_ERROR(ReadBlocks());
  TS_RETURN_IF_ERROR(CompareBalances());
  TS_RETURN_IF_ERROR(CompareServerSums());
  TS_RETURN_IF_ERROR(CompareBatches());
  TS_RETURN_IF_ERROR(CheckAliases());
  return records_.Compare(
      view_, [this](std::string what, TenantId tenant) { Find(std::move(what), tenant, {}); });
}

}  // namespace

Status VerifyView(LiveView* view, const ProgressFunction& progress, VerifyReport* report) {
  *report = {};
  return Verifier(view, progress, report).Run();
}

}  // namespace tallystone
