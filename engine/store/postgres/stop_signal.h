// StopSignal: somebody no longer wants to wait for a server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tallystone::postgres {

// Thread-safe.
class StopSignal {
 public:
  // How often who waits looks.
  static constexpr std::chrono::milliseconds kStep{200};
  // A server that answers is still given this long to take what is under way.
  static constexpr std::chrono::milliseconds kGrace{1000};

  // Not owned; null: never.
  explicit StopSignal(const std::atomic<bool>* flag) : flag_(flag) {}

  [[nodiscard]] bool possible() const { return flag_ != nullptr; }

  // Whether who has waited for `silent` without a byte is to give up.
  bool Ends(std::chrono::milliseconds silent) {
    if (flag_ == nullptr || !flag_->load(std::memory_order_relaxed)) {
      return false;
    }
    const int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::steady_clock::now().time_since_epoch())
                            .count();
    int64_t seen = 0;
    if (seen_at_ms_.compare_exchange_strong(seen, now)) {
      seen = now;
    }
    return silent >= kStep && now - seen >= kGrace.count();
  }

 private:
  const std::atomic<bool>* const flag_;
  std::atomic<int64_t> seen_at_ms_ = 0;  // 0 = not yet
};

}  // namespace tallystone::postgres
