// Store: where windows end up. One writer (the drain), any number of readers.
//
// A store keeps: balances by stock key, blocks by LSN, postings by (stock key, window), batches,
// dead letters, the catalogue (tenants, items, aliases), and one marker. Effects and marker become
// visible and durable in one atomic step (law L6).
//
// The code of a write's Status says what helps (DESIGN 4.6):
//   kTryAgain, kBusy    transient: repeat; the result is unknown until the marker is read
//   kRejected           local to the data: key replay finds what
//   kFenced             another writer took over: stop for good
//   any other           environment: stop, Recover later; nothing is wrong with the data
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/stored.h"
#include "tallystone/engine.h"
#include "tallystone/overview.h"
#include "tallystone/setting.h"
#include "window/sorted_window.h"

namespace tallystone {

// Where a tenant is, if it ever moved or is to move. What moves takes the next generation: of two
// stores that both have a tenant, the one with the higher generation has it, and the other is yet
// to forget it.
struct TenantHome {
  bool here = true;  // false: it was here, and is gone
  uint64_t generation = 0;
  std::string move_to;   // server_id of where it shall go; "" = nowhere
  bool leaving = false;  // not here, and some of what it had is still to be removed
  friend bool operator==(const TenantHome&, const TenantHome&) = default;
};

// Who writes a store. Each open of a directory takes a new identity, so that a copy of a directory
// that writes a store, and the directory itself, are told apart.
struct StoreClaim {
  std::string writer;                // "" = nobody wrote it yet
  std::vector<std::string> servers;  // server_id of each server of the database
  friend bool operator==(const StoreClaim&, const StoreClaim&) = default;
};

// A tenant on its way into a store.
struct TenantArrival {
  TenantId tenant = 0;
  std::string name;
  Lsn applied = 0;  // all of its chunks up to here are among what comes
  uint64_t generation = 0;
  std::function<bool()> stop = nullptr;  // asked now and then: true = give up; null: never
};

// Numbers that together may need more than 128 bits: high * 10^19 + low.
struct WideSum {
  Int128 high = 0;
  Int128 low = 0;
};

// What a store itself says of the lines of one item, of its own copies of their numbers.
struct LineSum {
  uint64_t lines = 0;
  Int128 quantity = 0;  // 1e-6
  Int128 value = 0;     // 1e-12
};

// A booked line of an item. `time` stands in its block.
struct BookedLine {
  Posting posting;
  uint64_t number = 0;    // within its batch
  int64_t quantity = 0;   // 1e-6
  int64_t unit_cost = 0;  // 1e-6
  std::string time;
};

// What a store itself says of a tenant.
struct TenantTotals {
  uint64_t balances = 0;
  uint64_t lines = 0;  // that the balances say they contain
  WideSum on_hand;     // 1e-6
  WideSum value;       // 1e-12
  Lsn last_block = 0;  // 0 = it has none
  Lsn applied = 0;     // marker of the tenant
};

// A consistent state of a store. Valid while its store lives; not thread-safe.
class StoreView {
 public:
  virtual ~StoreView() = default;

  virtual Status ReadMarker(Marker* marker) = 0;
  // Tenants whose chunks up to an LSN above the marker are in the store already: a store whose
  // transactions do not cross tenants applies a window tenant by tenant.
  virtual Status ReadAhead(std::map<TenantId, Lsn>* ahead) {
    ahead->clear();
    return Status::Ok();
  }
  // Of tenants that moved or are to move; all others are here, of generation 0.
  virtual Status ReadHomes(std::map<TenantId, TenantHome>* homes) {
    homes->clear();
    return Status::Ok();
  }
  // kNotFound where there is none.
  virtual Status GetBalance(StockKey key, BalanceSum* sum) = 0;
  virtual Status GetBlock(Lsn lsn, StoredBlock* block) = 0;
  virtual Status GetBatch(const BatchRef& ref, BatchSum* sum) = 0;
  virtual Status GetDeadLetter(const LineRef& ref, StoredDeadLetter* letter) = 0;

  // Ascending by key, from the first that is >= `from`. SeekToFirst goes to `from`.
  virtual std::unique_ptr<Cursor<std::pair<StockKey, BalanceSum>>> Balances(StockKey from) = 0;
  virtual std::unique_ptr<Cursor<StoredBlock>> Blocks(Lsn from) = 0;
  // Those of one tenant; as they are made here, all blocks are looked at.
  virtual std::unique_ptr<Cursor<StoredBlock>> BlocksOf(TenantId tenant);
  virtual std::unique_ptr<Cursor<std::pair<BatchRef, BatchSum>>> Batches(BatchRef from) = 0;
  virtual std::unique_ptr<Cursor<std::pair<LineRef, StoredDeadLetter>>> DeadLetters(
      LineRef from) = 0;
  virtual std::unique_ptr<Cursor<std::pair<TenantId, std::string>>> Tenants() = 0;
  virtual std::unique_ptr<Cursor<std::pair<StockKey, StoredItem>>> Items(StockKey from) = 0;
  // Ascending by tenant only, from that tenant on.
  virtual std::unique_ptr<Cursor<std::pair<StockKey, std::string>>> Aliases(TenantId from) = 0;
  // Ascending, from that tenant on.
  virtual std::unique_ptr<Cursor<std::pair<RecordRef, std::string>>> Records(TenantId from) = 0;
  // All postings of one item, ascending.
  virtual Status GetPostings(StockKey key, std::vector<Posting>* postings) = 0;

