// Damage at rest, in every file of a database: either it is refused, or verify names it, or it did
// no harm; never a wrong answer, never the end of the host (law L10). How much, the environment
// says:
//   TALLYSTONE_DAMAGE=long    more places in each file
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "crash/scenario.h"
#include "model/random_source.h"

namespace tallystone::testing {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kHeaderBytes = 64;
// Most trials wait: RocksDB sleeps for a second after a compaction that failed.
constexpr int kThreads = 8;

bool Long() {
  const char* how = std::getenv("TALLYSTONE_DAMAGE");
  return how != nullptr && std::string_view(how) == "long";
}

std::string NameOf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// "log segment", "free segment", "SST", "MANIFEST", ...
std::string KindOf(const std::string& path) {
  const std::string name = NameOf(path);
  const auto ends = [&](std::string_view end) {
    return name.size() >= end.size() && name.substr(name.size() - end.size()) == end;
  };
  if (path.find("/store/db/") == std::string::npos) {
    return name.rfind("free-", 0) == 0 ? "free segment" : ends(".log") ? "log segment" : name;
  }
  if (ends(".sst")) {
    return "SST";
  }
  return ends(".log") ? "RocksDB log" : name.substr(0, name.find('-'));
}

struct Trial {
  std::string path;
  std::string damage;  // the first word is its kind
  std::function<void(FaultFileSystem*)> harm;
};

struct Outcomes {
  uint64_t refused = 0;   // by open
  uint64_t named = 0;     // by verify
  uint64_t torn = 0;      // reported as an unfinished end of the log
  uint64_t harmless = 0;  // same digest
  uint64_t silent = 0;
};

// A trial that does not end is a failure with a name: what waits for ever hangs the host.
class Watchdog {
 public:
  explicit Watchdog(std::string what) : what_(std::move(what)) {
    thread_ = std::thread([this] {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, kTrialMax, [this] { return done_; })) {
        std::cerr << what_ << ": not answered within " << kTrialMax.count() << " s\n";
        std::abort();
      }
    });
  }
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  static constexpr std::chrono::seconds kTrialMax{60};
  const std::string what_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

class DamageTest : public ::testing::Test {
 protected:
  // Windows by WriteBatch and by ingest, dead letters, a retry, an unfinished batch, and a tail in
  // the log of a process that was killed.
  void SetUp() override {
    Scenario scenario = CrashScenarios().front();
    scenario.options.ingest_lines_min = 300;
    const auto send = [](const std::string& batch, uint64_t lines) {
      return Step{.kind = StepKind::kSend, .tenant = "acme", .batch = batch, .lines = lines};
    };
    scenario.steps = {
        send("b1", 400),
        {.kind = StepKind::kFlush},
        send("b2", 100),
        {.kind = StepKind::kFlush},
        {.kind = StepKind::kRetry, .tenant = "acme", .batch = "b1", .line = 7},
        {.kind = StepKind::kSendPart, .tenant = "acme", .batch = "b3", .lines = 50, .sent = 20},
        send("b4", 3000),
        {.kind = StepKind::kFlush},
        {.kind = StepKind::kReopen},
        send("b5", 60),
        {.kind = StepKind::kFlush},
        send("b6", 40),
        send("b7", 40)};
    options_ = scenario.options;
    SimulatedDatabase database(std::make_unique<FaultFileSystem>());
    ScenarioRun run(&scenario, &database);
    ASSERT_TRUE(run.Open().ok());
    for (const Step& step : scenario.steps) {
      ASSERT_TRUE(run.Run(step).ok());
    }
    disk_ = database.disk()->Copy();
    digest_ = SimulatedDatabase(disk_->Copy()).SoundDigest();
    ASSERT_EQ(digest_.rfind("unsound", 0), std::string::npos) << digest_;
    run.Abandon();
  }

  // One more trial: `harm` is done to a copy of the disk. Where nothing changes, it is none.
  void Plan(const std::string& path, const std::string& damage,
            std::function<void(FaultFileSystem*)> harm) {
    trials_.push_back({path, damage, std::move(harm)});
  }
  void PlanContent(const std::string& path, const std::string& damage, const std::string& before,
                   std::string after) {
    if (after != before) {
      Plan(path, damage, [path, content = std::move(after)](FaultFileSystem* disk) {
        disk->SetContents(path, content);
      });
    }
  }

