// Damage at rest, in every file of a database: either it is refused, or verify names it, or it did
// no harm; never a wrong answer, never the end of the host (law L10). How much, the environment
// says:
//   TALLYSTONE_DAMAGE=long    more places in each file
#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "crash/scenario.h"
#include "model/random_source.h"

namespace tallystone::testing {
namespace {

constexpr size_t kPageBytes = 4096;
constexpr size_t kHeaderBytes = 64;

bool Long() {
  const char* how = std::getenv("TALLYSTONE_DAMAGE");
  return how != nullptr && std::string_view(how) == "long";
}

// "log segment", "free segment", "SST", "MANIFEST", ...
std::string KindOf(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
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

struct Outcomes {
  uint64_t refused = 0;   // by open
  uint64_t named = 0;     // by verify
  uint64_t torn = 0;      // reported as an unfinished end of the log
  uint64_t harmless = 0;  // same digest
  uint64_t silent = 0;
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

  void Try(const std::string& path, const std::string& damage,
           std::unique_ptr<FaultFileSystem> damaged) {
    Outcomes& outcomes = table_[KindOf(path)][damage.substr(0, damage.find(' '))];
    ++trials_;
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
    if (!opened.ok()) {
      EXPECT_NE(opened.message().find("stock.db"), std::string::npos) << opened.ToString();
      ++outcomes.refused;
    } else if (after == digest_) {
      ++outcomes.harmless;
    } else if (before.rfind("unsound", 0) == 0 || after.rfind("unsound", 0) == 0) {
      ++outcomes.named;
    } else if (KindOf(path) == "log segment" && InTheLastSegment(path)) {
      // Nothing behind it says that this was synced: like a write that a power loss tore.
      ++outcomes.torn;
    } else {
      ++outcomes.silent;
      ADD_FAILURE() << path << ", " << damage << ": nobody noticed";
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

  void DamageOne(const std::string& path, test::RandomSource* random) {
    const std::string bytes = *disk_->Contents(path);
    const auto with = [&](const std::string& damage, const std::string& content) {
      if (content != bytes) {
        std::unique_ptr<FaultFileSystem> damaged = disk_->Copy();
        damaged->SetContents(path, content);
        Try(path, damage, std::move(damaged));
      }
    };
    for (const size_t place : Places(bytes.size(), random)) {
      std::string flipped = bytes;
      flipped[place] = static_cast<char>(flipped[place] ^ (1 << random->Below(8)));
      with("bit flipped at " + std::to_string(place), flipped);
    }
    for (const size_t place : Places(bytes.size() / kPageBytes + 1, random)) {
      std::string zeroed = bytes;
      const size_t from = std::min(bytes.size(), place * kPageBytes);
      std::fill(
          zeroed.begin() + static_cast<std::ptrdiff_t>(from),
          zeroed.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), from + kPageBytes)),
          '\0');
      with("zeroed from " + std::to_string(from), zeroed);
    }
    for (int cut = 0; cut < (Long() ? 40 : 5); ++cut) {
      const size_t to = cut == 0 ? 0 : random->Below(bytes.size() + 1);
      with("truncated to " + std::to_string(to), bytes.substr(0, to));
    }
    with("longer by 100", bytes + std::string(100, 'x'));
    for (const std::string& other : disk_->Paths()) {
      if (other > path && KindOf(other) == KindOf(path)) {
        std::unique_ptr<FaultFileSystem> damaged = disk_->Copy();
        damaged->SetContents(path, *disk_->Contents(other));
        damaged->SetContents(other, bytes);
        Try(path, "swapped with " + other, std::move(damaged));
      }
    }
    std::unique_ptr<FaultFileSystem> without = disk_->Copy();
    ASSERT_TRUE(without->Remove(path).ok());
    Try(path, "missing", std::move(without));
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
    std::cout << trials_ << " trials\n";
  }

  Options options_;
  std::unique_ptr<FaultFileSystem> disk_;
  std::string digest_;
  std::map<std::string, std::map<std::string, Outcomes>> table_;
  uint64_t trials_ = 0;
};

TEST_F(DamageTest, OfAnyFileIsRefusedOrNamedOrHarmless) {
  test::RandomSource random(test::TestSeed());
  for (const std::string& path : disk_->Paths()) {
    DamageOne(path, &random);
  }
  PrintTable();
  EXPECT_GT(trials_, Long() ? 5000u : 500u);
}

}  // namespace
}  // namespace tallystone::testing
