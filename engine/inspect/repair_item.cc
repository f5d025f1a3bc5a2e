#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ingest/recovery.h"
#include "inspect/booked_lines.h"
#include "inspect/queries.h"
#include "inspect/repair.h"
#include "store/live_view.h"
#include "store/rocks/rocks_store.h"

namespace tallystone {
namespace {

struct ItemHistory {
  BalanceSum sum;
  std::vector<Posting> postings;
};

// Everything that the blocks say of one item.
Status ReadHistory(LiveView* view, StockKey key, RepairReport* report, ItemHistory* history) {
  Chunk chunk;
  auto cursor = view->Blocks(0);
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
    const Lsn lsn = cursor->value().lsn;
    ++report->blocks;
    TS_RETURN_IF_ERROR(
        ForEachBooked(cursor->value(), &chunk, [&](const ChunkLine& line, uint32_t index) {
          if (chunk.header.tenant != key.tenant || line.item != key.item) {
            return Status::Ok();
          }
          ++report->lines;
          BalanceSum one{line.quantity,
                         Int128{line.quantity} * line.unit_cost,
                         1,
                         lsn,
                         PlaceHash(key, lsn, index),
                         std::string(line.time)};
          history->sum.Add(one);
          history->postings.push_back({lsn, index});
          return Status::Ok();
        }));
  }
  return cursor->status();
}

std::string TextOf(const BalanceSum& sum) {
  return FormatScaled(sum.on_hand, 6) + " worth " + FormatScaled(sum.value, 12) + " in " +
         std::to_string(sum.lines) + " lines";
}

}  // namespace

Status RepairItem(const Options& options, const RepairPlace& place, const ItemKey& item,
                  bool dry_run, RepairReport* report) {
  *report = {};
  TS_RETURN_IF_ERROR(FindDatabase(place.files, place.path));
  std::unique_ptr<FileLock> lock;
  TS_RETURN_IF_ERROR(place.files->Lock(LockPath(place.path), &lock));
  RocksStoreOptions store_options;
  store_options.path = StorePath(place.path);
  store_options.block_cache_bytes = options.block_cache_bytes;
  store_options.logger = options.logger;
  store_options.file_system = place.files;
  store_options.env = place.env;
  std::unique_ptr<Store> store;
  TS_RETURN_IF_ERROR(RocksStore::Open(store_options, &store));
  std::unique_ptr<StoreView> store_view;
  TS_RETURN_IF_ERROR(store->NewView(&store_view));
  std::unique_ptr<LiveView> view;
  TS_RETURN_IF_ERROR(LiveView::Make(std::move(store_view), {}, &view));
  if (view->store_marker().replay.has_value()) {
    return Status::Unavailable("a key replay is unfinished: run `tallystone resume` first");
  }
  ItemInfo info;
  TS_RETURN_IF_ERROR(ReadItem(view.get(), item, &info));
  const StockKey key{view->FindTenant(info.tenant), info.item};

  ItemHistory history;
  TS_RETURN_IF_ERROR(ReadHistory(view.get(), key, report, &history));
  BalanceSum stored;
  const Status read = view->GetBalance(key, &stored);
  if (!read.ok() && !read.IsNotFound() && !read.Is(StatusCode::kCorruption)) {
    return read;
  }
  std::vector<Posting> postings;
  const Status posted = view->GetPostings(key, &postings);
  if (read.ok() && posted.ok() && stored == history.sum && postings == history.postings) {
    return Status::Ok();
  }
  report->before.sound = false;
  ++report->before.findings_count;
  report->before.findings.push_back(
      {"item " + std::to_string(info.item) + " ('" + info.code + "'): the balance is " +
           (read.ok() ? TextOf(stored) : read.ToString()) + ", with " +
           std::to_string(postings.size()) + " postings; its transactions sum to " +
           TextOf(history.sum),
       info.tenant,
       {}});
  view.reset();
  TS_RETURN_IF_ERROR(static_cast<RocksStore*>(store.get())
                         ->ReplaceKey(key, history.sum, history.postings, dry_run));
  return store->Close();
}

Status RepairItem(const Options& options, const std::string& path, const ItemKey& item,
                  bool dry_run, RepairReport* report) {
  return RepairItem(options, RepairPlace{.path = path}, item, dry_run, report);
}

}  // namespace tallystone
