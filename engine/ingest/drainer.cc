#include "ingest/drainer.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/clock.h"
#include "ingest/key_replay.h"
#include "ingest/store_retry.h"
#include "store/live_view.h"
#include "window/leave_out_chunks.h"
#include "window/sort_window.h"

namespace tallystone {
namespace {

constexpr std::chrono::milliseconds kStalledDelayMin(100);
constexpr std::chrono::milliseconds kStalledDelayMax(5000);

}  // namespace

void Drainer::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Drainer::Stop() {
  if (thread_.joinable()) {
    lane_->windows->Stop();
    thread_.join();
  }
}

void Drainer::Run() {
  for (std::shared_ptr<const Window> window = lane_->windows->Take(); window != nullptr;
       window = lane_->windows->Take()) {
    Drain(*window);
    if (!lane_->windows->stalled().ok()) {
      return;  // stopping or fenced: what is left is in the log
    }
  }
}

Status Drainer::DrainOne() {
  std::shared_ptr<const Window> window = lane_->windows->Take();
  TS_CHECK(window != nullptr);
  TS_RETURN_IF_ERROR(Attempt(*window));
  lane_->windows->Drained(window->last());
  return Status::Ok();
}

void Drainer::Drain(const Window& window) {
  std::chrono::milliseconds delay = kStalledDelayMin;
  for (;;) {
    Status status = Attempt(window);
    Listener* listener = core_->options.listener;
    if (status.ok()) {
      const Status before = lane_->windows->stalled();
      if (!before.ok() && !before.Is(StatusCode::kFenced)) {
        lane_->windows->SetStalled(Status::Ok());
        core_->Log(LogLevel::kInfo, lane_->Prefix() + "the store can be written again");
        if (listener != nullptr) {
          listener->OnStoreAvailable();
        }
      }
      Finish(window);
      return;
    }
    core_->Log(LogLevel::kError,
               lane_->Prefix() + "the store cannot be written: " + status.ToString());
    core_->metrics.drain.store_failures.Add(1);
    if (listener != nullptr) {
      listener->OnStoreUnavailable(status);
    }
    lane_->windows->SetStalled(status);
    if (status.Is(StatusCode::kFenced)) {
      // Who took over one server has the database: nothing that is logged here counts any more.
      for (const auto& lane : core_->lanes) {
        lane->windows->SetStalled(status);
      }
    }
    if (lane_->windows->stopping() || lane_->windows->stalled().Is(StatusCode::kFenced)) {
      return;
    }
    lane_->windows->Pause(delay);
    delay = std::min(delay * 2, kStalledDelayMax);
    lane_->store->Recover().PermitUnchecked();  // the next attempt says whether it helped
  }
}

Status Drainer::Attempt(const Window& window) {
  const uint64_t start = MonotonicMicros();
  Marker marker;
  TS_RETURN_IF_ERROR(lane_->store->ReadMarker(&marker));
  if (marker.applied >= window.last()) {
    return Status::Ok();  // an attempt that seemed to fail had worked
  }
  TS_RETURN_IF_ERROR(Sort(window));
  if (sorted_.first != marker.applied + 1) {
    return Status::Corruption(
        "the store has everything up to LSN " + std::to_string(marker.applied) +
        ", but had it up "
        "to LSN " +
        std::to_string(sorted_.first - 1) +
        " before: it was set back to an earlier state (restored, or an older standby took over); "
        "end this program and open the database again: what the store lost is in the log, or the "
        "open says what is not");
  }
  ApplyInfo info;
  bool replayed = marker.replay.has_value();
  TS_RETURN_IF_ERROR(replayed ? ReplayKeys(core_, lane_, marker, &sorted_)
                              : Apply(window, marker, &info, &replayed));
  Note(MonotonicMicros() - start, info.ingested, replayed);
  return Status::Ok();
}

// What of the window is not in the store yet.
Status Drainer::Sort(const Window& window) {
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(lane_->store->NewView(&view));
  const ItemLookup lookup = [&](StockKey key, StoredItem* item) {
    return FindStoredItem(view.get(), key, item);
  };
  std::map<TenantId, Lsn> ahead;
  TS_RETURN_IF_ERROR(view->ReadAhead(&ahead));
  if (ahead.empty()) {
    return sorter_.Sort(window.stretch(), lookup, &sorted_);
  }
  LogStretch stretch = window.stretch();
  TS_RETURN_IF_ERROR(LeaveOutApplied(ahead, &stretch.chunks));
  return sorter_.Sort(stretch, lookup, &sorted_);
}

Status Drainer::Apply(const Window& window, const Marker& before, ApplyInfo* info, bool* replayed) {
  Marker after = before;
  after.applied = sorted_.last;
  Status status = WriteWithRetries(
      core_, lane_, [&] { return lane_->store->Apply(sorted_, after, info); },
      [&](bool* there) {
        Marker now;
        TS_RETURN_IF_ERROR(lane_->store->ReadMarker(&now));
        *there = now == after;
        return Status::Ok();
      });
  *replayed = !status.ok() && RemedyFor(status) == Remedy::kReplay;
  if (!*replayed) {
    return status;
  }
  core_->metrics.drain.windows_refused.Add(1);
  core_->Log(LogLevel::kWarning, lane_->Prefix() + "the store refused LSN " +
                                     std::to_string(sorted_.first) + ".." +
                                     std::to_string(sorted_.last) + ": " + status.ToString());
  if (core_->options.listener != nullptr) {
    core_->options.listener->OnWindowRefused(status, sorted_.first, sorted_.last);
  }
  TS_RETURN_IF_ERROR(Sort(window));  // tenants that were not refused are in the store now
  return ReplayKeys(core_, lane_, before, &sorted_);
}

void Drainer::Note(uint64_t micros, bool ingested, bool replayed) {
  DrainMetrics& metrics = core_->metrics.drain;
  metrics.micros.Record(micros);
  metrics.lines.Record(sorted_.lines);
  metrics.keys.Record(sorted_.deltas.size());
  metrics.windows_ingested.Add(ingested ? 1 : 0);
  if (core_->options.listener != nullptr) {
    core_->options.listener->OnDrained({sorted_.first, sorted_.last, sorted_.lines,
                                        sorted_.deltas.size(), micros, ingested, replayed});
  }
}

void Drainer::Finish(const Window& window) {
  // The marker is read back before the log lets go of what stands below it: a log segment is
  // recycled only for what the store says it has.
  Marker marker;
  Status status = lane_->store->ReadMarker(&marker);
  lane_->windows->Drained(window.last());
  sorted_.Clear();  // lets go of the chunks
  if (status.ok()) {
    lane_->stored = marker.applied;
    status = core_->log->Release(LowestStored(core_->lanes));
  }
  if (!status.ok()) {
    core_->Log(LogLevel::kWarning, "log segments could not be released: " + status.ToString());
  }
  core_->tenants.ForgetBatches(lane_, window.last());
}

}  // namespace tallystone
