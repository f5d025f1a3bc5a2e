// WindowSet: the window that fills and the window that drains (DESIGN 4.4).
//
// At most two windows exist. When the filling one is due (full, old, or asked for) and none drains,
// the drainer takes it. When it is full and the other still drains, writers wait (law L9).
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "ingest/balance_cache.h"
#include "model/metrics.h"
#include "store/store.h"
#include "tallystone/options.h"
#include "window/window.h"
#include "window/window_deltas.h"

namespace tallystone {

// Thread-safe.
class WindowSet {
 public:
  WindowSet(const Options& options, Store* store, Lsn applied, IngestMetrics* metrics);

  // --- writers ---

  // Takes a durable chunk, or passes the place of one that another lane has (no payload), which
  // takes no memory however long this lane's store is away. Called in LSN order without gaps, one
  // thread at a time. kCorruption: the chunk cannot be read.
  Status Add(const LoggedChunk& chunk);
  // Waits until there is room for another chunk. While the store cannot be written: kUnavailable
  // with the cause, once the window is full. At once: kFenced, when another writer took over, and
  // kInterrupted, when nobody waits any more to know where a tenant is.
  Status WaitForRoom();

  // --- the drainer ---

  // Waits for a due window and makes it the draining one. Null after Stop, when nothing is due any
  // more.
  std::shared_ptr<const Window> Take();
  // The draining window is in the store.
  void Drained(Lsn applied);
  // The store cannot be written, because of `cause`; OK = it can again. kFenced and kInterrupted
  // are for good.
  void SetStalled(Status cause);
  [[nodiscard]] Status stalled() const;
  // Waits for `delay`, or until stopped.
  void Pause(std::chrono::milliseconds delay);
  [[nodiscard]] bool stopping() const;

  // Makes Take return null once there is nothing to drain, or at once while the store is stalled.
  void Stop();

  // --- waiting and reading ---

  // Asks for a drain of everything up to `lsn` and waits until it is in the store. While the store
  // cannot be written: its cause.
  Status WaitApplied(Lsn lsn);
  // Asks for a drain of everything up to `lsn` without waiting.
  void Want(Lsn lsn);
  [[nodiscard]] Lsn applied() const;
  [[nodiscard]] uint64_t lines() const;
  [[nodiscard]] bool full() const;

  // What may not be in the store yet, up to the last LSN that was passed or taken. Take a view of
  // the store after, not before.
  [[nodiscard]] LogStretch Pending() const;

  // The balance of a key: the store's, and each window's delta where the store does not contain it
  // yet, which its last LSN tells. So a read that races with a drain never counts twice and never
  // misses. Deltas are folded from the first read on (10 to 20 ms for two full windows), until a
  // whole window passed without another.
  Status GetBalance(StockKey key, BalanceSum* sum);

  // Balances of the store that were read before are not given any more.
  void ForgetBalances() { balances_.Forget(); }

  // Like Window::FindLetter, over both windows.
  Window::LetterState FindLetter(const LineRef& ref, StoredDeadLetter* letter) const;

 private:
  // Whether callers wait for a store that cannot be written.
  [[nodiscard]] bool WaitsForStore() const TS_REQUIRES(mutex_);
  void WaitForChange() TS_REQUIRES(mutex_);
  Status WaitWhileFull() TS_REQUIRES(mutex_);
  [[nodiscard]] bool ForGood() const TS_REQUIRES(mutex_);
  [[nodiscard]] bool Due() const TS_REQUIRES(mutex_);
  [[nodiscard]] bool Full() const TS_REQUIRES(mutex_);

  const size_t lines_max_;
  const std::chrono::milliseconds age_max_;
  const std::atomic<bool>* const stop_waiting_;  // null: nobody waits for the store
  Store* const store_;
  IngestMetrics* const metrics_;

  BalanceCache balances_;  // of the store, since the last drain
  mutable Mutex mutex_;
  CondVar drainer_;  // something may be due, or stopping
  CondVar waiters_;  // room, applied or stalled changed
  std::shared_ptr<Window> filling_ TS_GUARDED_BY(mutex_) = std::make_shared<Window>();
  std::shared_ptr<Window> draining_ TS_GUARDED_BY(mutex_);
  WindowDeltas filling_deltas_ TS_GUARDED_BY(mutex_);
  WindowDeltas draining_deltas_ TS_GUARDED_BY(mutex_);
  bool folding_ TS_GUARDED_BY(mutex_) = false;  // filling_deltas_ are kept up to date
  bool read_ TS_GUARDED_BY(mutex_) = false;     // a balance was, since the window began
  std::chrono::steady_clock::time_point filling_since_ TS_GUARDED_BY(mutex_);
  Lsn applied_ TS_GUARDED_BY(mutex_) = 0;
  Lsn wanted_ TS_GUARDED_BY(mutex_) = 0;  // drain at least up to here
  Status stalled_ TS_GUARDED_BY(mutex_);
  bool stopping_ TS_GUARDED_BY(mutex_) = false;
};

}  // namespace tallystone
