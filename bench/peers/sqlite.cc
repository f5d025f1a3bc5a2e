// SQLite as its documentation advises for durable bulk writes: write-ahead log, synchronous=FULL,
// one transaction a chunk, prepared statements, sums of the chunk upserted in key order.
#include <sqlite3.h>

#include "peers/mapped_peer.h"

namespace tallystone::bench {
namespace {

constexpr const char* kSchema =
    "PRAGMA page_size = 8192;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -65536;"        // KiB
    "PRAGMA wal_autocheckpoint = 8192;"  // pages: 64 MiB, as the others' write buffers
    "CREATE TABLE items (item INTEGER PRIMARY KEY, code TEXT NOT NULL);"
    "CREATE TABLE transactions (line INTEGER PRIMARY KEY, item INTEGER NOT NULL,"
    " quantity INTEGER NOT NULL, unit_cost INTEGER NOT NULL);"
    "CREATE INDEX postings ON transactions (item);"
    "CREATE TABLE balances (item INTEGER PRIMARY KEY, sum BLOB NOT NULL);"
    "CREATE TABLE batches (id TEXT PRIMARY KEY, number INTEGER, lines INTEGER) WITHOUT ROWID;"
    "CREATE TABLE position (only INTEGER PRIMARY KEY, line INTEGER NOT NULL);";

// add_balance(left, right): integers of 128 bits, which SQLite does not have.
void AddBalance(sqlite3_context* context, int count, sqlite3_value** values) {
  StoredBalance sum;
  for (int index = 0; index < count; ++index) {
    if (sqlite3_value_bytes(values[index]) != static_cast<int>(StoredBalance::kBytes)) {
      sqlite3_result_error(context, "not a balance", -1);
      return;
    }
    sum.AddBytes(static_cast<const char*>(sqlite3_value_blob(values[index])));
  }
  char bytes[StoredBalance::kBytes];
  sum.Store(bytes);
  sqlite3_result_blob(context, bytes, sizeof(bytes), SQLITE_TRANSIENT);
}

class Statement {
 public:
  ~Statement() { sqlite3_finalize(statement_); }
  Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  bool Prepare(sqlite3* db, const char* sql) {
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) ==
           SQLITE_OK;
  }
  Statement& Bind(int at, uint64_t number) {
    sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number));
    return *this;
  }
  Statement& Bind(int at, std::string_view text) {
    sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    return *this;
  }
  Statement& BindBytes(int at, const char* bytes, size_t size) {
    sqlite3_bind_blob(statement_, at, bytes, static_cast<int>(size), SQLITE_STATIC);
    return *this;
  }
  bool Run() {
    const int code = sqlite3_step(statement_);
    return sqlite3_reset(statement_) == SQLITE_OK && code == SQLITE_DONE;
  }
  bool Next() { return sqlite3_step(statement_) == SQLITE_ROW; }
  sqlite3_stmt* get() { return statement_; }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

class SqlitePeer : public MappedPeer {
 public:
  ~SqlitePeer() override { Close().PermitUnchecked(); }

  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    const bool done =
        sqlite3_open((directory + "/stock.sqlite").c_str(), &db_) == SQLITE_OK &&
        sqlite3_create_function(db_, "add_balance", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                AddBalance, nullptr, nullptr) == SQLITE_OK &&
        sqlite3_exec(db_, kSchema, nullptr, nullptr, nullptr) == SQLITE_OK &&
        begin_.Prepare(db_, "BEGIN IMMEDIATE") && commit_.Prepare(db_, "COMMIT") &&
        rollback_.Prepare(db_, "ROLLBACK") &&
        item_.Prepare(db_, "INSERT OR IGNORE INTO items VALUES (?, ?)") &&
        line_.Prepare(db_, "INSERT INTO transactions VALUES (?, ?, ?, ?)") &&
        balance_.Prepare(db_,
                         "INSERT INTO balances VALUES (?, ?) ON CONFLICT (item) DO UPDATE SET"
                         " sum = add_balance(sum, excluded.sum)") &&
        batch_.Prepare(db_, "INSERT INTO batches VALUES (?, ?, ?)") &&
        position_.Prepare(db_, "INSERT OR REPLACE INTO position VALUES (1, ?)");
    return done ? Status::Ok() : Failed();
  }

  Status Book(const MappedBatch& mapped) override {
    const std::vector<BalanceDelta> deltas = SumByItem(mapped.batch.lines, mapped.items);
    const std::lock_guard lock(mutex_);
    if (!begin_.Run() || !Insert(mapped, deltas) || !commit_.Run()) {
      const Status failed = Failed();
      rollback_.Run();
      return failed;
    }
    return Status::Ok();
  }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    digest->emplace();
    Statement all;
    if (!all.Prepare(db_, "SELECT code, sum FROM balances JOIN items USING (item)")) {
      return Failed();
    }
    while (all.Next()) {
      StoredBalance sum;
      sum.AddBytes(static_cast<const char*>(sqlite3_column_blob(all.get(), 1)));
      const char* code = reinterpret_cast<const char*>(sqlite3_column_text(all.get(), 0));
      (*digest)->Add(code, sum.on_hand, sum.value, sum.lines);
    }
    return Status::Ok();
  }

  Status Close() override {
    if (db_ == nullptr) {
      return Status::Ok();
    }
    const int code =
        sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    const Status status = code == SQLITE_OK ? Status::Ok() : Failed();
    sqlite3_close_v2(db_);  // ends with the last statement
    db_ = nullptr;
    return status;
  }

 private:
  bool Insert(const MappedBatch& mapped, std::span<const BalanceDelta> deltas) {
    const WorkBatch& lines = mapped.batch;
    const std::vector<uint32_t>& items = mapped.items;
    bool done = true;
    for (const ItemNumbers::Made& item : mapped.made) {
      done = done && item_.Bind(1, item.item).Bind(2, item.code).Run();
    }
    for (size_t index = 0; index < items.size(); ++index) {
      const WorkLine& line = lines.lines[index];
      done = done && line_.Bind(1, LineNumber(lines.number, index))
                         .Bind(2, items[index])
                         .Bind(3, static_cast<uint64_t>(line.quantity.units()))
                         .Bind(4, static_cast<uint64_t>(line.unit_cost.units()))
                         .Run();
    }
    for (const BalanceDelta& delta : deltas) {
      char bytes[StoredBalance::kBytes];
      StoredBalance{delta.on_hand, delta.value, delta.lines}.Store(bytes);
      done = done && balance_.Bind(1, delta.item).BindBytes(2, bytes, sizeof(bytes)).Run();
    }
    return done && batch_.Bind(1, lines.id).Bind(2, lines.number).Bind(3, items.size()).Run() &&
           position_.Bind(1, LineNumber(lines.number, items.size())).Run();
  }

  Status Failed() const { return Status::IoError(sqlite3_errmsg(db_)); }

  std::mutex mutex_;
  sqlite3* db_ = nullptr;
  Statement begin_, commit_, rollback_, item_, line_, balance_, batch_, position_;
};

const PeerRegistration kRegistration({"sqlite", "SQLite " SQLITE_VERSION
                                                ", WAL, synchronous=FULL, a transaction a chunk"},
                                     [] { return std::make_unique<SqlitePeer>(); });

}  // namespace
}  // namespace tallystone::bench
