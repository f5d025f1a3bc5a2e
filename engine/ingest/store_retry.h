// What to do about a Status of the store (DESIGN 4.6).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

#include "base/canary.h"
#include "base/clock.h"
#include "ingest/core.h"
#include "tallystone/status.h"

namespace tallystone {

enum class Remedy : uint8_t {
  kRepeat,     // transient: try again after a while; the marker tells whether it had worked
  kReplay,     // local to the data: key by key
  kStandStill  // the environment: wait for repair; the data is good
};

inline Remedy RemedyFor(const Status& status) {
  switch (status.code()) {
    case StatusCode::kTryAgain:
    case StatusCode::kBusy:
      return Remedy::kRepeat;
    case StatusCode::kRejected:
    case StatusCode::kInvalidArgument:
      return Remedy::kReplay;
    default:
      return Remedy::kStandStill;
  }
}

inline constexpr std::chrono::milliseconds kRetryDelayMax(1000);

// Calls `write` until it is OK, fails for something else than a transient cause, retries_max
// repetitions are used up, or nobody waits any more (Options::stop_waiting). Before each repetition
// waits and asks `settled`, which reads the marker: true = the write that seemed to fail is there.
// The wait is random between nothing and a bound that doubles ("full jitter", M. Brooker,
// Exponential Backoff and Jitter, 2015): writers that met once do not meet again.
template <typename Write, typename Settled>
Status WriteWithRetries(Core* core, Lane* lane, const Write& write, const Settled& settled) {
  std::chrono::milliseconds delay(core->options.store_retry_delay_ms);
  std::minstd_rand random(static_cast<uint32_t>(MonotonicMicros()));
  for (uint32_t retry = 0;; ++retry) {
    Status status = write();
    if (status.ok() || RemedyFor(status) != Remedy::kRepeat) {
      return status;
    }
    if (core->options.stop_waiting != nullptr && *core->options.stop_waiting) {
      return status;  // the next open settles it
    }
    core->metrics.drain.store_retries.Add(1);
    core->Log(LogLevel::kWarning, lane->Prefix() + "store: " + status.ToString() + " (attempt " +
                                      std::to_string(retry + 1) + ")");
    lane->windows->Pause(std::chrono::milliseconds(
        std::uniform_int_distribution<int64_t>(0, delay.count())(random)));
    delay = std::min(delay * 2, kRetryDelayMax);
    bool there = false;
    Status read = CanaryIs(Canary::kRetryWithoutMarker) ? Status::Ok() : settled(&there);
    if (!read.ok() || there) {
      return read;
    }
    if (retry >= core->options.store_retries_max) {
      return status;
    }
  }
}

}  // namespace tallystone
