#include "output/repeats.h"

namespace tallystone::tool {

bool Repeats::IsToBeShown(std::string_view message, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = shown_.find(message);
  if (found != shown_.end()) {
    const bool due = now - found->second >= kReminder;
    found->second = due ? now : found->second;
    return due;
  }
  if (shown_.size() == kMessagesMax) {
    shown_.clear();
  }
  shown_.emplace(message, now);
  return true;
}

void Repeats::Forget() {
  const std::lock_guard lock(mutex_);
  shown_.clear();
}

}  // namespace tallystone::tool
