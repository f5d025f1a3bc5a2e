#include "ingest/window_set.h"

#include <algorithm>

#include "base/check.h"

namespace tallystone {

WindowSet::WindowSet(const Options& options, Store* store, Lsn applied)
    : lines_max_(options.window_lines_max),
      age_max_(options.window_age_ms_max),
      store_(store),
      applied_(applied) {}

Status WindowSet::Fold(const LoggedChunk& chunk) {
  std::lock_guard lock(mutex_);
  const bool was_due = Due();
  if (filling_->empty()) {
    filling_since_ = std::chrono::steady_clock::now();
    if (age_max_.count() > 0) {
      drainer_.notify_one();  // it now has an age to wait for
    }
  }
  TS_RETURN_IF_ERROR(filling_->Fold(chunk));
  if (!was_due && Due()) {
    drainer_.notify_one();
  }
  return Status::Ok();
}

bool WindowSet::Full() const {
  return filling_->lines() >= lines_max_;
}

bool WindowSet::Due() const {
  if (filling_->empty()) {
    return false;
  }
  return Full() || stopping_ || filling_->first() <= wanted_ ||
         (age_max_.count() > 0 && std::chrono::steady_clock::now() - filling_since_ >= age_max_);
}

Status WindowSet::WaitForRoom() {
  std::unique_lock lock(mutex_);
  // Also while the drain has not taken it yet: on a busy machine its thread may be late, and
  // nothing else bounds the window (law L9).
  while (Full()) {
    if (stopping_) {
      return Status::Unavailable("the engine is closing");
    }
    if (!stalled_.ok() && draining_ != nullptr) {
      return Status::Unavailable("the store cannot be written and the window is full: " +
                                 stalled_.ToString());
    }
    waiters_.wait(lock);
  }
  return Status::Ok();
}

std::shared_ptr<const Window> WindowSet::Take() {
  std::unique_lock lock(mutex_);
  TS_CHECK(draining_ == nullptr);
  while (!Due()) {
    if (stopping_) {
      return nullptr;
    }
    if (age_max_.count() > 0 && !filling_->empty()) {
      drainer_.wait_until(lock, filling_since_ + age_max_);
    } else {
      drainer_.wait(lock);
    }
  }
  draining_ = std::move(filling_);
  filling_ = std::make_shared<Window>();
  waiters_.notify_all();
  return draining_;
}

void WindowSet::Drained(Lsn applied) {
  std::lock_guard lock(mutex_);
  applied_ = applied;
  draining_.reset();
  waiters_.notify_all();
}

void WindowSet::SetStalled(Status cause) {
  std::lock_guard lock(mutex_);
  stalled_ = std::move(cause);
  waiters_.notify_all();
}

Status WindowSet::stalled() const {
  std::lock_guard lock(mutex_);
  return stalled_;
}

void WindowSet::Pause(std::chrono::milliseconds delay) {
  std::unique_lock lock(mutex_);
  drainer_.wait_for(lock, delay, [&] { return stopping_; });
}

bool WindowSet::stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void WindowSet::Stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  drainer_.notify_all();
  waiters_.notify_all();
}

Status WindowSet::WaitApplied(Lsn lsn) {
  std::unique_lock lock(mutex_);
  wanted_ = std::max(wanted_, lsn);
  drainer_.notify_one();
  while (applied_ < lsn) {
    if (!stalled_.ok()) {
      return stalled_;
    }
    if (stopping_) {
      return Status::Unavailable("the engine is closing");
    }
    waiters_.wait(lock);
  }
  return Status::Ok();
}

void WindowSet::Want(Lsn lsn) {
  std::lock_guard lock(mutex_);
  wanted_ = std::max(wanted_, lsn);
  drainer_.notify_one();
}

Lsn WindowSet::applied() const {
  std::lock_guard lock(mutex_);
  return applied_;
}

uint64_t WindowSet::lines() const {
  std::lock_guard lock(mutex_);
  return filling_->lines() + (draining_ == nullptr ? 0 : draining_->lines());
}

bool WindowSet::full() const {
  std::lock_guard lock(mutex_);
  return Full();
}

std::vector<LoggedChunk> WindowSet::Chunks() const {
  std::lock_guard lock(mutex_);
  std::vector<LoggedChunk> chunks;
  if (draining_ != nullptr) {
    chunks = draining_->chunks();
  }
  chunks.insert(chunks.end(), filling_->chunks().begin(), filling_->chunks().end());
  return chunks;
}

Status WindowSet::GetBalance(StockKey key, BalanceSum* sum) const {
  BalanceSum parts[2];
  int count = 0;
  {
    std::lock_guard lock(mutex_);
    for (const Window* window : {static_cast<const Window*>(draining_.get()),
                                 static_cast<const Window*>(filling_.get())}) {
      const Window::Delta* delta = window == nullptr ? nullptr : window->Find(key);
      if (delta != nullptr) {
        parts[count++] = {delta->on_hand,
                          delta->value,
                          delta->lines,
                          delta->last_lsn,
                          0,
                          std::string(delta->last_time)};  // `places` is for the drain
      }
    }
  }
  BalanceSum balance;
  Status status = store_->GetBalance(key, &balance);
  if (!status.ok() && !status.IsNotFound()) {
    return status;
  }
  for (int part = 0; part < count; ++part) {
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
  std::lock_guard lock(mutex_);
  const Window::LetterState state = filling_->FindLetter(ref, letter);
  if (state != Window::LetterState::kUnknown || draining_ == nullptr) {
    return state;
  }
  return draining_->FindLetter(ref, letter);
}

}  // namespace tallystone
