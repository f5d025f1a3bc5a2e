#include "crash/crash_explorer.h"

#include <array>
#include <atomic>
#include <thread>
#include <utility>

namespace tallystone::testing {
namespace {

using Keep = FaultFileSystem::Keep;

constexpr size_t kFailuresMax = 5;
constexpr int kThreads = 2;

bool Changes(FileOperation operation) {
  return operation != FileOperation::kRead && operation != FileOperation::kOpen;
}

const char* NameOf(FileOperation operation) {
  constexpr std::array<const char*, 11> kNames = {
      "write", "sync",   "truncate",          "create",           "rename",
      "link",  "remove", "sync of directory", "create directory", "read",
      "open"};
  return kNames.at(static_cast<size_t>(operation));
}

}  // namespace

CrashExplorer::CrashExplorer(const Scenario& scenario, const ExplorerOptions& options)
    : scenario_(scenario), options_(options) {}

void CrashExplorer::Fail(const std::string& where, const std::string& why) {
  std::lock_guard lock(mutex_);
  if (report_.failures.size() < kFailuresMax) {
    report_.failures.push_back(scenario_.name + ", " + where + ": " + why);
  }
}

bool CrashExplorer::IsNew(const FaultFileSystem& disk, size_t acknowledged, int depth) {
  const uint64_t state = (disk.Fingerprint() ^ acknowledged) * 8 + static_cast<uint64_t>(depth);
  std::lock_guard lock(mutex_);
  if (!seen_.insert(state).second) {
    return false;
  }
  ++(depth == 0   ? report_.crashes
     : depth == 1 ? report_.recovery_crashes
                  : report_.second_recovery_crashes);
  return true;
}

std::vector<CrashExplorer::Boundary> CrashExplorer::Record() {
  std::vector<Boundary> boundaries;
  std::atomic<size_t> acknowledged = 0;
  SimulatedDatabase database(std::make_unique<FaultFileSystem>());
  database.disk()->SetHook([&](FileOperation operation, const std::string& path) {
    if (Changes(operation)) {
      std::lock_guard lock(mutex_);
      const size_t done = acknowledged;
      boundaries.push_back({database.disk()->Copy(), done,
                            "before operation " + std::to_string(boundaries.size()) + " (" +
                                NameOf(operation) + " " + path + "), step " +
                                std::to_string(done)});
    }
    return Status::Ok();
  });
  ScenarioRun run(&scenario_, &database);
  Status status = run.Open();
  for (const Step& step : scenario_.steps) {
    if (status.ok()) {
      status = run.Run(step);
    }
    ++acknowledged;
  }
  if (status.ok()) {
    const std::string wrong = CheckAgainstModel(scenario_, scenario_.steps.size(), run.engine());
    status = wrong.empty() ? run.Close() : Status::Corruption(wrong);
  }
  run.Abandon();
  database.disk()->SetHook(nullptr);
  digest_ = database.SoundDigest();
  if (!status.ok() || digest_.rfind("unsound", 0) == 0) {
    Fail("uninterrupted", status.ToString() + " " + digest_);
    boundaries.clear();
  }
  boundaries.push_back({database.disk()->Copy(), scenario_.steps.size(), "at the end"});
  return boundaries;
}

std::string CrashExplorer::RecoverAndCheck(const Boundary& crashed) {
  SimulatedDatabase database(crashed.disk->Copy());
  ScenarioRun run(&scenario_, &database);
  Status status = run.Open();
  if (!status.ok()) {
    return "cannot be opened: " + status.ToString();
  }
  const std::string wrong = CheckAgainstModel(scenario_, crashed.acknowledged, run.engine());
  if (!wrong.empty()) {
    return wrong;
  }
  for (const Step& step : scenario_.steps) {
    status = run.Run(step);
    if (!status.ok()) {
      return "sent again: " + status.ToString();
    }
  }
  status = run.Close();
  if (!status.ok()) {
    return "closing: " + status.ToString();
  }
  const std::string digest = database.SoundDigest();
  return digest == digest_ ? "" : "ends with " + digest + " instead of " + digest_;
}

void CrashExplorer::ExploreRecovery(const Boundary& crashed, int depth) {
  const uint64_t stride = depth == 0 ? options_.recovery_stride : options_.second_recovery_stride;
  if (depth > 1 || stride == 0) {
    return;
  }
  std::vector<Boundary> boundaries;
  std::mutex mutex;
  {
    SimulatedDatabase database(crashed.disk->Copy());
    uint64_t operations = std::hash<std::string>{}(crashed.where) % stride;
    database.disk()->SetHook([&](FileOperation operation, const std::string& path) {
      std::lock_guard lock(mutex);
      if (Changes(operation) && operations++ % stride == 0) {
        boundaries.push_back(
            {database.disk()->Copy(), crashed.acknowledged,
             crashed.where + ", then before " + NameOf(operation) + " " + path + " of recovery"});
      }
      return Status::Ok();
    });
    ScenarioRun run(&scenario_, &database);
    const Status status = run.Open();
    if (!status.ok()) {
      Fail(crashed.where, "recovery: " + status.ToString());
    }
    database.disk()->SetHook(nullptr);
  }
  for (const Boundary& boundary : boundaries) {
    Explore(boundary, depth + 1);
  }
}

void CrashExplorer::Crash(const Boundary& boundary, int depth, Keep keep, uint64_t seed) {
  Boundary crashed{boundary.disk->Copy(), boundary.acknowledged, boundary.where};
  crashed.disk->Crash(keep, seed);
  crashed.where += keep == Keep::kNothing      ? ", nothing unsynced is left"
                   : keep == Keep::kEverything ? ", all is left"
                                               : ", part " + std::to_string(seed) + " is left";
  if (!IsNew(*crashed.disk, crashed.acknowledged, depth)) {
    return;
  }
  const std::string wrong = RecoverAndCheck(crashed);
  if (!wrong.empty()) {
    Fail(crashed.where, wrong);
    return;
  }
  ExploreRecovery(crashed, depth);
}

void CrashExplorer::Explore(const Boundary& boundary, int depth) {
  const uint64_t seed = options_.seed * 1000 + std::hash<std::string>{}(boundary.where) % 997;
  if (depth == 0) {
    Crash(boundary, depth, Keep::kNothing, 0);
    Crash(boundary, depth, Keep::kEverything, 0);
    for (int part = 0; part < options_.parts; ++part) {
      Crash(boundary, depth, Keep::kSome, seed + static_cast<uint64_t>(part) * 7919);
    }
    return;
  }
  // One of the three in turn: the boundaries of recoveries are many.
  constexpr std::array<Keep, 3> kKeeps = {Keep::kNothing, Keep::kSome, Keep::kEverything};
  Crash(boundary, depth, kKeeps[seed % kKeeps.size()], seed);
}

ExplorerReport CrashExplorer::Run() {
  std::vector<Boundary> boundaries = Record();
  report_.boundaries = boundaries.size();
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (size_t index = 0; (index = next.fetch_add(options_.stride)) < boundaries.size();) {
        Explore(boundaries[index], 0);
        boundaries[index].disk.reset();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return report_;
}

}  // namespace tallystone::testing
