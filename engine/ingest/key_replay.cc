#include "ingest/key_replay.h"

#include <algorithm>

#include "base/canary.h"
#include "base/check.h"
#include "ingest/store_retry.h"
#include "store/live_view.h"
#include "tallystone/limits.h"
#include "window/reject_keys.h"

namespace tallystone {
namespace {

// The store's words, as far as they go into the marker and the dead letters.
constexpr size_t kCauseBytesMax = 256;

class KeyReplay {
 public:
  KeyReplay(Core* core, Lane* lane, const Marker& marker, SortedWindow* window)
      : core_(core), lane_(lane), marker_(marker), window_(window) {
    if (!marker_.replay.has_value()) {
      marker_.replay = ReplayProgress{window->last, {}, 0, {}};
    }
  }

  Status Run();

 private:
  Status Step(const KeyDelta& delta);
  Status Reject(const KeyDelta& delta, const Status& cause);
  Status Write(const KeyDelta* delta, const Marker& progress);
  Status Finish();
  void Report(const KeyDelta& delta, std::string_view cause);

  Core* const core_;
  Lane* const lane_;
  Marker marker_;  // what the store says
  SortedWindow* const window_;
};

Status KeyReplay::Run() {
  TS_CHECK(marker_.replay->last == window_->last);
  TS_CHECK(marker_.applied + 1 == window_->first);
  // Where only the end is left an attempt after the other begins here.
  const bool only_end = marker_.replay->keys_done == window_->deltas.size();
  core_->Log(only_end ? LogLevel::kInfo : LogLevel::kWarning,
             "key replay of LSN " + std::to_string(window_->first) + ".." +
                 std::to_string(window_->last) + ": " + std::to_string(window_->deltas.size()) +
                 " keys, " + std::to_string(marker_.replay->keys_done) + " done");
  for (const KeyDelta& delta : window_->deltas) {
    const bool done = CanaryIs(Canary::kReplayResumesOneEarly) ? delta.key < marker_.replay->done
                                                               : delta.key <= marker_.replay->done;
    if (marker_.replay->keys_done > 0 && done) {
      continue;
    }
    TS_RETURN_IF_ERROR(Step(delta));
    if (lane_->windows->stopping()) {
      return Status::Unavailable("the engine is closing; the key replay goes on at the next open");
    }
  }
  return Finish();
}

Status KeyReplay::Step(const KeyDelta& delta) {
  Marker progress = marker_;
  progress.replay->done = delta.key;
  ++progress.replay->keys_done;
  Status status = Write(&delta, progress);
  if (!status.ok()) {
    if (RemedyFor(status) == Remedy::kStandStill) {
      return status;
    }
    if (RemedyFor(status) == Remedy::kRepeat) {
      // Retries are used up and nothing says that the data is at fault: never a dead letter.
      return Status::Unavailable("the store keeps refusing for a passing cause: " +
                                 status.message());
    }
    return Reject(delta, status);
  }
  marker_ = std::move(progress);
  core_->metrics.drain.keys_replayed.Add(1);
  Report(delta, {});
  return Status::Ok();
}

Status KeyReplay::Reject(const KeyDelta& delta, const Status& cause) {
  Marker progress = marker_;
  progress.replay->done = delta.key;
  ++progress.replay->keys_done;
  progress.replay->rejected.push_back({delta.key, cause.message().substr(0, kCauseBytesMax)});
  Status status = Write(nullptr, progress);
  if (!status.ok()) {
    return RemedyFor(status) == Remedy::kStandStill
               ? status
               : Status::Unavailable("the store refuses the progress marker: " + status.message());
  }
  marker_ = std::move(progress);
  core_->metrics.drain.keys_replayed.Add(1);
  core_->metrics.drain.keys_rejected.Add(1);
  Report(delta, marker_.replay->rejected.back().cause);
  return Status::Ok();
}

Status KeyReplay::Write(const KeyDelta* delta, const Marker& progress) {
  return WriteWithRetries(
      core_, lane_, [&] { return lane_->store->ApplyKey(delta, progress); },
      [&](bool* there) {
        Marker now;
        TS_RETURN_IF_ERROR(lane_->store->ReadMarker(&now));
        *there = now == progress;
        return Status::Ok();
      });
}

Status KeyReplay::Finish() {
  std::unique_ptr<StoreView> view;
  TS_RETURN_IF_ERROR(lane_->store->NewView(&view));
  TS_RETURN_IF_ERROR(RejectKeys(
      marker_.replay->rejected,
      [&](StockKey key, StoredItem* item) { return FindStoredItem(view.get(), key, item); },
      window_));
  view.reset();
  Marker done = marker_;
  done.applied = window_->last;
  done.replay.reset();
  Status status = WriteWithRetries(
      core_, lane_, [&] { return lane_->store->ApplyRest(*window_, done); },
      [&](bool* there) {
        Marker now;
        TS_RETURN_IF_ERROR(lane_->store->ReadMarker(&now));
        *there = now == done;
        return Status::Ok();
      });
  if (status.Is(StatusCode::kRejected)) {
    return Status::Unavailable(
        "the store refuses what is no balance, and that makes no dead letters: " +
        status.message() + ": drop it: the import goes on by itself");
  }
  if (!status.ok() && RemedyFor(status) != Remedy::kStandStill) {
    return Status::Unavailable("the store refuses the end of a key replay: " + status.message());
  }
  if (status.ok()) {
    uint64_t lines = 0;
    for (const auto& [lsn, rejected] : window_->rejected_lines) {
      lines += rejected.size();
    }
    core_->metrics.drain.lines_rejected.Add(lines);
    core_->metrics.ingest.dead_letters_booked.Add(lines);
  }
  return status;
}

void KeyReplay::Report(const KeyDelta& delta, std::string_view cause) {
  const Tenant* tenant = core_->tenants.Find(delta.key.tenant);
  ReplayKeyEvent event;
  event.tenant = tenant == nullptr ? std::string_view{} : tenant->name;
  event.item = delta.key.item;
  event.index = marker_.replay->keys_done - 1;
  event.count = window_->deltas.size();
  event.rejected = !cause.empty();
  event.cause = cause;
  core_->Log(event.rejected ? LogLevel::kError : LogLevel::kInfo,
             "key replay: key " + std::to_string(event.index + 1) + " of " +
                 std::to_string(event.count) + ", tenant '" + std::string(event.tenant) +
                 "' item " + std::to_string(event.item) +
                 (event.rejected ? ": refused: " + std::string(cause) : ": booked"));
  if (core_->options.listener != nullptr) {
    core_->options.listener->OnReplayKey(event);
  }
}

}  // namespace

Status ReplayKeys(Core* core, Lane* lane, const Marker& marker, SortedWindow* window) {
  return KeyReplay(core, lane, marker, window).Run();
}

}  // namespace tallystone
