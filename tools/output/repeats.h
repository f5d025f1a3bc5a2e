// Repeats: messages that would come again and again while a trouble lasts.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace tallystone::tool {

// Says of a message whether it is to be shown: the first time, then as a reminder once in
// kReminder, however often it comes and whatever comes between. Remembers up to kMessagesMax.
// [Threading] Any thread.
class Repeats {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kReminder{60};
  static constexpr size_t kMessagesMax = 256;

  bool IsToBeShown(std::string_view message, Time now);
  // The trouble is over: what comes now is shown.
  void Forget();

 private:
  std::mutex mutex_;
  std::map<std::string, Time, std::less<>> shown_;  // and when
};

}  // namespace tallystone::tool
