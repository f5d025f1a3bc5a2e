// OpenBatches: the batches of a file that may still get lines.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tallystone/engine.h"

namespace tallystone::tool {

struct OpenBatch {
  std::string tenant;
  std::string batch;
  std::unique_ptr<BatchWriter> writer;  // null until lines are booked, and in a dry run
  bool refused = false;  // the engine refused it: no more of its lines are handed over
  // Where its lines are collected, if `block` is the current block.
  uint64_t block = 0;
  uint32_t group = 0;
};

// The lines of a batch need not stand together, so a batch stays open to the end of its file, at
// most `open_max` of them at a time; beyond that the one that was used longest ago is closed. A
// line for a closed batch cannot be booked any more: what was closed is remembered (some 50 bytes a
// batch).
class OpenBatches {
 public:
  explicit OpenBatches(size_t open_max) : open_max_(open_max) {}

  // The batch, opened if it is new, now used last. Null: it was closed before.
  OpenBatch* Use(std::string_view tenant, std::string_view batch);
  // True the first time it is asked for a closed batch.
  bool FirstTimeMissed(std::string_view tenant, std::string_view batch);

  // The batch that was used longest ago, to be finished now; null if none needs to be: without
  // `all` while there are at most `open_max`. Only between blocks.
  OpenBatch* NextToClose(bool all);
  [[nodiscard]] size_t size() const { return batches_.size(); }
  // Forgets what NextToClose gave.
  void Close();

 private:
  using List = std::list<OpenBatch>;

  std::string_view Key(std::string_view tenant, std::string_view batch);

  const size_t open_max_;
  List batches_;  // used longest ago first
  std::unordered_map<std::string, List::iterator> by_name_;
  std::unordered_map<std::string, bool> closed_;  // by hash; whether a line missed it
  std::string key_;
};

}  // namespace tallystone::tool
