// The two clocks. Neither takes part in a decision that recovery would have to repeat (law L11).
#pragma once

#include <cstdint>

namespace tallystone {

// Wall clock, microseconds since 1970 UTC. May jump.
uint64_t NowMicros();

// Microseconds since some moment in the past; never goes back. For durations.
uint64_t MonotonicMicros();

}  // namespace tallystone
