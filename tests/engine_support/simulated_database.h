// SimulatedDatabase: an engine whose log and store stand on one simulated disk.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <rocksdb/env.h>

#include "store_support/fault_store.h"
#include "support/fault_file_system.h"
#include "tallystone/engine.h"

namespace tallystone::testing {

class SimulatedDatabase {
 public:
  explicit SimulatedDatabase(std::unique_ptr<FaultFileSystem> disk);

  [[nodiscard]] FaultFileSystem* disk() const { return disk_.get(); }

  // What every store gets before the engine sees it: an engine may replay while it opens.
  void PrepareStores(std::function<void(FaultStore*)> prepare) { prepare_ = std::move(prepare); }

  // A RocksStore behind a FaultStore. The engine must go before this.
  Status Open(const Options& options, std::unique_ptr<Engine>* engine);

  // The state digest if everything is sound, else what is wrong, after "unsound: ". No engine may
  // be open.
  [[nodiscard]] std::string SoundDigest() const;

 private:
  std::unique_ptr<FaultFileSystem> disk_;
  std::unique_ptr<rocksdb::Env> env_;
  std::function<void(FaultStore*)> prepare_;
};

}  // namespace tallystone::testing
