// StressHistory: one seed's life of a database: writers, a reader, faults, crashes, and the slow
// program beside it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine_support/simulated_database.h"
#include "model/random_source.h"
#include "stress/stress_writer.h"

namespace tallystone::testing {

struct StressCounts {
  uint64_t seeds = 0;
  uint64_t batches = 0;  // acknowledged, resends not counted
  uint64_t lines = 0;
  uint64_t steps = 0;
  uint64_t comparisons = 0;  // of the whole database with the slow program
  uint64_t reads = 0;        // by the reader beside the writers
  std::map<std::string, uint64_t> faults;

  void Add(const StressCounts& other);
};

struct StressOptions {
  uint64_t seed = 1;
  uint64_t batches = 500;
  bool faults = true;
};

class StressHistory {
 public:
  explicit StressHistory(const StressOptions& options);

  // "" or what is wrong.
  std::string Run();
  [[nodiscard]] const StressCounts& counts() const { return counts_; }

 private:
  std::string Open();
  // Until the writers have made their share of batches or a fault ended it.
  std::string Live(uint64_t batches);
  void PlanFault();
  void End();
  std::string Compare();
  std::string ReadBeside(const std::atomic<bool>* done);
  void Count(const std::string& fault) { ++counts_.faults[fault]; }

  const StressOptions stress_;
  test::RandomSource random_;
  Options options_;
  bool poison_ = false;
  std::vector<std::unique_ptr<StressWriter>> writers_;
  SimulatedDatabase database_;
  std::unique_ptr<Engine> engine_;
  FaultStore* store_ = nullptr;
  StressCounts counts_;
};

}  // namespace tallystone::testing
