#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ingest/database_directory.h"
#include "inspect/new_database.h"
#include "inspect/open_inspector.h"
#include "inspect/opened_database.h"
#include "inspect/rebooking.h"
#include "inspect/repair.h"
#include "inspect/verify.h"
#include "model/chunk.h"
#include "store/live_view.h"
#include "store/rocks/rocks_store.h"
#include "store/routed_view.h"

namespace tallystone {
namespace {

RocksStoreOptions StoreOptions(const Options& options, const RepairPlace& place) {
  RocksStoreOptions store;
  store.path = StorePath(place.path);
  store.block_cache_bytes = options.block_cache_bytes;
  store.ingest_lines_min = options.ingest_lines_min;
  store.logger = options.logger;
  store.file_system = place.files;
  store.env = place.env;
  return store;
}

// Where the new store is made. Whatever stands there when a repair begins, an interrupted one left.
std::string NewStorePath(const std::string& path) {
  return StorePath(path) + ".new";
}

// "stock.db/store.damaged-3": the first number that is free. An interrupted repair may have left an
// empty directory.
std::string FreeName(FileSystem* files, const std::string& path, const char* why) {
  for (int number = 1;; ++number) {
    std::string name = path + "." + why + "-" + std::to_string(number);
    std::vector<std::string> inside;
    if (!files->Exists(name) || (files->List(name, &inside).ok() && inside.empty())) {
      return name;
    }
  }
}

class StoreRepair {
 public:
  StoreRepair(const Options& options, RepairPlace place, const ProgressFunction& progress,
              RepairReport* report)
      : options_(options), place_(std::move(place)), progress_(progress), report_(report) {}

  Status Run(bool dry_run) {
    TS_RETURN_IF_ERROR(Lock());
    std::vector<ServerEntry> servers;
    TS_RETURN_IF_ERROR(ReadServerList(place_.files, place_.path, &servers));
    if (!servers.empty()) {
      return RunOnServers(dry_run);
    }
    if (!options_.servers.empty()) {
      return Status::InvalidArgument(place_.path + " has its store inside: it is made anew there");
    }
    Examine();
    JudgeLog();
    ExamineReplay();
    if (!dry_run && report_->before.sound && report_->not_examined.empty()) {
      return Status::Ok();  // a new store would be the same, and not help the log
    }
    TS_RETURN_IF_ERROR(OpenSource());
    return dry_run ? BookAgain(nullptr) : Replace("damaged");
  }

  // kFormatMismatch: nothing to upgrade, or a newer format.
  Status Upgrade() {
    if (!place_.files->Exists(StorePath(place_.path))) {
      return Status::FormatMismatch("there is no embedded store");
    }
    TS_RETURN_IF_ERROR(Lock());
    const Status opened = Open(StoreExtent::kWhole, &old_);
    if (!opened.Is(StatusCode::kFormatMismatch)) {
      return opened.ok() ? Status::FormatMismatch("the store has the newest format") : opened;
    }
    TS_RETURN_IF_ERROR(Open(StoreExtent::kBlocksAndBatches, &old_));
    Status status = old_->NewView(&causes_);
    status = status.ok() ? OpenSource() : status;
    if (status.ok()) {
      Log(StorePath(place_.path) + " has an older format: it is made anew from its " +
          std::to_string(marker_.applied) + " blocks in " + NewStorePath(place_.path));
      status = Replace("older");
    }
    return status.ok() ? status
                       : Status(status.code(),
                                std::string("making the store anew, which has an older format") +
                                    (report_->kept.empty() ? " (it is as it was): " : ": ") +
                                    status.message());
  }

 private:
  void Log(const std::string& message) const {
    if (options_.logger != nullptr) {
      options_.logger->Log(LogLevel::kWarning, message);
    }
  }

  Status Lock() {
    TS_RETURN_IF_ERROR(FindDatabase(place_.files, place_.path));
    return place_.files->Lock(LockPath(place_.path), &lock_);
  }

  Status Open(StoreExtent extent, std::unique_ptr<Store>* store) {
    RocksStoreOptions options = StoreOptions(options_, place_);
    options.read_only = true;
    options.extent = extent;
    return RocksStore::Open(options, store);
  }

