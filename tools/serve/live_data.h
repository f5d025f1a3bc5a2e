// LiveData: the JSON of a served page, read again as the database changes.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "report/snapshot.h"

namespace tallystone::tool {

// Thread-safe. Answers are kept for a while, the longer the more they cost to make, so that looking
// never takes more than a small part of the machine.
class LiveData {
 public:
  explicit LiveData(SnapshotOptions options) : options_(std::move(options)) {}

  Status Snapshot(std::string* json);
  Status Pulse(std::string* json);
  Status BatchPage(const std::string& tenant, const std::string& batch, std::string* json);

 private:
  using Clock = std::chrono::steady_clock;

  struct Kept {
    std::string json;
    Clock::time_point good_until;
  };
  using Make = std::function<Status(Inspector*, std::string*)>;

  // *json becomes the kept answer if it is good, otherwise a new one.
  Status Answer(Clock::duration good_min, const Make& make, Kept* kept, std::string* json);

  const SnapshotOptions options_;
  std::mutex mutex_;  // one request reads at a time: memory and disk are the database's first
  History history_;
  Kept snapshot_;
  Kept pulse_;
};

}  // namespace tallystone::tool
