// CrashExplorer: enumerates the crashes of a scenario, of its recovery, and of the recovery of its
// recovery, in the manner of SQLite's and ALICE's crash tests.
//
// The scenario runs once. Before every operation that changes something on the disk (write, sync,
// truncate, creation, rename, link, removal, sync of a directory, of log and RocksDB alike) the
// disk is copied. From each copy several crashes follow: all that was not synced is lost, or
// nothing is, or any part of it (sectors of writes and changes of names, each by itself). After
// each crash the database is opened, compared with the slow program, given the whole scenario
// again, and must end sound and with the digest of the run that was never interrupted.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "crash/scenario.h"

namespace tallystone::testing {

struct ExplorerOptions {
  uint64_t seed = 1;
  int parts = 2;  // crashes at each boundary at which some of what was not synced survives
  // Every n-th boundary of the scenario, of the recovery, and of the second recovery. 0 = none.
  uint64_t stride = 1;
  uint64_t recovery_stride = 0;
  uint64_t second_recovery_stride = 0;
};

struct ExplorerReport {
  uint64_t boundaries = 0;        // of the scenario
  uint64_t crashes = 0;           // distinct states of the disk after a crash of the scenario,
  uint64_t recovery_crashes = 0;  // of its recovery,
  uint64_t second_recovery_crashes = 0;  // of the recovery of the recovery
  std::vector<std::string> failures;     // the first few
};

// Uses two threads.
class CrashExplorer {
 public:
  CrashExplorer(const Scenario& scenario, const ExplorerOptions& options);

  ExplorerReport Run();

 private:
  struct Boundary {
    std::unique_ptr<FaultFileSystem> disk;
    size_t acknowledged = 0;
    std::string where;
  };

  // Runs the scenario and keeps the disk as it is before each change.
  std::vector<Boundary> Record();
  void Explore(const Boundary& boundary, int depth);
  void Crash(const Boundary& boundary, int depth, FaultFileSystem::Keep keep, uint64_t seed);
  void ExploreRecovery(const Boundary& crashed, int depth);
  std::string RecoverAndCheck(const Boundary& crashed);
  // False: this state was seen before. Counts it.
  bool IsNew(const FaultFileSystem& disk, size_t acknowledged, int depth);
  void Fail(const std::string& where, const std::string& why);

  const Scenario scenario_;
  const ExplorerOptions options_;
  std::string digest_;
  std::mutex mutex_;
  std::unordered_set<uint64_t> seen_;
  ExplorerReport report_;
};

}  // namespace tallystone::testing
