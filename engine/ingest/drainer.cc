#include "ingest/drainer.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "ingest/key_replay.h"
#include "ingest/store_retry.h"
#include "store/live_view.h"
#include "window/sort_window.h"

namespace tallystone {
namespace {

constexpr std::chrono::milliseconds kStalledDelayMin(100);
constexpr std::chrono::milliseconds kStalledDelayMax(5000);

uint64_t MicrosSince(std::chrono::steady_clock::time_point start) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                   std::chrono::steady_clock::now() - start)
                                   .count());
}

}  // namespace

void Drainer::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Drainer::Stop() {
  if (thread_.joinable()) {
    core_->windows->Stop();
    thread_.join();
  }
}

void Drainer::Run() {
  for (std::shared_ptr<const Window> window = core_->windows->Take(); window != nullptr;
       window = core_->windows->Take()) {
    Drain(*window);
    if (!core_->windows->stalled().ok()) {
      return;  // stopping: what is left is in the log
    }
  }
}

Status Drainer::DrainOne() {
  std::shared_ptr<const Window> window = core_->windows->Take();
  TS_CHECK(window != nullptr);
  TS_RETURN_IF_ERROR(Attempt(*window));
  core_->windows->Drained(window->last());
  return Status::Ok();
}

void Drainer::Drain(const Window& window) {
  std::chrono::milliseconds delay = kStalledDelayMin;
  for (;;) {
    Status status = Attempt(window);
    Listener* listener = core_->options.listener;
    if (status.ok()) {
      if (!core_->windows->stalled().ok()) {
        core_->windows->SetStalled(Status::Ok());
        core_->Log(LogLevel::kInfo, "the store can be written again");
        if (listener != nullptr) {
          listener->OnStoreAvailable();
        }
      }
      Finish(window);
      return;
    }
    core_->Log(LogLevel::kError, "the store cannot be written: " + status.ToString());
    if (listener != nullptr) {
      listener->OnStoreUnavailable(status);
    }
    core_->windows->SetStalled(status);
    if (core_->windows->stopping()) {
      return;
    }
    core_->windows->Pause(delay);
    delay = std::min(delay * 2, kStalledDelayMax);
    core_->store->Recover().PermitUnchecked();  // the next attempt says whether it helped
  }
}

Status Drainer::Attempt(const Window& window) {
  Marker marker;
  TS_RETURN_IF_ERROR(core_->store->ReadMarker(&marker));
  if (marker.applied >= window.last()) {
    return Status::Ok();  // an attempt that seemed to fail had worked
  }
  {
    std::unique_ptr<StoreView> view;
    TS_RETURN_IF_ERROR(core_->store->NewView(&view));
    TS_RETURN_IF_ERROR(sorter_.Sort(
        window.chunks(),
        [&](StockKey key, StoredItem* item) { return FindStoredItem(view.get(), key, item); },
        &sorted_));
  }
  TS_CHECK(sorted_.first == marker.applied + 1);
  if (marker.replay.has_value()) {
    return ReplayKeys(core_, marker, &sorted_);
  }
  return Apply(marker);
}

Status Drainer::Apply(const Marker& before) {
  const auto start = std::chrono::steady_clock::now();
  Marker after = before;
  after.applied = sorted_.last;
  ApplyInfo info;
  Status status = WriteWithRetries(
      core_, [&] { return core_->store->Apply(sorted_, after, &info); },
      [&](bool* there) {
        Marker now;
        TS_RETURN_IF_ERROR(core_->store->ReadMarker(&now));
        *there = now == after;
        return Status::Ok();
      });
  const bool refused = !status.ok() && RemedyFor(status) == Remedy::kReplay;
  Listener* listener = core_->options.listener;
  if (refused) {
    core_->Log(LogLevel::kWarning, "the store refused LSN " + std::to_string(sorted_.first) + ".." +
                                       std::to_string(sorted_.last) + ": " + status.ToString());
    if (listener != nullptr) {
      listener->OnWindowRefused(status, sorted_.first, sorted_.last);
    }
    status = ReplayKeys(core_, before, &sorted_);
  }
  if (!status.ok()) {
    return status;
  }
  ++core_->windows_drained;
  core_->windows_ingested += info.ingested ? 1 : 0;
  if (listener != nullptr) {
    listener->OnDrained({sorted_.first, sorted_.last, sorted_.lines, sorted_.deltas.size(),
                         MicrosSince(start), info.ingested, refused});
  }
  return Status::Ok();
}

void Drainer::Finish(const Window& window) {
  // The marker is read back before the log lets go of what stands below it: a log segment is
  // recycled only for what the store says it has.
  Marker marker;
  Status status = core_->store->ReadMarker(&marker);
  core_->windows->Drained(window.last());
  sorted_.Clear();  // lets go of the chunks
  if (status.ok()) {
    status = core_->log->Release(marker.applied);
  }
  if (!status.ok()) {
    core_->Log(LogLevel::kWarning, "log segments could not be released: " + status.ToString());
  }
  core_->tenants.ForgetBatches(window.last());
}

}  // namespace tallystone