  // The blocks are read from the store that was examined, if it could be opened. A store without a
  // marker was never written to.
  Status OpenSource() {
    const Status opened = old_ == nullptr ? Open(StoreExtent::kBlocks, &old_) : Status::Ok();
    const Status read = opened.ok() ? old_->ReadMarker(&marker_) : opened;
    if (read.Is(StatusCode::kCorruption)) {
      return Status::Corruption(
          "the store cannot be made from its blocks, because they, or the marker that says how far "
          "they go, cannot be read: restore a backup beside it (`tallystone restore`) and send the "
          "batches that it does not have again. " +
          read.message());
    }
    return opened.ok() && read.IsNotFound() ? Status::Ok() : read;
  }

  // What is wrong, if the store can be opened as a whole. Its dead letters know why a store
  // rejected lines.
  void Examine() {
    std::unique_ptr<StoreView> store_view;
    Status status = Open(StoreExtent::kWhole, &old_);
    const bool older =
        status.Is(StatusCode::kFormatMismatch) && Open(StoreExtent::kBlocksAndBatches, &old_).ok();
    if (status.ok() || older) {
      const Status viewed = old_->NewView(&causes_);
      status = status.ok() ? viewed : status;
    }
    if (status.ok()) {
      status = old_->NewView(&store_view);
    }
    std::unique_ptr<LiveView> view;
    if (status.ok()) {
      status = LiveView::Make(std::move(store_view), {}, &view);
    }
    if (status.ok()) {
      status = VerifyView(view.get(), progress_, &report_->before);
    }
    report_->not_examined = status.ok() ? "" : status.ToString();
  }

  // What cannot be judged (a newer format) is told by whoever opens it.
  void JudgeLog() {
    std::unique_ptr<LogInspector> log;
    LogReport report;
    if (OpenLogInspector(options_, place_.path, place_.files, place_.env, &log).ok() &&
        log->Verify(nullptr, &report).ok()) {
      report_->log = std::move(report);
    }
  }

  // A key replay goes on with the records of the log: where a salvage could not keep them, the
  // engine refuses the store. One that is made of its blocks knows nothing of the replay.
  void ExamineReplay() {
    Marker marker;
    if (!report_->log.sound || !report_->not_examined.empty() || old_ == nullptr ||
        !old_->ReadMarker(&marker).ok() || !marker.replay.has_value()) {
      return;
    }
    const Lsn last = std::max<Lsn>(report_->log.usable_last_lsn, marker.applied);
    if (last < marker.replay->last) {
      report_->not_examined = "a key replay up to LSN " + std::to_string(marker.replay->last) +
                              " was interrupted, but the log ends at LSN " + std::to_string(last);
    }
  }

  // Block `lost` cannot be read, for the reason `why`; `before` is the one before it.
  Status ExplainLostBlocks(StoreView* view, const StoredBlock& before, Lsn lost,
                           const Status& why) const {
    // A damaged piece of a file has neighbours in it. The first behind it is looked for in growing
    // steps, then between the last two.
    StoredBlock behind;
    const auto readable = [&](Lsn lsn) {
      auto cursor = view->Blocks(lsn);
      cursor->SeekToFirst();
      if (!cursor->Valid()) {
        return false;
      }
      behind = cursor->value();
      return true;
    };
    Lsn bad = lost;
    Lsn good = 0;
    for (Lsn step = 1; good == 0 && bad < marker_.applied; step *= 2) {
      const Lsn tried = std::min(lost + step, marker_.applied);
      (readable(tried) ? good : bad) = tried;
    }
    while (good > bad + 1) {
      const Lsn middle = bad + (good - bad) / 2;
      (readable(middle) ? good : bad) = middle;
    }
    const Lsn last = good == 0 ? marker_.applied : good - 1;
    std::string what = StorePath(place_.path) + ": of " + std::to_string(marker_.applied) +
                       " blocks, LSN " + std::to_string(lost) +
                       (last > lost ? " to " + std::to_string(last) : "") + " cannot be read";
    what += PlaceOf("; before: ", before);
    what += good != 0 && readable(good) ? PlaceOf("; behind: ", behind) : "";
    return {why.code(),
            what +
                ": the store cannot be made from its blocks; restore a backup beside it "
                "(`tallystone restore`) and send the batches that it does not have again. " +
                why.message()};
  }

