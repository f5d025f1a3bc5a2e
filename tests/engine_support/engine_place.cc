#include "engine_support/engine_place.h"

#include <utility>

#include "engine_support/sound_digest.h"
#include "support/status_matchers.h"

namespace tallystone::testing {
namespace {

void FailForGood(FaultStore* faults) {
  faults->FailWrites(1'000'000, Status::IoError("the test pulled the plug"));
}

}  // namespace

void EmbeddedPlace::PullThePlug() {
  FailForGood(faults_);
}

Status MemoryPlace::Open(const Options& options, std::unique_ptr<Engine>* engine) {
  auto store = std::make_unique<FaultStore>(std::make_unique<MemoryStore>(disk_));
  faults_ = store.get();
  Parts parts;
  parts.store = std::move(store);
  return EngineImpl::OpenWith(options, directory_.database(), std::move(parts), engine);
}

void MemoryPlace::PullThePlug() {
  FailForGood(faults_);
}

std::string MemoryPlace::SoundDigest() {
  MemoryStore store(disk_);
  std::vector<std::unique_ptr<StoreView>> views(1);
  EXPECT_OK(store.NewView(&views.front()));
  return SoundDigestOf(std::move(views));
}

CutServersPlace::CutServersPlace(uint64_t seed, size_t servers) : random_(seed) {
  for (size_t server = 0; server < servers; ++server) {
    disks_.push_back(std::make_shared<TenantwiseDisk>());
    disks_.back()->server_id = std::to_string(random_.Bits());
  }
}

Status CutServersPlace::Open(const Options& options, std::unique_ptr<Engine>* engine) {
  Options patient = options;
  patient.store_retries_max = 100;
  patient.store_retry_delay_ms = 0;
  Parts parts;
  for (const auto& disk : disks_) {
    auto store = std::make_unique<TenantwiseStore>(disk);
    auto cuts = std::make_shared<test::RandomSource>(random_.Bits());
    store->CutBy([cuts] {
      return cuts->OneIn(4)   ? TenantwiseStore::Cut::kBefore
             : cuts->OneIn(4) ? TenantwiseStore::Cut::kAfter
                              : TenantwiseStore::Cut::kNone;
    });
    parts.servers.emplace_back("server " + std::to_string(parts.servers.size()), std::move(store));
  }
  return EngineImpl::OpenWith(patient, directory_.database(), std::move(parts), engine);
}

std::string CutServersPlace::SoundDigest() {
  std::vector<std::unique_ptr<StoreView>> views;
  for (const auto& disk : disks_) {
    EXPECT_OK(TenantwiseStore(disk).NewView(&views.emplace_back()));
  }
  return SoundDigestOf(std::move(views));
}

}  // namespace tallystone::testing
