// The stores that need nothing but files, for the tests that every store must pass.
#include <gtest/gtest.h>

#include "store/memory/memory_store.h"
#include "store/rocks/rocks_store.h"
#include "store/scratch_directory.h"
#include "store_support/store_conformance.h"

namespace tallystone::testing {
namespace {

class MemoryHome : public StoreHome {
 public:
  Status Open(std::unique_ptr<Store>* store) override {
    *store = std::make_unique<MemoryStore>(disk_);
    return Status::Ok();
  }

 private:
  const std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
};

class RocksHome : public StoreHome {
 public:
  explicit RocksHome(size_t ingest_lines_min) {
    options_.path = scratch_.File("store");
    options_.create = true;
    options_.ingest_lines_min = ingest_lines_min;
  }
  Status Open(std::unique_ptr<Store>* store) override { return RocksStore::Open(options_, store); }

 private:
  const ScratchDirectory scratch_;
  RocksStoreOptions options_;
};

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreTest,
    ::testing::Values(
        StoreKind{"Memory", false, [] { return std::make_unique<MemoryHome>(); }},
        StoreKind{"RocksWrite", false, [] { return std::make_unique<RocksHome>(SIZE_MAX); }},
        StoreKind{"RocksIngest", true, [] { return std::make_unique<RocksHome>(0); }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace tallystone::testing
