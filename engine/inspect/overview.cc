#include "inspect/overview.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "model/chunk.h"
#include "window/sort_window.h"

namespace tallystone {
namespace {

// Blocks whose lines are counted for `lines_since`.
constexpr uint64_t kBlocksReadMax = 20'000;
// A tenant takes about fifty looks.
constexpr uint64_t kRecordsPerTenant = 100;

Status LinesOf(std::string_view payload, Lsn lsn, ChunkHeader* header, uint64_t* lines) {
  TS_RETURN_IF_ERROR(DecodeChunkHeader(payload, header));
  *lines += BatchSumOf(*header, lsn).lines;
  return Status::Ok();
}

uint64_t Scaled(uint64_t count, double share) {
  return static_cast<uint64_t>(std::llround(static_cast<double>(count) / share));
}

class OverviewMaker {
 public:
  OverviewMaker(LiveView* view, const std::vector<std::unique_ptr<Store>>& stores,
                const OverviewOptions& options, DatabaseOverview* overview)
      : view_(view),
        stores_(stores),
        records_max_(std::max<uint64_t>(options.records_max, 1)),
        since_(options.since_lsn),
        overview_(overview) {}

  Status Run();

 private:
  Status ReadTail();
  Status CountLinesSince();
  Status CountItems();
  Status LastItem(TenantId tenant, uint64_t* last);
  Status CountBatches();
  Status CountDeadLetters();
  Status ReadSizes();
  template <typename Ref>
  Status ShareBefore(const Ref& ref, double* share);
  // Shows the first records_max_ records to `visit`. *all: there are no more. *share: the part of
  // all that they are, as far as can be told.
  template <typename Ref, typename Value, typename Visit>
  Status Look(std::unique_ptr<Cursor<std::pair<Ref, Value>>> cursor, Visit visit, bool* all,
              double* share);

