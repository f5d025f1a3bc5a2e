#include "engine_support/simulated_database.h"

#include "api/engine_impl.h"
#include "ingest/database_directory.h"
#include "inspect/open_inspector.h"
#include "store/rocks/rocks_store.h"
#include "support/rocks_files.h"

namespace tallystone::testing {
namespace {

constexpr char kPath[] = "stock.db";

}  // namespace

SimulatedDatabase::SimulatedDatabase(std::unique_ptr<FaultFileSystem> disk)
    : disk_(std::move(disk)), env_(NewRocksEnv(disk_.get())) {}

Status SimulatedDatabase::Open(const Options& options, std::unique_ptr<Engine>* engine) {
  Status status = MakeDatabaseDirectory(disk_.get(), kPath);
  RocksStoreOptions store_options;
  store_options.path = StorePath(kPath);
  store_options.create = true;
  store_options.ingest_lines_min = options.ingest_lines_min;
  store_options.block_cache_bytes = 1u << 20;
  store_options.file_system = disk_.get();
  store_options.env = env_.get();
  std::unique_ptr<Store> store;
  if (status.ok()) {
    status = RocksStore::Open(store_options, &store);
  }
  if (!status.ok()) {
    return status;
  }
  auto failing = std::make_unique<FaultStore>(std::move(store));
  if (prepare_) {
    prepare_(failing.get());
  }
  Parts parts;
  parts.file_system = disk_.get();
  parts.store = std::move(failing);
  return EngineImpl::OpenWith(options, kPath, std::move(parts), engine);
}

std::string SimulatedDatabase::SoundDigest() const {
  std::unique_ptr<Inspector> inspector;
  VerifyReport report;
  DatabaseStatus state;
  Status status = OpenInspector({}, kPath, disk_.get(), env_.get(), &inspector);
  if (status.ok()) {
    status = inspector->Verify(nullptr, &report);
  }
  if (status.ok()) {
    status = inspector->GetStatus(nullptr, &state);
  }
  if (!status.ok()) {
    return "unsound: " + status.ToString();
  }
  return report.sound ? state.state_digest : "unsound: " + report.findings.front().what;
}

}  // namespace tallystone::testing
