// Core: the parts of an open engine that its rooms share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "batchlog/batch_log.h"
#include "ingest/lane.h"
#include "ingest/tenants.h"
#include "model/metrics.h"
#include "store/store.h"
#include "tallystone/options.h"

namespace tallystone {

// Made by recovery, in the order of the members; taken apart in the other.
struct Core {
  explicit Core(const Options& engine_options)
      : options(engine_options), tenants(options.items_max, [this](std::string_view name) {
          return LaneForNewTenant(lanes, name);
        }) {}

  void Log(LogLevel level, std::string_view message) const {
    if (options.logger != nullptr) {
      options.logger->Log(level, message);
    }
  }

  const Options options;
  std::string path;
  std::string database_id;
  Metrics metrics;
  std::unique_ptr<FileLock> lock;
  Lanes lanes;
  Tenants tenants;
  std::unique_ptr<BatchLog> log;

  // Held shared while views of several stores are made, exclusively while one of them forgets a
  // tenant.
  std::shared_mutex routes;

  // Held shared by every call, exclusively by Close, which takes log and store away.
  std::shared_mutex calls;
  std::atomic<bool> closed = false;  // set before Close waits for the calls under way
};

// The tenant's store as it is now, wherever the tenant is.
inline Status NewViewOf(Core* core, const Tenant& tenant, std::unique_ptr<StoreView>* view) {
  const std::shared_lock routes(core->routes);
  return tenant.store()->NewView(view);
}

// One call into an engine: while it lives and status() was OK, Close waits. Must not be nested.
class CoreCall {
 public:
  explicit CoreCall(Core* core) : core_(core), lock_(core->calls, std::defer_lock) {
    if (!core_->closed) {
      lock_.lock();
    }
  }
  [[nodiscard]] Status status() const {
    return core_->closed ? Status::Unavailable("the engine is closed") : Status::Ok();
  }

 private:
  Core* const core_;
  std::shared_lock<std::shared_mutex> lock_;
};

}  // namespace tallystone