  LiveView* const view_;
  const std::vector<std::unique_ptr<Store>>& stores_;
  const uint64_t records_max_;
  const Lsn since_;
  DatabaseOverview* const overview_;
};

Status OverviewMaker::Run() {
  const Marker& marker = view_->store_marker();
  overview_->database_id = HexText(marker.database_id);
  overview_->as_of_lsn = view_->as_of();
  overview_->applied_lsn = marker.applied;
  const std::optional<ReplayProgress>& replay = view_->replay();
  overview_->replay_unfinished = replay.has_value();
  overview_->replay_keys_done = replay.has_value() ? replay->keys_done : 0;
  overview_->tenants = view_->tenant_names().size();
  TS_RETURN_IF_ERROR(ReadTail());
  TS_RETURN_IF_ERROR(CountLinesSince());
  TS_RETURN_IF_ERROR(CountItems());
  TS_RETURN_IF_ERROR(CountBatches());
  TS_RETURN_IF_ERROR(CountDeadLetters());
  return ReadSizes();
}

Status OverviewMaker::ReadSizes() {
  StoreSizes sizes;
  TS_RETURN_IF_ERROR(SumSizes(stores_, &sizes));
  overview_->store_size_known = sizes.known;
  overview_->store_bytes = sizes.bytes;
  overview_->families = std::move(sizes.families);
  return Status::Ok();
}

Status OverviewMaker::ReadTail() {
  ChunkHeader header;
  for (const LoggedChunk& chunk : view_->overlay().blocks) {
    TS_RETURN_IF_ERROR(LinesOf(*chunk.payload, chunk.lsn, &header, &overview_->tail_lines));
    overview_->tail_bytes += chunk.payload->size();
    if (overview_->tail_chunks++ == 0) {
      overview_->tail_oldest_at_us = header.accepted_at_us;
    }
  }
  return Status::Ok();
}

Status OverviewMaker::CountLinesSince() {
  if (since_ >= overview_->as_of_lsn) {
    return Status::Ok();
  }
  ChunkHeader header;
  uint64_t blocks = 0;
  auto cursor = view_->Blocks(since_ + 1);
  for (cursor->SeekToFirst(); cursor->Valid() && blocks < kBlocksReadMax; cursor->Next()) {
    const StoredBlock& block = cursor->value();
    TS_RETURN_IF_ERROR(LinesOf(block.payload, block.lsn, &header, &overview_->lines_since));
    ++blocks;
  }
  if (blocks == kBlocksReadMax) {
    const auto all = static_cast<double>(overview_->as_of_lsn - since_);
    overview_->lines_since = Scaled(overview_->lines_since, kBlocksReadMax / all);
  }
  return cursor->status();
}

// Items are numbered without gaps: the number of the last one is how many there are.
Status OverviewMaker::LastItem(TenantId tenant, uint64_t* last) {
  *last = 0;
  // Whether there is an item `number` or a later one; *last is raised to it.
  const auto look = [&](uint64_t number, bool* there) {
    *there = false;
    if (number > UINT32_MAX) {
      return Status::Ok();
    }
    auto cursor = view_->Items({tenant, static_cast<ItemId>(number)});
    cursor->SeekToFirst();
    if (cursor->Valid() && cursor->value().first.tenant == tenant) {
      *there = true;
      *last = std::max<uint64_t>(*last, cursor->value().first.item);
    }
    return cursor->status();
  };
  uint64_t absent = 0;  // there is none from here on
  bool there = true;
  for (uint64_t step = 1; there; step *= 2) {
    absent = *last + step;
    TS_RETURN_IF_ERROR(look(absent, &there));
  }
  while (*last + 1 < absent) {
    const uint64_t middle = *last + (absent - *last) / 2;
    TS_RETURN_IF_ERROR(look(middle, &there));
    absent = there ? absent : middle;
  }
  return Status::Ok();
}

Status OverviewMaker::CountItems() {
  const uint64_t tenants_max = records_max_ / kRecordsPerTenant + 1;
  uint64_t looked_at = 0;
  uint64_t items = 0;
  for (const auto& [tenant, name] : view_->tenant_names()) {
    if (looked_at == tenants_max) {
      break;
    }
    uint64_t last = 0;
    TS_RETURN_IF_ERROR(LastItem(tenant, &last));
    items += last;
    ++looked_at;
  }
  const bool exact = looked_at == overview_->tenants;
  const double share =
      exact ? 1 : static_cast<double>(looked_at) / static_cast<double>(overview_->tenants);
  overview_->items = {Scaled(items, share), exact};
  return Status::Ok();
}

// 1 where the stores do not tell.
template <typename Ref>
Status OverviewMaker::ShareBefore(const Ref& ref, double* share) {
  StoreShare sum;
  for (const auto& store : stores_) {
    StoreShare part;
    TS_RETURN_IF_ERROR(store->ShareBefore(ref, &part));
    sum.before += part.before;
    sum.all += part.all;
    sum.entries_max += part.entries_max;
  }
  *share = sum.before > 0 ? sum.before / sum.all : 1;
  // records_max_ of them were seen.
  if (sum.entries_max >= records_max_) {
    *share =
        std::max(*share, static_cast<double>(records_max_) / static_cast<double>(sum.entries_max));
  }
  return Status::Ok();
}

template <typename Ref, typename Value, typename Visit>
Status OverviewMaker::Look(std::unique_ptr<Cursor<std::pair<Ref, Value>>> cursor, Visit visit,
                           bool* all, double* share) {
  *all = true;
  *share = 1;
  uint64_t count = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    if (count++ == records_max_) {
      *all = false;
      return ShareBefore(cursor->value().first, share);
    }
    visit(cursor->value().first, cursor->value().second);
  }
  return cursor->status();
}

Status OverviewMaker::CountBatches() {
  uint64_t batches = 0;
  uint64_t unfinished = 0;
  uint64_t booked = 0;
  bool exact = true;
  double share = 1;
  TS_RETURN_IF_ERROR(Look(
      view_->Batches({}),
      [&](const BatchRef&, const BatchSum& sum) {
        ++batches;
        unfinished += sum.finished ? 0 : 1;
        booked += sum.booked();
      },
      &exact, &share));
  overview_->batches = {Scaled(batches, share), exact};
  overview_->batches_unfinished = {Scaled(unfinished, share), exact};
  overview_->transactions = {Scaled(booked, share), exact};
  return Status::Ok();
}

Status OverviewMaker::CountDeadLetters() {
  uint64_t letters = 0;
  bool exact = true;
  double share = 1;
  LineRef oldest;
  TS_RETURN_IF_ERROR(Look(
      view_->DeadLetters({}),
      [&](const LineRef& ref, const StoredDeadLetter& letter) {
        ++letters;
        ++overview_->dead_letters_by_cause[static_cast<size_t>(letter.cause)];
        if (letters == 1 || letter.failed_at_us < overview_->oldest_dead_letter_at_us) {
          oldest = ref;
          overview_->oldest_dead_letter_at_us = letter.failed_at_us;
          overview_->oldest_dead_letter_cause = letter.cause;
        }
      },
      &exact, &share));
  overview_->dead_letters = {Scaled(letters, share), exact};
  for (uint64_t& count : overview_->dead_letters_by_cause) {
    count = Scaled(count, share);
  }
  if (letters > 0) {
    overview_->oldest_dead_letter = {view_->TenantName(oldest.tenant), oldest.batch, oldest.line};
  }
  return Status::Ok();
}

}  // namespace

Status MakeOverview(LiveView* view, const std::vector<std::unique_ptr<Store>>& stores,
                    const OverviewOptions& options, DatabaseOverview* overview) {
  return OverviewMaker(view, stores, options, overview).Run();
}

Status SumSizes(const std::vector<std::unique_ptr<Store>>& stores, StoreSizes* sizes) {
  *sizes = {};
  sizes->known = !stores.empty();
  for (const auto& store : stores) {
    StoreSizes part;
    TS_RETURN_IF_ERROR(store->Sizes(&part));
    sizes->known = sizes->known && part.known;
    sizes->bytes += part.bytes;
    for (FamilySize& family : part.families) {
      const auto known =
          std::find_if(sizes->families.begin(), sizes->families.end(),
                       [&](const FamilySize& one) { return one.name == family.name; });
      if (known == sizes->families.end()) {
        sizes->families.push_back(std::move(family));
      } else {
        known->bytes += family.bytes;
      }
    }
  }
  if (!sizes->known) {
    *sizes = {};
  }
  return Status::Ok();
}

}  // namespace tallystone
