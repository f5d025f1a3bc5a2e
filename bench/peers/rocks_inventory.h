// RocksInventory: an inventory in RocksDB as people lay it out by hand, a key for each thing.
//
//   default       "position" -> batch number and line; "batch/" id -> batch number, lines
//   balances      item -> on hand, value, lines; merged by a sum operator
//   transactions  line number -> item, quantity, unit cost
//   postings      item, line number -> nothing: the lines of an item
//   items         item -> code
//
// Numbers in keys are big-endian. A line number is batch number * 2^20 + index.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "peer.h"
#include "tallystone/decimal.h"
#include "tallystone/status.h"

namespace tallystone::bench {

Status FromRocks(const rocksdb::Status& status);

// What is added to a balance.
struct BalanceDelta {
  uint32_t item = 0;
  Int128 on_hand = 0;
  Int128 value = 0;
  uint64_t lines = 0;
};

// Item numbers by code, from 1, in the order in which codes are first seen. Thread-safe.
class ItemNumbers {
 public:
  struct Made {
    uint32_t item;
    std::string_view code;  // points to the caller's line
  };

  // Appends the number of each line's item. *made: those whose rows are not known to be durable, so
  // this batch must have them too, whoever made them.
  void Map(std::span<const WorkLine> lines, std::vector<uint32_t>* items, std::vector<Made>* made);
  // The rows of `made` are durable.
  void Stored(std::span<const Made> made);

 private:
  struct Entry {
    uint32_t item = 0;
    bool stored = false;
  };
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    size_t operator()(std::string_view code) const;
  };

  std::mutex mutex_;
  boost::unordered_flat_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

class RocksInventory {
 public:
  ~RocksInventory();

  Status Open(const std::string& directory);
  Status Digest(BalanceDigest* digest);
  // Flushes the memtables and waits for compactions.
  Status Close();

  static uint64_t LineNumber(uint64_t batch, uint64_t index) { return batch << 20 | index; }

  // Each appends to *batch.
  void PutItem(const ItemNumbers::Made& made, rocksdb::WriteBatch* batch) const;
  void PutLine(uint64_t number, uint32_t item, const WorkLine& line,
               rocksdb::WriteBatch* batch) const;
  void PutPosting(uint32_t item, uint64_t number, rocksdb::WriteBatch* batch) const;
  void MergeBalance(const BalanceDelta& delta, rocksdb::WriteBatch* batch) const;
  void PutPosition(uint64_t number, rocksdb::WriteBatch* batch) const;
  void PutBatch(const WorkBatch& booked, rocksdb::WriteBatch* batch) const;

  // With the log, synced.
  Status Write(rocksdb::WriteBatch* batch);

 private:
  enum Family { kDefault, kBalances, kTransactions, kPostings, kItems };

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace tallystone::bench
