#include "inspect/state_digest.h"

#include <vector>

#include "base/check.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/text.h"
#include "inspect/booked_lines.h"
#include "inspect/queries.h"

namespace tallystone {
namespace {

constexpr uint64_t kProgressLines = 100'000;
// `stop` is asked each time that so many entries were read. A block of up to 500 lines is one.
constexpr uint64_t kStopEntries = 256;

class Digester {
 public:
  Digester(LiveView* view, const ProgressFunction& progress, const StopFunction& stop,
           DatabaseStatus* status)
      : view_(view), progress_(progress), stop_(stop), status_(status) {}

  Status Run();

 private:
  Status Items();
  Status Balances();
  Status Batches();
  Status DeadLetters();
  Status Transactions();
  // To be asked once an entry.
  Status Going();
  void Begin(char kind, TenantId tenant);
  void End() { sum_ += Hash128(record_); }
  Status PutItem(StockKey key);

  LiveView* const view_;
  const ProgressFunction& progress_;
  const StopFunction& stop_;
  DatabaseStatus* const status_;
  std::map<TenantId, std::vector<UInt128>> items_;  // hash of each item's name, by number - 1
  std::string record_;
  UInt128 sum_ = 0;
  uint64_t lines_expected_ = 0;
  uint64_t entries_ = 0;
};

Status Digester::Going() {
  return ++entries_ % kStopEntries == 0 && stop_ && stop_()
             ? Status::Interrupted("the state digest was interrupted")
             : Status::Ok();
}

void Digester::Begin(char kind, TenantId tenant) {
  record_.assign(1, kind);
  PutText(&record_, view_->TenantName(tenant));
}

Status Digester::PutItem(StockKey key) {
  const std::vector<UInt128>& items = items_[key.tenant];
  if (key.item == 0 || key.item > items.size()) {
    return Status::Corruption("item " + std::to_string(key.item) + " of tenant '" +
                              view_->TenantName(key.tenant) + "' is not in the catalogue");
  }
  PutFixed128(&record_, items[key.item - 1]);
  return Status::Ok();
}

Status Digester::Items() {
  auto cursor = view_->Items({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    TS_RETURN_IF_ERROR(Going());
    const auto& [key, item] = cursor->value();
    std::vector<UInt128>& items = items_[key.tenant];
    if (key.item != items.size() + 1) {
      return Status::Corruption("items of tenant '" + view_->TenantName(key.tenant) +
                                "' have a gap before number " + std::to_string(key.item));
    }
    record_.assign(1, item.code.empty() ? 'D' : 'C');
    PutText(&record_, item.code.empty() ? item.description : item.code);
    items.push_back(Hash128(record_));
    ++status_->items;
  }
  return cursor->status();
}

Status Digester::Balances() {
  auto cursor = view_->Balances({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    TS_RETURN_IF_ERROR(Going());
    const auto& [key, sum] = cursor->value();
    Begin('b', key.tenant);
    TS_RETURN_IF_ERROR(PutItem(key));
    PutFixed128(&record_, static_cast<UInt128>(sum.on_hand));
    PutFixed128(&record_, static_cast<UInt128>(sum.value));
    PutFixed64(&record_, sum.lines);
    End();
    ++status_->balances;
    lines_expected_ += sum.lines;
  }
  return cursor->status();
}

Status Digester::Batches() {
  auto cursor = view_->Batches({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    TS_RETURN_IF_ERROR(Going());
    const auto& [ref, sum] = cursor->value();
    Begin('i', ref.tenant);
    PutText(&record_, ref.batch);
    PutFixed64(&record_, sum.lines);
    PutFixed64(&record_, sum.booked());
    PutFixed64(&record_, sum.not_booked());
    record_.push_back(sum.finished ? '1' : '0');
    End();
    ++status_->batches;
    status_->batches_unfinished += sum.finished ? 0 : 1;
  }
  return cursor->status();
}

Status Digester::DeadLetters() {
  auto cursor = view_->DeadLetters({});
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    TS_RETURN_IF_ERROR(Going());
    const auto& [ref, letter] = cursor->value();
    Begin('d', ref.tenant);
    PutText(&record_, ref.batch);
    PutFixed64(&record_, ref.line);
    record_.push_back(static_cast<char>(letter.cause));
    End();
    ++status_->dead_letters;
    ++status_->dead_letters_by_cause[static_cast<int>(letter.cause)];
  }
  return cursor->status();
}

Status Digester::Transactions() {
  Chunk chunk;
  auto cursor = view_->Blocks(0);
  uint64_t reported = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    TS_RETURN_IF_ERROR(Going());
    TS_RETURN_IF_ERROR(ForEachBooked(cursor->value(), &chunk, [&](const ChunkLine& line, uint32_t) {
      Begin('t', chunk.header.tenant);
      PutText(&record_, chunk.header.batch);
      PutFixed64(&record_, line.number);
      TS_RETURN_IF_ERROR(PutItem({chunk.header.tenant, line.item}));
      PutFixed64(&record_, static_cast<uint64_t>(line.quantity));
      PutFixed64(&record_, static_cast<uint64_t>(line.unit_cost));
      End();
      ++status_->transactions;
      return Status::Ok();
    }));
    if (progress_ && status_->transactions - reported >= kProgressLines) {
      reported = status_->transactions;
      progress_(reported, lines_expected_);
    }
  }
  return cursor->status();
}

Status Digester::Run() {
  status_->tenants = view_->tenant_names().size();
  TS_RETURN_IF_ERROR(Items());
  TS_RETURN_IF_ERROR(Balances());
  TS_RETURN_IF_ERROR(Batches());
  TS_RETURN_IF_ERROR(DeadLetters());
  TS_RETURN_IF_ERROR(Transactions());
  status_->state_digest = HexText(sum_);
  return Status::Ok();
}

}  // namespace

Status DigestState(LiveView* view, const ProgressFunction& progress, const StopFunction& stop,
                   DatabaseStatus* status) {
  return Digester(view, progress, stop, status).Run();
}

}  // namespace tallystone
