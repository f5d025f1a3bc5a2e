#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ingest/database_directory.h"
#include "inspect/booked_lines.h"
#include "inspect/opened_database.h"
#include "inspect/queries.h"
#include "inspect/repair.h"
#include "store/live_view.h"
#include "store/rocks/rocks_store.h"

namespace tallystone {
namespace {

struct ItemHistory {
  BalanceSum sum;
  std::vector<BookedLine> lines;
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
          history->lines.push_back(
              {{lsn, index}, line.number, line.quantity, line.unit_cost, std::string(line.time)});
          return Status::Ok();
        }));
  }
  return cursor->status();
}

// Where the store has copies of the lines' numbers. Rows that are missing are seen by their places.
Status CompareNumbers(LiveView* view, StockKey key, const ItemHistory& history, bool* agree) {
  auto cursor = view->store()->LineSums(key);
  if (cursor == nullptr) {
    return Status::Ok();
  }
  cursor->SeekToFirst();
  if (cursor->Valid() && cursor->value().first == key) {
    const LineSum& sum = cursor->value().second;
    *agree = sum.lines != history.sum.lines ||
             (sum.quantity == history.sum.on_hand && sum.value == history.sum.value);
  }
  return cursor->status();
}

// To write, unless it is a dry run on servers: who opens those to write takes over.
Status OpenStores(const Options& options, const RepairPlace& place, bool dry_run,
                  std::vector<std::unique_ptr<Store>>* stores) {
  std::vector<ServerEntry> servers;
  TS_RETURN_IF_ERROR(ReadServerList(place.files, place.path, &servers));
  if (servers.empty()) {
    RocksStoreOptions embedded;
    embedded.path = StorePath(place.path);
    embedded.block_cache_bytes = options.block_cache_bytes;
    embedded.logger = options.logger;
    embedded.file_system = place.files;
    embedded.env = place.env;
    return RocksStore::Open(embedded, &stores->emplace_back());
  }
  return OpenListedServers(options, place.path, place.files, dry_run, stores);
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
  std::vector<std::unique_ptr<Store>> stores;
  TS_RETURN_IF_ERROR(OpenStores(options, place, dry_run, &stores));
  std::vector<std::unique_ptr<StoreView>> views;
  for (const auto& store : stores) {
    TS_RETURN_IF_ERROR(store->NewView(&views.emplace_back()));
  }
  std::unique_ptr<LiveView> view;
  TS_RETURN_IF_ERROR(LiveView::Make(std::move(views), {}, &view));
  if (view->replay().has_value()) {
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
  bool numbers_agree = true;
  TS_RETURN_IF_ERROR(CompareNumbers(view.get(), key, history, &numbers_agree));
  if (read.ok() && posted.ok() && numbers_agree && stored == history.sum &&
      std::equal(
          postings.begin(), postings.end(), history.lines.begin(), history.lines.end(),
          [](const Posting& posting, const BookedLine& line) { return posting == line.posting; })) {
    return Status::Ok();
  }
  report->before.sound = false;
  ++report->before.findings_count;
  report->before.findings.push_back(
      {"item " + std::to_string(info.item) + " ('" + info.code + "'): the balance is " +
           (read.ok() ? TextOf(stored) : read.ToString()) + ", with " +
           std::to_string(postings.size()) + " postings" +
           (numbers_agree ? "" : ", which have other numbers in the server") +
           "; its transactions sum to " + TextOf(history.sum),
       info.tenant,
       {}});
  const size_t part = view->PartOf(key.tenant);
  view.reset();
  TS_RETURN_IF_ERROR(stores[part]->ReplaceKey(key, history.sum, history.lines, dry_run));
  for (const auto& store : stores) {
    TS_RETURN_IF_ERROR(store->Close());
  }
  return Status::Ok();
}

Status RepairItem(const Options& options, const std::string& path, const ItemKey& item,
                  bool dry_run, RepairReport* report) {
  return RepairItem(options, RepairPlace{.path = path}, item, dry_run, report);
}

}  // namespace tallystone
