// EnginePlace: where engines of a test stand, one after the other, on one kind of store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine_support/engine_fixture.h"
#include "model/random_source.h"
#include "store/memory/memory_store.h"
#include "store_support/tenantwise_store.h"

namespace tallystone::testing {

// Not thread-safe. The engine must go before its place.
class EnginePlace {
 public:
  virtual ~EnginePlace() = default;

  // An engine on what the one before has left.
  virtual Status Open(const Options& options, std::unique_ptr<Engine>* engine) = 0;
  // From now on, nothing that the open engine writes reaches its store.
  virtual void PullThePlug() {}
  // While no engine is open: the state digest of what is in the store; "" and a failure of the test
  // if it is not sound.
  virtual std::string SoundDigest() = 0;
};

// The store inside the directory, behind faults.
class EmbeddedPlace final : public EnginePlace {
 public:
  Status Open(const Options& options, std::unique_ptr<Engine>* engine) override {
    return directory_.Open(options, engine, &faults_);
  }
  void PullThePlug() override;
  std::string SoundDigest() override { return directory_.SoundDigest(); }

 private:
  EngineDirectory directory_;
  FaultStore* faults_ = nullptr;  // of the open engine
};

// A store in memory, behind faults.
class MemoryPlace final : public EnginePlace {
 public:
  Status Open(const Options& options, std::unique_ptr<Engine>* engine) override;
  void PullThePlug() override;
  std::string SoundDigest() override;

 private:
  EngineDirectory directory_;
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  FaultStore* faults_ = nullptr;
};

// So many stores in memory whose transactions do not cross tenants, and whose connections are cut
// at random.
class CutServersPlace final : public EnginePlace {
 public:
  CutServersPlace(uint64_t seed, size_t servers);
  Status Open(const Options& options, std::unique_ptr<Engine>* engine) override;
  std::string SoundDigest() override;

 private:
  test::RandomSource random_;
  EngineDirectory directory_;
  std::vector<std::shared_ptr<TenantwiseDisk>> disks_;
};

}  // namespace tallystone::testing
