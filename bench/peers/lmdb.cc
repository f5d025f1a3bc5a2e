// LMDB, durable (its default): one transaction a chunk, lines in key order, postings as sorted
// duplicates of fixed size, sums of the chunk added in key order.
#include <lmdb.h>

#include <cstring>

#include "peers/mapped_peer.h"

namespace tallystone::bench {
namespace {

constexpr size_t kMapBytes = size_t{64} << 30;  // address space only
constexpr unsigned kDatabasesMax = 8;

MDB_val Bytes(const void* data, size_t size) {
  return {size, const_cast<void*>(data)};
}

class LmdbPeer : public MappedPeer {
 public:
  ~LmdbPeer() override { Close().PermitUnchecked(); }

  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    MDB_txn* transaction = nullptr;
    Try(mdb_env_create(&env_));
    Try(mdb_env_set_mapsize(env_, kMapBytes));
    Try(mdb_env_set_maxdbs(env_, kDatabasesMax));
    // Written through the map: a copy less, and as durable.
    Try(mdb_env_open(env_, directory.c_str(), MDB_WRITEMAP | MDB_NORDAHEAD, 0600));
    Try(mdb_txn_begin(env_, nullptr, 0, &transaction));
    Try(mdb_dbi_open(transaction, "items", MDB_CREATE | MDB_INTEGERKEY, &items_));
    Try(mdb_dbi_open(transaction, "transactions", MDB_CREATE | MDB_INTEGERKEY, &transactions_));
    Try(mdb_dbi_open(transaction, "postings",
                     MDB_CREATE | MDB_INTEGERKEY | MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP,
                     &postings_));
    Try(mdb_dbi_open(transaction, "balances", MDB_CREATE | MDB_INTEGERKEY, &balances_));
    Try(mdb_dbi_open(transaction, "batches", MDB_CREATE, &batches_));
    return End(transaction);
  }

  Status Book(const MappedBatch& mapped) override {
    const WorkBatch& lines = mapped.batch;
    const std::vector<uint32_t>& items = mapped.items;
    const std::vector<BalanceDelta> deltas = SumByItem(lines.lines, items);
    // LMDB has one writer; a transaction must not move between threads, and does not.
    const std::lock_guard lock(mutex_);
    MDB_txn* transaction = nullptr;
    Try(mdb_txn_begin(env_, nullptr, 0, &transaction));
    for (const ItemNumbers::Made& item : mapped.made) {
      Put(transaction, items_, &item.item, sizeof(item.item), item.code.data(), item.code.size());
    }
    for (size_t index = 0; index < items.size(); ++index) {
      const WorkLine& line = lines.lines[index];
      const uint64_t number = LineNumber(lines.number, index);
      const int64_t row[] = {items[index], line.quantity.units(), line.unit_cost.units()};
      Put(transaction, transactions_, &number, sizeof(number), row, sizeof(row));
      Put(transaction, postings_, &items[index], sizeof(uint32_t), &number, sizeof(number));
    }
    for (const BalanceDelta& delta : deltas) {
      Add(transaction, delta);
    }
    const uint64_t booked[] = {lines.number, items.size()};
    Put(transaction, batches_, lines.id.data(), lines.id.size(), booked, sizeof(booked));
    Put(transaction, batches_, " position", 9, booked, sizeof(booked));
    return End(transaction);
  }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    digest->emplace();
    MDB_txn* transaction = nullptr;
    MDB_cursor* cursor = nullptr;
    Try(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &transaction));
    Try(mdb_cursor_open(transaction, balances_, &cursor));
    MDB_val key, value, code;
    while (code_ == 0 && mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
      StoredBalance sum;
      sum.AddBytes(static_cast<const char*>(value.mv_data));
      Try(mdb_get(transaction, items_, &key, &code));
      if (code_ == 0) {
        (*digest)->Add({static_cast<const char*>(code.mv_data), code.mv_size}, sum.on_hand,
                       sum.value, sum.lines);
      }
    }
    mdb_cursor_close(cursor);
    return End(transaction);
  }

  Status Close() override {
    if (env_ != nullptr) {
      mdb_env_close(env_);
      env_ = nullptr;
    }
    return Status::Ok();
  }

 private:
  // Remembers the first error; what comes after it does nothing that counts.
  void Try(int code) { code_ = code_ == 0 ? code : code_; }

  void Put(MDB_txn* transaction, MDB_dbi database, const void* key, size_t key_bytes,
           const void* value, size_t value_bytes) {
    if (code_ == 0) {
      MDB_val at = Bytes(key, key_bytes);
      MDB_val data = Bytes(value, value_bytes);
      Try(mdb_put(transaction, database, &at, &data, 0));
    }
  }

  void Add(MDB_txn* transaction, const BalanceDelta& delta) {
    if (code_ != 0) {
      return;
    }
    StoredBalance sum{delta.on_hand, delta.value, delta.lines};
    MDB_val key = Bytes(&delta.item, sizeof(delta.item));
    MDB_val value;
    const int found = mdb_get(transaction, balances_, &key, &value);
    if (found == 0) {
      sum.AddBytes(static_cast<const char*>(value.mv_data));
    } else if (found != MDB_NOTFOUND) {
      Try(found);
    }
    char bytes[StoredBalance::kBytes];
    sum.Store(bytes);
    Put(transaction, balances_, &delta.item, sizeof(delta.item), bytes, sizeof(bytes));
  }

  // Commits, durably, unless something failed.
  Status End(MDB_txn* transaction) {
    if (code_ == 0) {
      code_ = mdb_txn_commit(transaction);
    } else if (transaction != nullptr) {
      mdb_txn_abort(transaction);
    }
    return code_ == 0 ? Status::Ok() : Status::IoError(mdb_strerror(code_));
  }

  std::mutex mutex_;
  MDB_env* env_ = nullptr;
  MDB_dbi items_ = 0, transactions_ = 0, postings_ = 0, balances_ = 0, batches_ = 0;
  int code_ = 0;
};

const PeerRegistration kRegistration({"lmdb", "LMDB, a durable transaction a chunk"},
                                     [] { return std::make_unique<LmdbPeer>(); });

}  // namespace
}  // namespace tallystone::bench