  // For a proof: what a store that others can write, too, says by its own arithmetic. Null,
  // kNotFound: this one keeps no such copies, or is in the middle of a key replay.
  virtual std::unique_ptr<Cursor<std::pair<StockKey, LineSum>>> LineSums(StockKey /*from*/) {
    return nullptr;
  }
  virtual Status ReadTotals(TenantId /*tenant*/, TenantTotals* /*totals*/) {
    return Status::NotFound("this store makes no sums");
  }
};

struct ApplyInfo {
  bool ingested = false;  // loaded as sorted files
};

// What a store takes on disk.
struct StoreSizes {
  bool known = false;                // false: it does not tell
  uint64_t bytes = 0;                // all of it
  std::vector<FamilySize> families;  // parts of it
};

// About how much of a kind stands before an entry, and how much there is. The unit is the store's
// own, the same for both. `all` 0: it does not tell.
struct StoreShare {
  double before = 0;
  double all = 0;
  uint64_t entries_max = 0;  // there are not more entries than this; 0 = not known
};

class Store {
 public:
  virtual ~Store() = default;

  // A view of this moment. On error *view is null.
  virtual Status NewView(std::unique_ptr<StoreView>* view) = 0;
  // From the current state, without a view: the hot reads. Thread-safe.
  virtual Status GetBalance(StockKey key, BalanceSum* sum) = 0;
  virtual Status GetBatch(const BatchRef& ref, BatchSum* sum) = 0;
  // Blocks of the batch's chunks at LSNs from `first` to `last`: the next ones, ascending, at least
  // one unless there is none.
  virtual Status GetBlocks(const BatchRef& ref, Lsn first, Lsn last,
                           std::vector<StoredBlock>* blocks);
  virtual Status ReadMarker(Marker* marker) = 0;

  // Before the first write of a store that another process may be writing: from then on that one is
  // told kFenced and changes nothing. What was read before may be old.
  virtual Status TakeOver() { return Status::Ok(); }
  virtual Status ReadClaim(StoreClaim* claim) {
    *claim = {};
    return Status::Ok();
  }
  // After TakeOver, when the log was found to go with the store.
  virtual Status WriteClaim(const StoreClaim& /*claim*/) { return Status::Ok(); }

  // Writes the marker of a new, empty store. Durable when it returns.
  virtual Status Initialise(const Marker& marker) = 0;

  // All of the window, and `marker`, or nothing. Durable when it returns OK.
  virtual Status Apply(const SortedWindow& window, const Marker& marker, ApplyInfo* info) = 0;

  // One step of a key replay: the delta of one key (or, if `delta` is null, no effect: the key was
  // rejected) and the progress marker, atomically. Durable when it returns OK.
  virtual Status ApplyKey(const KeyDelta* delta, const Marker& progress) = 0;

  // The end of a key replay: everything of the window but its deltas, and `marker`.
  virtual Status ApplyRest(const SortedWindow& window, const Marker& marker) = 0;

  // --- a tenant moves to another store of the same engine ---

  // All of the tenant that `from` shows, and the tenant's marker, or nothing. Durable when it
  // returns OK. Changes nothing where it is here already with that generation, and then does not
  // read `from`. *unknown: whether an earlier call of the same arrival may have brought it, or may
  // do so yet; set to what is known after this one. After an error that leaves it false the tenant
  // is not here and does not come. kInterrupted: arrival.stop() said so.
  virtual Status MoveIn(const TenantArrival& arrival, StoreView* from, bool* unknown);
  // A tenant that is here with this generation or a lower one is not here any more; what it had is
  // left for RemoveLeft. Takes one short write, whatever the tenant has, and waits for no other
  // write. OK also where it is not here.
  virtual Status MoveOut(TenantId tenant, uint64_t generation);
  // Removes what such a tenant left, in many small steps beside all other writes. May be called
  // again after any error or crash. kInterrupted: stop() said so, between two steps.
  virtual Status RemoveLeft(TenantId tenant, uint64_t generation,
                            const std::function<bool()>& stop);
  // Writes down that the tenant shall move to another server ("" = shall stay). May be called while
  // another process writes.
  virtual Status RequestMove(TenantId tenant, const std::string& server_id);

  // Tries to make a store that failed for its environment writable again.
  virtual Status Recover() = 0;

  // For repair: makes `sum` the balance of `key` and `lines` all that it has, in one durable step.
  // The marker stays as it is. A dry run answers the same, as far as it can, and writes nothing.
  virtual Status ReplaceKey(StockKey /*key*/, const BalanceSum& /*sum*/,
                            const std::vector<BookedLine>& /*lines*/, bool /*dry_run*/) {
    return Status::InvalidArgument("this store cannot be mended");
  }

  // Rewrites what there is for the least room; reads and writes go on meanwhile. kInterrupted: it
  // was cancelled.
  virtual Status Compact(const CompactOptions& /*options*/, CompactReport* /*report*/) {
    return Status::Ok();
  }

  // Appends the store's formats and settings.
  virtual Status Describe(std::vector<Setting>* /*settings*/) { return Status::Ok(); }

  // What it takes on disk, as far as it can tell.
  virtual Status Sizes(StoreSizes* sizes) {
    *sizes = {};
    return Status::Ok();
  }
  // Which part of all batches, or dead letters, stands before `ref`; cheap.
  virtual Status ShareBefore(const BatchRef& /*ref*/, StoreShare* share) {
    *share = {};
    return Status::Ok();
  }
  virtual Status ShareBefore(const LineRef& /*ref*/, StoreShare* share) {
    *share = {};
    return Status::Ok();
  }

  // Who this store is among others: the same for as long as it lives, wherever it is reached. ""
  // for a store that is always alone.
  [[nodiscard]] virtual std::string server_id() const { return {}; }

  // Releases everything. Calls after it answer kUnavailable.
  virtual Status Close() = 0;
};

}  // namespace tallystone
