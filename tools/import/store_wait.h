// StoreWait: what a person at a terminal sees while all is logged and the store takes it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "output/progress.h"
#include "tallystone/engine.h"

namespace tallystone::tool {

// From a second after it was made until it goes, says how far the store is, beside a call into the
// engine that waits for it. Silent unless stderr is a terminal.
class StoreWait {
 public:
  // The engine is not owned.
  explicit StoreWait(const Engine* engine);
  ~StoreWait();
  StoreWait(const StoreWait&) = delete;
  StoreWait& operator=(const StoreWait&) = delete;

 private:
  void Run();

  const Engine* const engine_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  // with mutex_
  std::thread thread_;
};

}  // namespace tallystone::tool
