// Canaries: mistakes put in on purpose, to prove that the tests would notice them.
//
// With the CMake option TALLYSTONE_CANARIES (the tests' builds), the environment variable
// TALLYSTONE_CANARY names one mistake that this process makes. Without the option, which is how
// everything is built that is installed, CanaryIs is a constant and nothing of this is left.
#pragma once

#include <cstdint>

#ifdef TALLYSTONE_CANARIES
#include <cstdlib>
#include <cstring>
#endif

namespace tallystone {

enum class Canary : uint8_t {
  kMarkerOutsideTheBatch,  // the marker is written after the window, not with it
  kSyncSkipped,            // the log says durable without a sync
  kRetryWithoutMarker,     // a store write is repeated without asking whether it is there
  kReplayResumesOneEarly,  // the key at the progress marker is booked again
  kStaleRecordAccepted,    // records of a segment's earlier use look like new ones
  kOverflowWraps,          // a balance above the bound is booked
  kDeadLetterForgotten,    // a line that fails leaves no dead letter
  kResendBookedAgain,      // a batch that is there is taken for new
  kMoveBeginsAgain,        // an interrupted move of lines forgets what it moved
};

#ifdef TALLYSTONE_CANARIES
inline bool CanaryIs(Canary canary) {
  static const int chosen = [] {
    constexpr const char* kNames[] = {
        "marker_outside_the_batch", "sync_skipped",          "retry_without_marker",
        "replay_resumes_one_early", "stale_record_accepted", "overflow_wraps",
        "dead_letter_forgotten",    "resend_booked_again",   "move_begins_again"};
    const char* name = std::getenv("TALLYSTONE_CANARY");
    int number = 0;
    for (const char* known : kNames) {
      if (name != nullptr && std::strcmp(name, known) == 0) {
        return number;
      }
      ++number;
    }
    return -1;
  }();
  return chosen == static_cast<int>(canary);
}
#else
constexpr bool CanaryIs(Canary /*canary*/) {
  return false;
}
#endif

}  // namespace tallystone