  static std::string PlaceOf(const char* where, const StoredBlock& block) {
    ChunkHeader header;
    if (block.lsn == 0 || !DecodeChunkHeader(block.payload, &header).ok()) {
      return "";
    }
    return where + ("line " + std::to_string(header.first_line)) + " of batch '" +
           std::string(header.batch) + "'";
  }

  Status BookAgain(Store* store) {
    std::unique_ptr<StoreView> view;
    TS_RETURN_IF_ERROR(old_->NewView(&view));
    return BookAgain(store, view.get(), causes_.get());
  }

  // `letters`: know why lines were rejected; may be null.
  Status BookAgain(Store* store, StoreView* view, StoreView* letters) {
    Rebooking rebooking(store, marker_);
    std::vector<std::string> causes;
    Lsn next = 1;
    StoredBlock before;
    auto cursor = view->Blocks(0);
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next(), ++next) {
      // Behind the marker there may be blocks of a server that is further than others.
      if (cursor->value().lsn != next || next > marker_.applied) {
        break;
      }
      TS_RETURN_IF_ERROR(FindReadableCauses(letters, cursor->value(), &causes));
      TS_RETURN_IF_ERROR(rebooking.Add(cursor->value(), causes));
      before = cursor->value();
      report_->blocks = rebooking.blocks();
      report_->lines = rebooking.lines();
      if (progress_ && next % 256 == 0) {
        progress_(report_->lines, 0);
      }
    }
    if (cursor->status().Is(StatusCode::kCorruption)) {
      return ExplainLostBlocks(view, before, next, cursor->status());
    }
    TS_RETURN_IF_ERROR(cursor->status());
    if (next > 1 && marker_.database_id.empty()) {
      return Status::Corruption("the marker of " + StorePath(place_.path) + " is missing, beside " +
                                std::to_string(next - 1) +
                                " blocks: the store cannot be made from them; restore a backup");
    }
    if (next != marker_.applied + 1) {
      return Status::Corruption("block " + std::to_string(next) + " of " + StorePath(place_.path) +
                                " is missing, of " + std::to_string(marker_.applied) +
                                ": the store cannot be made from its blocks; restore a backup");
    }
    return rebooking.Finish();
  }

  // --- where the store is on servers ---

  // The new one is made in an empty database that the caller names; the old ones stay as they are.
  Status RunOnServers(bool dry_run) {
    if (!dry_run && options_.servers.size() != 1) {
      return Status::InvalidArgument(
          "the store of " + place_.path +
          " is on servers: name one empty database, in which it is made anew, with --store (the "
          "old ones stay as they are), or mend one item in place, with --tenant and --code");
    }
    Options source = options_;
    source.servers.clear();
    OpenedDatabase opened;
    Status examined = OpenToRead(source, place_.path, place_.files, place_.env, &opened);
    if (examined.ok()) {
      examined = VerifyView(opened.view.get(), progress_, &report_->before);
    }
    report_->not_examined = examined.ok() ? "" : examined.ToString();
    opened.view.reset();
    std::vector<std::unique_ptr<Store>> stores;
    TS_RETURN_IF_ERROR(OpenListedServers(source, place_.path, place_.files, true, &stores));
    TS_RETURN_IF_ERROR(ReadLowestMarker(stores, &marker_));
    std::vector<std::unique_ptr<StoreView>> views;
    for (const auto& store : stores) {
      TS_RETURN_IF_ERROR(store->NewView(&views.emplace_back()));
    }
    std::unique_ptr<RoutedView> view;
    TS_RETURN_IF_ERROR(RoutedView::Make(std::move(views), &view));
    return dry_run ? BookAgain(nullptr, view.get(), view.get()) : MakeOnServer(view.get());
  }

