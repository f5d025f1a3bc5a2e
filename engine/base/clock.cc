#include "base/clock.h"

#include <chrono>

namespace tallystone {
namespace {

template <typename Clock>
uint64_t Micros() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
          .count());
}

}  // namespace

uint64_t NowMicros() {
  return Micros<std::chrono::system_clock>();
}

uint64_t MonotonicMicros() {
  return Micros<std::chrono::steady_clock>();
}

}  // namespace tallystone