  void RunTrials() {
    std::atomic<size_t> next = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&] {
        for (size_t index = 0; (index = next++) < trials_.size();) {
          Try(trials_[index]);
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

  void Try(const Trial& trial) {
    const Watchdog watchdog(trial.path + ", " + trial.damage);
    std::unique_ptr<FaultFileSystem> damaged = disk_->Copy();
    trial.harm(damaged.get());
    SimulatedDatabase database(std::move(damaged));
    const std::string before = database.SoundDigest();
    std::unique_ptr<Engine> engine;
    const Status opened = database.Open(options_, &engine);
    if (opened.ok()) {
      // Answers while it is open must be right or an error.
      engine->Close().PermitUnchecked();
    }
    engine.reset();
    const std::string after = opened.ok() ? database.SoundDigest() : "";
    std::lock_guard lock(mutex_);
    const std::string kind = trial.damage.substr(0, trial.damage.find(' '));
    Outcomes& outcomes = table_[KindOf(trial.path)][kind];
    if (!opened.ok()) {
      EXPECT_NE(opened.message().find("stock.db"), std::string::npos)
          << trial.path << ", " << trial.damage << ": " << opened.ToString();
      if (KindOf(trial.path) == "SST" && kind != "swapped") {
        EXPECT_NE(opened.message().find(NameOf(trial.path)), std::string::npos)
            << trial.path << ", " << trial.damage << "\n"
            << opened.ToString();
      }
      ++outcomes.refused;
    } else if (after == digest_) {
      ++outcomes.harmless;
    } else if (before.rfind("unsound", 0) == 0 || after.rfind("unsound", 0) == 0) {
      ++outcomes.named;
    } else if (KindOf(trial.path) == "log segment" && InTheLastSegment(trial.path)) {
      // Nothing behind it says that this was synced: like a write that a power loss tore.
      ++outcomes.torn;
    } else {
      ++outcomes.silent;
      ADD_FAILURE() << trial.path << ", " << trial.damage << ": nobody noticed";
    }
  }

  bool InTheLastSegment(const std::string& path) const {
    std::string last;
    for (const std::string& one : disk_->Paths()) {
      last = KindOf(one) == "log segment" ? one : last;
    }
    return path == last;
  }

  // Every byte of the header and of the end, and some between.
  std::vector<size_t> Places(size_t size, test::RandomSource* random) const {
    std::set<size_t> places;
    const size_t ends = Long() ? kHeaderBytes : kHeaderBytes / 4;
    for (size_t byte = 0; byte < std::min(ends, size); ++byte) {
      places.insert(byte);
      places.insert(size - 1 - byte);
    }
    for (int extra = 0; size > 0 && extra < (Long() ? 150 : 8); ++extra) {
      places.insert(random->Below(size));
    }
    return {places.begin(), places.end()};
  }

  void PlanFor(const std::string& path, test::RandomSource* random) {
    const std::string bytes = *disk_->Contents(path);
    for (const size_t place : Places(bytes.size(), random)) {
      const char flip = static_cast<char>(1 << random->Below(8));
      Plan(path, "bit flipped at " + std::to_string(place),
           [path, place, flip](FaultFileSystem* disk) {
             std::string flipped = *disk->Contents(path);
             flipped[place] = static_cast<char>(flipped[place] ^ flip);
             disk->SetContents(path, flipped);
           });
    }
    for (const size_t place : Places(bytes.size() / kPageBytes + 1, random)) {
      const size_t from = std::min(bytes.size(), place * kPageBytes);
      const size_t size = std::min(bytes.size() - from, kPageBytes);
      std::string zeroed = bytes;
      zeroed.replace(from, size, size, '\0');
      PlanContent(path, "zeroed from " + std::to_string(from), bytes, std::move(zeroed));
    }
    for (int cut = 0; cut < (Long() ? 40 : 5); ++cut) {
      const size_t to = cut == 0 ? 0 : random->Below(bytes.size() + 1);
      PlanContent(path, "truncated to " + std::to_string(to), bytes, bytes.substr(0, to));
    }
    PlanContent(path, "longer by 100", bytes, bytes + std::string(100, 'x'));
    for (const std::string& other : disk_->Paths()) {
      if (other > path && KindOf(other) == KindOf(path)) {
        Plan(path, "swapped with " + other, [path, other, bytes](FaultFileSystem* disk) {
          disk->SetContents(path, *disk->Contents(other));
          disk->SetContents(other, bytes);
        });
      }
    }
    Plan(path, "missing", [path](FaultFileSystem* disk) { disk->Remove(path).PermitUnchecked(); });
  }

  void PrintTable() const {
    std::cout << std::left << std::setw(16) << "file" << std::setw(12) << "damage" << std::right;
    for (const char* column : {"trials", "refused", "named", "torn end", "harmless", "silent"}) {
      std::cout << std::setw(10) << column;
    }
    std::cout << "\n";
    for (const auto& [file, kinds] : table_) {
      for (const auto& [kind, outcomes] : kinds) {
        std::cout << std::left << std::setw(16) << file << std::setw(12) << kind << std::right;
        const uint64_t sum =
            outcomes.refused + outcomes.named + outcomes.torn + outcomes.harmless + outcomes.silent;
        for (const uint64_t number : {sum, outcomes.refused, outcomes.named, outcomes.torn,
                                      outcomes.harmless, outcomes.silent}) {
          std::cout << std::setw(10) << number;
        }
        std::cout << "\n";
      }
    }
    std::cout << trials_.size() << " trials\n";
  }

  Options options_;
  std::unique_ptr<FaultFileSystem> disk_;
  std::string digest_;
  std::vector<Trial> trials_;
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, Outcomes>> table_;  // guarded by mutex_
};

TEST_F(DamageTest, OfAnyFileIsRefusedOrNamedOrHarmless) {
  test::RandomSource random(test::TestSeed());
  for (const std::string& path : disk_->Paths()) {
    PlanFor(path, &random);
  }
  RunTrials();
  PrintTable();
  EXPECT_GT(trials_.size(), Long() ? 5000u : 500u);
}

}  // namespace
}  // namespace tallystone::testing