  Status MakeOnServer(RoutedView* view) {
    std::unique_ptr<Store> store;
    ServerEntry made;
    TS_RETURN_IF_ERROR(OpenEmptyServer(options_, &store, &made));
    Marker empty = marker_;
    empty.applied = 0;
    empty.replay.reset();
    TS_RETURN_IF_ERROR(store->Initialise(empty));
    TS_RETURN_IF_ERROR(BookAgain(store.get(), view, view));
    TS_RETURN_IF_ERROR(store->Close());
    TS_RETURN_IF_ERROR(WriteServerList(place_.files, place_.path, {made}, {}));
    report_->kept = "the databases on the earlier servers, as they were";
    return Status::Ok();
  }

  // Before the long work: whether its last step will be possible.
  Status TryExchange(const std::string& made) {
    const std::string probe = made + ".probe";
    TS_RETURN_IF_ERROR(place_.files->CreateDirectory(made));
    TS_RETURN_IF_ERROR(place_.files->CreateDirectory(probe));
    Status status = place_.files->Exchange(made, probe);
    const Status removed = place_.files->RemoveDirectory(probe);
    status = status.ok() ? removed : status;
    return status.ok() ? place_.files->SyncDirectory(place_.path) : status;
  }

  Status Make(const std::string& made) {
    TS_RETURN_IF_ERROR(RemoveTree(place_.files, made));
    TS_RETURN_IF_ERROR(RemoveTree(place_.files, made + ".probe"));
    TS_RETURN_IF_ERROR(TryExchange(made));
    RocksStoreOptions target = StoreOptions(options_, place_);
    target.path = made;
    target.create = true;
    std::unique_ptr<Store> store;
    TS_RETURN_IF_ERROR(RocksStore::Open(target, &store));
    if (!marker_.database_id.empty()) {
      Marker empty = marker_;
      empty.applied = 0;
      empty.replay.reset();
      TS_RETURN_IF_ERROR(store->Initialise(empty));
    }
    TS_RETURN_IF_ERROR(BookAgain(store.get()));
    return store->Close();
  }

  // The new store gets the name that the old one will have only when it is whole, just before the
  // two change places.
  Status Replace(const char* why) {
    FileSystem* files = place_.files;
    const std::string path = StorePath(place_.path);
    const std::string made = NewStorePath(place_.path);
    Status status = Make(made);
    causes_.reset();
    old_.reset();
    if (!status.ok()) {
      RemoveTree(files, made).PermitUnchecked();  // the next try would do it, too
      return status;
    }
    const std::string aside = FreeName(files, path, why);
    TS_RETURN_IF_ERROR(files->CreateDirectory(aside));
    TS_RETURN_IF_ERROR(files->Exchange(made, aside));
    TS_RETURN_IF_ERROR(files->SyncDirectory(place_.path));
    TS_RETURN_IF_ERROR(files->Exchange(path, aside));
    report_->kept = aside;
    TS_RETURN_IF_ERROR(files->SyncDirectory(place_.path));
    files->RemoveDirectory(made).PermitUnchecked();  // empty; the next try would remove it
    return Status::Ok();
  }

  const Options options_;
  const RepairPlace place_;
  const ProgressFunction& progress_;
  RepairReport* const report_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Store> old_;
  std::unique_ptr<StoreView> causes_;
  Marker marker_;
};

}  // namespace

Status RepairStore(const Options& options, const RepairPlace& place, bool dry_run,
                   const ProgressFunction& progress, RepairReport* report) {
  *report = {};
  return StoreRepair(options, place, progress, report).Run(dry_run);
}

Status UpgradeStore(const Options& options, const RepairPlace& place) {
  const ProgressFunction quiet;
  RepairReport report;
  TS_RETURN_IF_ERROR(StoreRepair(options, place, quiet, &report).Upgrade());
  if (options.logger != nullptr) {
    options.logger->Log(LogLevel::kWarning, StorePath(place.path) +
                                                " had an older format and was made anew from its " +
                                                std::to_string(report.blocks) +
                                                " blocks; the old one is kept: " + report.kept);
  }
  return Status::Ok();
}

Status RepairStore(const Options& options, const std::string& path, bool dry_run,
                   const ProgressFunction& progress, RepairReport* report) {
  return RepairStore(options, RepairPlace{.path = path}, dry_run, progress, report);
}

}  // namespace tallystone
