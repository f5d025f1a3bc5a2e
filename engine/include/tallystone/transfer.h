// Transfer: a whole database as a sequence of blocks, and a new database made of them.
//
// A block is a chunk of the log with every decision in it (law L11): items, rules, new names,
// failed lines, answers of people. A database that is made of all blocks of another, in order, has
// its balances, transactions, outcomes, dead letters, catalogue and reviews, with the same numbers
// and LSNs; nothing is mapped again. It is another database all the same: it has an id of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tallystone/inspector.h"

namespace tallystone {

// A line of a block that the store refused, though it had been accepted.
struct TransferRejection {
  uint32_t index = 0;  // among the accepted lines of the block
  std::string cause;   // the store's words; empty where its dead letter was resolved since
};

struct TransferBlock {
  uint64_t lsn = 0;
  std::string payload;  // docs/batch_log_format.md; at most limits::kRecordPayloadBytesMax
  uint64_t lines = 0;   // in the payload
  std::vector<TransferRejection> rejections;  // by index, ascending
};

// Not thread-safe.
class DatabaseBuilder {
 public:
  // Begins a database that will be at `path`, where nothing may be yet. It is made beside that
  // (`path`.importing; what an interrupted one left there is removed). kConflict: there is
  // something at `path`. kBusy: another one is being made.
  static Status Create(const Options& options, const std::string& path,
                       std::unique_ptr<DatabaseBuilder>* builder);
  // Removes what was made, unless it was finished.
  virtual ~DatabaseBuilder() = default;

  // The next block: LSNs 1, 2, 3, ... kCorruption: it cannot be a block. Memory is bounded.
  virtual Status Add(const TransferBlock& block) = 0;
  // Proves the database as `verify` does, compares its state digest, and then gives it its name.
  // `state_digest`: DatabaseStatus::state_digest of the database that the blocks come from; "" =
  // not known, nothing is compared. kCorruption: it is not sound, and the report says why, or it
  // says something else than that database; nothing is at the path then.
  virtual Status Finish(const std::string& state_digest, const ProgressFunction& progress,
                        VerifyReport* report) = 0;
};

}  // namespace tallystone
