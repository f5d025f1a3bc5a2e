// An engine in a directory of its own, with a store that fails as told.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <gtest/gtest.h>

#include "api/engine_impl.h"
#include "ingest/database_directory.h"
#include "store/rocks/rocks_store.h"
#include "store_support/fault_store.h"
#include "tallystone/inspector.h"

namespace tallystone::testing {

// Not thread-safe.
class EngineDirectory {
 public:
  EngineDirectory() : root_(::testing::TempDir() + "/tallystone-engine-XXXXXX") {
    if (mkdtemp(root_.data()) == nullptr) {
      ADD_FAILURE() << "cannot make " << root_;
    }
  }
  ~EngineDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  EngineDirectory(const EngineDirectory&) = delete;
  EngineDirectory& operator=(const EngineDirectory&) = delete;

  [[nodiscard]] std::string database() const { return root_ + "/stock.db"; }

  // Opens an engine whose RocksStore stands behind a FaultStore. *faults belongs to the engine.
  Status Open(const Options& options, std::unique_ptr<Engine>* engine, FaultStore** faults) const {
    std::error_code ignored;
    std::filesystem::create_directories(database(), ignored);
    RocksStoreOptions store_options;
    store_options.path = StorePath(database());
    store_options.create = true;
    store_options.ingest_lines_min = options.ingest_lines_min;
    std::unique_ptr<Store> store;
    Status status = RocksStore::Open(store_options, &store);
    if (!status.ok()) {
      return status;
    }
    auto failing = std::make_unique<FaultStore>(std::move(store));
    *faults = failing.get();
    if (prepare_) {
      prepare_(failing.get());
    }
    Parts parts;
    parts.store = std::move(failing);
    return EngineImpl::OpenWith(options, database(), std::move(parts), engine);
  }

  // What every store gets before the engine sees it: an engine may replay while it opens.
  void PrepareStores(std::function<void(FaultStore*)> prepare) { prepare_ = std::move(prepare); }

  // The digest of what is there now; "" and a test failure if it is not sound.
  [[nodiscard]] std::string SoundDigest() const {
    std::unique_ptr<Inspector> inspector;
    Status status = Inspector::Open({}, database(), &inspector);
    VerifyReport report;
    DatabaseStatus state;
    if (status.ok()) {
      status = inspector->Verify(nullptr, &report);
    }
    if (status.ok()) {
      status = inspector->GetStatus(nullptr, &state);
    }
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_TRUE(report.sound);
    for (const VerifyFinding& finding : report.findings) {
      ADD_FAILURE() << finding.what << " (batch '" << finding.batch << "')";
    }
    return report.sound ? state.state_digest : "";
  }

 private:
  std::string root_;
  std::function<void(FaultStore*)> prepare_;
};

// Options under which nothing drains unless it is asked for.
inline Options QuietOptions() {
  Options options;
  options.window_age_ms_max = 0;
  options.log_segment_bytes = 256u << 10;
  options.store_retry_delay_ms = 1;
  return options;
}

}  // namespace tallystone::testing
