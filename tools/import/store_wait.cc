#include "import/store_wait.h"

#include <chrono>
#include <string>

#include "output/terminal.h"

namespace tallystone::tool {
namespace {

constexpr std::chrono::milliseconds kBegin(1000);
constexpr std::chrono::milliseconds kInterval(200);

}  // namespace

StoreWait::StoreWait(const Engine* engine) : engine_(engine) {
  if (IsTerminal(2)) {
    thread_ = std::thread([this] { Run(); });
  }
}

StoreWait::~StoreWait() {
  if (!thread_.joinable()) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

void StoreWait::Run() {
  Progress progress("all is logged; waiting for the store");
  std::unique_lock lock(mutex_);
  const auto stopping = [this] { return stopping_; };
  for (auto pause = kBegin; !stopped_.wait_for(lock, pause, stopping); pause = kInterval) {
    const EngineStats stats = engine_->stats();
    progress.Step("LSN " + std::to_string(stats.applied_lsn) + " of " +
                  std::to_string(stats.logged_lsn));
  }
}

}  // namespace tallystone::tool
