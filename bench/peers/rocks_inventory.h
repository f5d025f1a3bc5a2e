// RocksInventory: an inventory in RocksDB as people lay it out by hand, a key for each thing.
//
//   default       "position" -> batch number and line; "batch/" id -> batch number, lines
//   balances      item -> on hand, value, lines; merged by a sum operator
//   transactions  line number -> item, quantity, unit cost
//                 or the number of a batch's first line -> all its lines, packed
//   postings      item, line number -> nothing: the lines of an item
//                 or item, number of a batch's first line -> where the item is in the batch
//   items         item -> code
//
// Numbers in keys are big-endian. A line number is batch number * 2^20 + index.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "peer.h"
#include "peers/item_numbers.h"
#include "tallystone/status.h"

namespace tallystone::bench {

Status FromRocks(const rocksdb::Status& status);

class RocksInventory {
 public:
  ~RocksInventory();

  Status Open(const std::string& directory);
  Status Digest(BalanceDigest* digest);
  // Flushes the memtables and waits for compactions.
  Status Close();

  // Each appends to *batch.
  void PutItem(const ItemNumbers::Made& made, rocksdb::WriteBatch* batch) const;
  void PutLine(uint64_t number, uint32_t item, const WorkLine& line,
               rocksdb::WriteBatch* batch) const;
  // Of one line; or `where` in the batch whose first line is `number`.
  void PutPosting(uint32_t item, uint64_t number, std::string_view where,
                  rocksdb::WriteBatch* batch) const;
  void PutBlock(uint64_t number, std::string_view packed, rocksdb::WriteBatch* batch) const;
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
