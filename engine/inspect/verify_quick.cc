#include <algorithm>

#include "base/check.h"
#include "inspect/verify.h"
#include "model/chunk.h"

namespace tallystone {
namespace {

constexpr size_t kFindingsMax = 100;
constexpr uint64_t kProgressItems = 10'000;

class QuickVerifier {
 public:
  QuickVerifier(LiveView* view, const ProgressFunction& progress, VerifyReport* report)
      : view_(view), progress_(progress), report_(report) {}

  Status Run() {
    TS_RETURN_IF_ERROR(CompareItems());
    TS_RETURN_IF_ERROR(CountBalances());
    return CompareTotals();
  }

 private:
  void Find(std::string what, TenantId tenant, std::string batch) {
    report_->sound = false;
    ++report_->findings_count;
    if (report_->findings.size() < kFindingsMax) {
      report_->findings.push_back({std::move(what), view_->TenantName(tenant), std::move(batch)});
    }
  }

  // Every item of the catalogue, with a balance or without.
  Status CompareItems() {
    auto cursor = view_->Items({});
    uint64_t items = 0;
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      const auto& [key, item] = cursor->value();
      TS_RETURN_IF_ERROR(CompareItem(key, item));
      if (progress_ && ++items % kProgressItems == 0) {
        progress_(report_->lines_checked, 0);
      }
    }
    return cursor->status();
  }

  Status CompareItem(StockKey key, const StoredItem& item) {
    BalanceSum stored;
    const Status read = view_->GetBalance(key, &stored);
    if (!read.ok() && !read.IsNotFound()) {
      return read;
    }
    TS_RETURN_IF_ERROR(view_->GetPostings(key, &postings_));
    uint32_t places = 0;
    for (const Posting& posting : postings_) {
      places += PlaceHash(key, posting.lsn, posting.index);
    }
    const Lsn last = postings_.empty() ? 0 : postings_.back().lsn;
    lines_ += stored.lines;
    balances_ += read.ok() ? 1 : 0;
    report_->lines_checked += postings_.size();
    if (stored.lines == postings_.size() && stored.places == places && stored.last_lsn == last) {
      return Status::Ok();
    }
    std::string batch;
    TS_RETURN_IF_ERROR(NameFirstBatch(key, &batch));
    Find("item " + std::to_string(key.item) + " ('" +
             (item.code.empty() ? item.description : item.code) + "') of tenant '" +
             view_->TenantName(key.tenant) + "': its balance contains " +
             std::to_string(stored.lines) + " lines up to LSN " + std::to_string(stored.last_lsn) +
             ", its postings are " + std::to_string(postings_.size()) + " up to LSN " +
             std::to_string(last) +
             (stored.lines == postings_.size() ? ", and they are not the same lines" : ""),
         key.tenant, batch);
    return Status::Ok();
  }

  // The batch of the first posting behind those that the balance agrees with; where there is no
  // such run of postings, of the first.
  Status NameFirstBatch(StockKey key, std::string* batch) {
    if (report_->findings.size() >= kFindingsMax || postings_.empty()) {
      return Status::Ok();
    }
    BalanceSum stored;  // what the log adds to it is right
    const Status got = view_->GetStoreBalance(key, &stored);
    if (!got.ok() && !got.IsNotFound()) {
      return got;
    }
    uint32_t places = 0;
    size_t first = 0;
    for (size_t index = 0; index < postings_.size(); ++index) {
      places += PlaceHash(key, postings_[index].lsn, postings_[index].index);
      if (index + 1 == stored.lines && places == stored.places) {
        first = std::min(index + 1, postings_.size() - 1);
      }
    }
    StoredBlock block;
    const Status read = view_->GetBlock(postings_[first].lsn, &block);
    ChunkHeader header;
    if (read.ok() && DecodeChunkHeader(block.payload, &header).ok()) {
      *batch = header.batch;
    } else if (!read.ok() && !read.IsNotFound()) {
      return read;
    }
    return Status::Ok();
  }

  Status CountBalances() {
    auto cursor = view_->Balances({});
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      ++report_->balances_checked;
    }
    if (report_->balances_checked != balances_) {
      Find(std::to_string(report_->balances_checked - balances_) +
               " balances belong to no item of the catalogue",
           0, {});
    }
    return cursor->status();
  }

  Status CompareTotals() {
    uint64_t booked = 0;
    auto cursor = view_->Batches({});
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      booked += cursor->value().second.booked();
      ++report_->batches_checked;
    }
    if (booked != lines_) {
      Find("the balances contain " + std::to_string(lines_) + " lines, the batches booked " +
               std::to_string(booked),
           0, {});
    }
    return cursor->status();
  }

  LiveView* const view_;
  const ProgressFunction& progress_;
  VerifyReport* const report_;
  std::vector<Posting> postings_;
  uint64_t lines_ = 0;
  uint64_t balances_ = 0;
};

}  // namespace

Status VerifyQuickly(LiveView* view, const ProgressFunction& progress, VerifyReport* report) {
  *report = {};
  return QuickVerifier(view, progress, report).Run();
}

}  // namespace tallystone
