#include "peers/rocks_inventory.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <thread>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "base/coding.h"

namespace tallystone::bench {
namespace {

class BalanceOperator : public rocksdb::MergeOperator {
 public:
  [[nodiscard]] const char* Name() const override { return "bench.balance"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    StoredBalance sum;
    if (in.existing_value != nullptr) {
      if (in.existing_value->size() != StoredBalance::kBytes) {
        return false;
      }
      sum.AddBytes(in.existing_value->data());
    }
    for (const rocksdb::Slice& operand : in.operand_list) {
      if (operand.size() != StoredBalance::kBytes) {
        return false;
      }
      sum.AddBytes(operand.data());
    }
    out->new_value.resize(StoredBalance::kBytes);
    sum.Store(out->new_value.data());
    return true;
  }

  bool PartialMergeMulti(const rocksdb::Slice& /*key*/, const std::deque<rocksdb::Slice>& operands,
                         std::string* value, rocksdb::Logger* /*logger*/) const override {
    StoredBalance sum;
    for (const rocksdb::Slice& operand : operands) {
      if (operand.size() != StoredBalance::kBytes) {
        return false;
      }
      sum.AddBytes(operand.data());
    }
    value->resize(StoredBalance::kBytes);
    sum.Store(value->data());
    return true;
  }
};

// A key of one or two numbers, on the stack.
class Key {
 public:
  explicit Key(uint32_t item) { Put(item); }
  explicit Key(uint64_t number) { Put(number); }
  Key(uint32_t item, uint64_t number) {
    Put(item);
    Put(number);
  }
  operator rocksdb::Slice() const { return {bytes_, size_}; }  // NOLINT: what it is for

 private:
  void Put(uint32_t number) {
    EncodeBigEndian32(bytes_ + size_, number);
    size_ += sizeof(number);
  }
  void Put(uint64_t number) {
    EncodeBigEndian64(bytes_ + size_, number);
    size_ += sizeof(number);
  }
  char bytes_[12];
  size_t size_ = 0;
};

constexpr size_t kWriteBufferBytes = 64u << 20;
constexpr int kWriteBuffersMax = 4;
constexpr size_t kBlockCacheBytes = 64u << 20;

rocksdb::ColumnFamilyOptions FamilyOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.block_size = 16u << 10;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = kWriteBuffersMax;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.level_compaction_dynamic_level_bytes = true;
  return options;
}

rocksdb::DBOptions DatabaseOptions() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.IncreaseParallelism(static_cast<int>(std::max(2U, std::thread::hardware_concurrency())));
  options.max_total_wal_size = 512u << 20;
  options.info_log_level = rocksdb::ERROR_LEVEL;
  // The write-ahead log is written over old blocks where there are any: a sync is then cheaper.
  options.recycle_log_file_num = 4;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return options;
}

}  // namespace

Status FromRocks(const rocksdb::Status& status) {
  return status.ok() ? Status::Ok() : Status::IoError(status.ToString());
}

RocksInventory::~RocksInventory() {
  Close().PermitUnchecked();
}

Status RocksInventory::Open(const std::string& directory) {
  const auto cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : {"default", "balances", "transactions", "postings", "items"}) {
    families.emplace_back(name, FamilyOptions(cache));
  }
  families[kBalances].options.merge_operator = std::make_shared<BalanceOperator>();
  // Line numbers ascend: an insert begins where the one before ended.
  families[kTransactions].options.memtable_insert_with_hint_prefix_extractor.reset(
      rocksdb::NewFixedPrefixTransform(1));
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(DatabaseOptions(), directory, families, &families_, &db);
  db_.reset(db);
  return FromRocks(status);
}

Status RocksInventory::Digest(BalanceDigest* digest) {
  std::unique_ptr<rocksdb::Iterator> balances(db_->NewIterator({}, families_[kBalances]));
  std::unique_ptr<rocksdb::Iterator> items(db_->NewIterator({}, families_[kItems]));
  items->SeekToFirst();
  for (balances->SeekToFirst(); balances->Valid(); balances->Next(), items->Next()) {
    if (!items->Valid() || items->key() != balances->key()) {
      return Status::Corruption("a balance has no item");
    }
    StoredBalance sum;
    sum.AddBytes(balances->value().data());
    digest->Add(items->value().ToStringView(), sum.on_hand, sum.value, sum.lines);
  }
  return FromRocks(balances->status().ok() ? items->status() : balances->status());
}

Status RocksInventory::Close() {
  if (db_ == nullptr) {
    return Status::Ok();
  }
  rocksdb::Status status = db_->Flush({}, families_);
  if (status.ok()) {
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      uint64_t pending = 1;
      while (db_->GetIntProperty(family, rocksdb::DB::Properties::kCompactionPending, &pending) &&
             pending != 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
  }
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
  families_.clear();
  const rocksdb::Status closed = db_->Close();
  db_.reset();
  return FromRocks(status.ok() ? closed : status);
}

void RocksInventory::PutItem(const ItemNumbers::Made& made, rocksdb::WriteBatch* batch) const {
  batch->Put(families_[kItems], Key(made.item), made.code).PermitUncheckedError();
}

void RocksInventory::PutLine(uint64_t number, uint32_t item, const WorkLine& line,
                             rocksdb::WriteBatch* batch) const {
  char value[30];
  char* end = EncodeVarint64(value, item);
  end = EncodeVarint64(end, ZigZag64(line.quantity.units()));
  end = EncodeVarint64(end, ZigZag64(line.unit_cost.units()));
  batch->Put(families_[kTransactions], Key(number), {value, static_cast<size_t>(end - value)})
      .PermitUncheckedError();
}

void RocksInventory::PutPosting(uint32_t item, uint64_t number, std::string_view where,
                                rocksdb::WriteBatch* batch) const {
  batch->Put(families_[kPostings], Key(item, number), where).PermitUncheckedError();
}

void RocksInventory::PutBlock(uint64_t number, std::string_view packed,
                              rocksdb::WriteBatch* batch) const {
  batch->Put(families_[kTransactions], Key(number), packed).PermitUncheckedError();
}

void RocksInventory::MergeBalance(const BalanceDelta& delta, rocksdb::WriteBatch* batch) const {
  char value[StoredBalance::kBytes];
  StoredBalance{delta.on_hand, delta.value, delta.lines}.Store(value);
  batch->Merge(families_[kBalances], Key(delta.item), {value, sizeof(value)})
      .PermitUncheckedError();
}

void RocksInventory::PutPosition(uint64_t number, rocksdb::WriteBatch* batch) const {
  batch->Put(families_[kDefault], "position", Key(number)).PermitUncheckedError();
}

void RocksInventory::PutBatch(const WorkBatch& booked, rocksdb::WriteBatch* batch) const {
  batch
      ->Put(families_[kDefault], "batch/" + booked.id,
            Key(static_cast<uint32_t>(booked.lines.size()), booked.number))
      .PermitUncheckedError();
}

Status RocksInventory::Write(rocksdb::WriteBatch* batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  return FromRocks(db_->Write(options, batch));
}

}  // namespace tallystone::bench
