#include "ingest/window_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "tallystone/limits.h"

namespace tallystone {
namespace {

// How often somebody who waits for the store looks whether he still should.
constexpr std::chrono::milliseconds kStopWaitingDelay(100);

}  // namespace

WindowSet::WindowSet(const Options& options, Store* store, Lsn applied, IngestMetrics* metrics)
    : lines_max_(options.window_lines_max),
      age_max_(options.window_age_ms_max),
      stop_waiting_(options.stop_waiting),
      store_(store),
      metrics_(metrics),
      applied_(applied) {}

Status WindowSet::Add(const LoggedChunk& chunk) {
  const MutexLock lock(&mutex_);
  const bool was_due = Due();
  if (filling_->empty()) {
    filling_since_ = std::chrono::steady_clock::now();
    if (age_max_.count() > 0) {
      drainer_.NotifyOne();  // it now has an age to wait for
    }
  }
  TS_RETURN_IF_ERROR(filling_->Add(chunk));
  if (folding_) {
    TS_RETURN_IF_ERROR(filling_deltas_.CatchUp(filling_->chunks()));
  }
  if (!was_due && Due()) {
    drainer_.NotifyOne();
  }
  return Status::Ok();
}

bool WindowSet::Full() const {
  return filling_->lines() >= lines_max_ || filling_->bytes() >= limits::kWindowBytesMax;
}

bool WindowSet::Due() const {
  if (filling_->empty()) {
    return false;
  }
  // Where the tenants of other lanes are busy, a few lines may stand among many places: not full,
  // but the log is to be released behind them.
  const bool passed_many = filling_->last() - filling_->first() >= lines_max_;
  return Full() || passed_many || stopping_ || filling_->first() <= wanted_ ||
         (age_max_.count() > 0 && std::chrono::steady_clock::now() - filling_since_ >= age_max_);
}

Status WindowSet::WaitForRoom() {
  const MutexLock lock(&mutex_);
  if (ForGood()) [[unlikely]] {
    return stalled_;  // nothing that is logged here would be booked
  }
  if (!Full()) [[likely]] {
    return Status::Ok();
  }
  const uint64_t start = MonotonicMicros();
  Status status = WaitWhileFull();
  metrics_->stall_micros.Record(MonotonicMicros() - start);
  return status;
}

bool WindowSet::ForGood() const {
  return stalled_.Is(StatusCode::kFenced) || stalled_.Is(StatusCode::kInterrupted);
}

// Not for what waiting does not mend: another writer, a schema that is not ours.
bool WindowSet::WaitsForStore() const {
  return stop_waiting_ != nullptr && !*stop_waiting_ &&
         (stalled_.Is(StatusCode::kUnavailable) || stalled_.Is(StatusCode::kTryAgain) ||
          stalled_.Is(StatusCode::kNoSpace) || stalled_.Is(StatusCode::kIoError));
}

void WindowSet::WaitForChange() {
  if (stalled_.ok()) {
    waiters_.Wait(&mutex_);
  } else {
    waiters_.WaitUntil(&mutex_, std::chrono::steady_clock::now() + kStopWaitingDelay);
  }
}

Status WindowSet::WaitWhileFull() {
  // Also while the drain has not taken it yet: on a busy machine its thread may be late, and
  // nothing else bounds the window (law L9).
  while (Full()) {
    if (stopping_) {
      return Status::Unavailable("the engine is closing");
    }
    if (ForGood()) {
      return stalled_;  // no repair helps; whether this window was full by then does not matter
    }
    if (!stalled_.ok() && draining_ != nullptr && !WaitsForStore()) {
      return Status::Unavailable("the store cannot be written and the window is full: " +
                                 stalled_.ToString());
    }
    WaitForChange();
  }
  return Status::Ok();
}

std::shared_ptr<const Window> WindowSet::Take() {
  const MutexLock lock(&mutex_);
  TS_CHECK(draining_ == nullptr);
  while (!Due()) {
    if (stopping_) {
      return nullptr;
    }
    if (age_max_.count() > 0 && !filling_->empty()) {
      drainer_.WaitUntil(&mutex_, filling_since_ + age_max_);
    } else {
      drainer_.Wait(&mutex_);
    }
  }
  draining_ = std::move(filling_);
  filling_ = std::make_shared<Window>();
  draining_deltas_ = std::exchange(filling_deltas_, {});
  folding_ = std::exchange(read_, false);
  waiters_.NotifyAll();
  return draining_;
}

void WindowSet::Drained(Lsn applied) {
  WindowDeltas gone;  // after the lock
  const MutexLock lock(&mutex_);
  applied_ = applied;
  draining_.reset();
  gone = std::exchange(draining_deltas_, {});
  balances_.Forget();
  waiters_.NotifyAll();
}

void WindowSet::SetStalled(Status cause) {
  const MutexLock lock(&mutex_);
  if (!ForGood()) {
    stalled_ = std::move(cause);
  }
  waiters_.NotifyAll();
}

Status WindowSet::stalled() const {
  const MutexLock lock(&mutex_);
  return stalled_;
}

void WindowSet::Pause(std::chrono::milliseconds delay) {
  const MutexLock lock(&mutex_);
  const auto deadline = std::chrono::steady_clock::now() + delay;
  while (!stopping_ && drainer_.WaitUntil(&mutex_, deadline)) {
  }
}

bool WindowSet::stopping() const {
  const MutexLock lock(&mutex_);
  return stopping_;
}

void WindowSet::Stop() {
  const MutexLock lock(&mutex_);
  stopping_ = true;
  drainer_.NotifyAll();
  waiters_.NotifyAll();
}

Status WindowSet::WaitApplied(Lsn lsn) {
  const MutexLock lock(&mutex_);
  wanted_ = std::max(wanted_, lsn);
  drainer_.NotifyOne();
  while (applied_ < lsn) {
    if (!stalled_.ok() && !WaitsForStore()) {
      return stalled_;
    }
    if (stopping_) {
      return Status::Unavailable("the engine is closing");
    }
    WaitForChange();
  }
  return Status::Ok();
}

void WindowSet::Want(Lsn lsn) {
  const MutexLock lock(&mutex_);
  wanted_ = std::max(wanted_, lsn);
  drainer_.NotifyOne();
}

Lsn WindowSet::applied() const {
  const MutexLock lock(&mutex_);
  return applied_;
}

uint64_t WindowSet::lines() const {
  const MutexLock lock(&mutex_);
  return filling_->lines() + (draining_ == nullptr ? 0 : draining_->lines());
}

bool WindowSet::full() const {
  const MutexLock lock(&mutex_);
  return Full();
}

LogStretch WindowSet::Pending() const {
  const MutexLock lock(&mutex_);
  if (draining_ == nullptr) {
    return filling_->empty() ? LogStretch{applied_ + 1, applied_, {}} : filling_->stretch();
  }
  LogStretch pending = draining_->stretch();
  if (!filling_->empty()) {
    pending.last = filling_->last();
    pending.chunks.insert(pending.chunks.end(), filling_->chunks().begin(),
                          filling_->chunks().end());
  }
  return pending;
}

Status WindowSet::GetBalance(StockKey key, BalanceSum* sum) {
  std::array<BalanceSum, 2> parts;
  size_t count = 0;
  const auto take = [&](const WindowDeltas& deltas) {
    const WindowDeltas::Delta* delta = deltas.Find(key);
    if (delta != nullptr) {
      parts[count++] = {delta->on_hand,
                        delta->value,
                        delta->lines,
                        delta->last_lsn,
                        0,  // `places` is for the drain
                        std::string(delta->last_time)};
    }
  };
  {
    const MutexLock lock(&mutex_);
    read_ = true;
    folding_ = true;
    if (draining_ != nullptr) {
      TS_RETURN_IF_ERROR(draining_deltas_.CatchUp(draining_->chunks()));
      take(draining_deltas_);
    }
    TS_RETURN_IF_ERROR(filling_deltas_.CatchUp(filling_->chunks()));
    take(filling_deltas_);
  }
  BalanceSum balance;
  uint64_t generation = 0;
  if (!balances_.Get(key, &balance, &generation)) {
    Status status = store_->GetBalance(key, &balance);
    if (!status.ok() && !status.IsNotFound()) {
      return status;
    }
    balances_.Put(key, balance, generation);
  }
  for (size_t part = 0; part < count; ++part) {
    if (parts[part].last_lsn > balance.last_lsn) {
      balance.Add(parts[part]);
    }
  }
  if (balance.lines == 0) {
    return Status::NotFound("nothing was booked on this item");
  }
  *sum = std::move(balance);
  return Status::Ok();
}

Window::LetterState WindowSet::FindLetter(const LineRef& ref, StoredDeadLetter* letter) const {
  const MutexLock lock(&mutex_);
  const Window::LetterState state = filling_->FindLetter(ref, letter);
  if (state != Window::LetterState::kUnknown || draining_ == nullptr) {
    return state;
  }
  return draining_->FindLetter(ref, letter);
}

}  // namespace tallystone
