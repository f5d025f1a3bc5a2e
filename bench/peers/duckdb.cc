// DuckDB as its manual advises for bulk writes: rows by the Appender, one transaction a chunk, the
// chunk's sums upserted. COMMIT syncs its write-ahead log.
#include <mutex>

#include "peers/duckdb_library.h"
#include "peers/mapped_peer.h"

namespace tallystone::bench {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE items (item BIGINT, code VARCHAR);"
    "CREATE TABLE transactions (line BIGINT, item BIGINT, quantity BIGINT, unit_cost BIGINT);"
    "CREATE TABLE balances (item BIGINT PRIMARY KEY, on_hand HUGEINT, value HUGEINT, lines BIGINT);"
    "CREATE TABLE batches (id VARCHAR PRIMARY KEY, number BIGINT, lines BIGINT);"
    "CREATE TABLE position (line BIGINT);"
    "INSERT INTO position VALUES (0);"
    "CREATE TEMP TABLE deltas (item BIGINT, on_hand HUGEINT, value HUGEINT, lines BIGINT);";

class DuckdbPeer : public MappedPeer {
 public:
  ~DuckdbPeer() override { Close().PermitUnchecked(); }

  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    Status status = DuckdbLibrary::Load(&library_);
    if (!status.ok()) {
      return status;
    }
    const std::string path = directory + "/stock.duckdb";
    if (library_->open(path.c_str(), &database_) != DuckdbLibrary::kSuccess ||
        library_->connect(database_, &connection_) != DuckdbLibrary::kSuccess) {
      return Status::IoError("duckdb cannot open " + path);
    }
    status = Run(kSchema);
    for (auto& [table, appender] : appenders_) {
      if (status.ok() && library_->appender_create(connection_, nullptr, table, &appender) !=
                             DuckdbLibrary::kSuccess) {
        status = Status::IoError(std::string("duckdb has no appender for ") + table);
      }
    }
    return status;
  }

  Status Book(const MappedBatch& mapped) override {
    const std::vector<BalanceDelta> deltas = SumByItem(mapped.batch.lines, mapped.items);
    const std::lock_guard lock(mutex_);
    Status status = Run("BEGIN");
    if (status.ok()) {
      status = Append(mapped, deltas);
    }
    if (status.ok()) {
      status =
          Run("INSERT INTO balances SELECT * FROM deltas ON CONFLICT (item) DO UPDATE SET"
              " on_hand = on_hand + excluded.on_hand, value = value + excluded.value,"
              " lines = lines + excluded.lines; DELETE FROM deltas;"
              "INSERT INTO batches VALUES ('" +
              mapped.batch.id + "'," + std::to_string(mapped.batch.number) + "," +
              std::to_string(mapped.items.size()) + "); UPDATE position SET line = " +
              std::to_string(LineNumber(mapped.batch.number, mapped.items.size())) + "; COMMIT");
    }
    return status;
  }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    digest->emplace();
    DuckdbLibrary::Result result{};
    const bool read =
        library_->query(connection_,
                        "SELECT code, on_hand::VARCHAR, value::VARCHAR, lines::VARCHAR"
                        " FROM balances JOIN items USING (item)",
                        &result) == DuckdbLibrary::kSuccess;
    for (uint64_t row = 0; read && row < library_->row_count(&result); ++row) {
      (*digest)->Add(Text(&result, 0, row), Number(Text(&result, 1, row)),
                     Number(Text(&result, 2, row)), std::stoull(Text(&result, 3, row)));
    }
    library_->destroy_result(&result);
    return read ? Status::Ok() : Status::IoError("duckdb cannot read the balances");
  }

  Status Close() override {
    if (database_ == nullptr) {
      return Status::Ok();
    }
    Status status;
    for (auto& [table, appender] : appenders_) {
      if (appender != nullptr) {
        library_->appender_destroy(&appender);
      }
    }
    if (connection_ != nullptr) {
      status = Run("CHECKPOINT");
      library_->disconnect(&connection_);
    }
    library_->close(&database_);
    database_ = nullptr;
    return status;
  }

 private:
  Status Run(const std::string& sql) {
    DuckdbLibrary::Result result{};
    Status status;
    if (library_->query(connection_, sql.c_str(), &result) != DuckdbLibrary::kSuccess) {
      const char* error = library_->result_error(&result);
      status = Status::IoError(std::string("duckdb: ") + (error != nullptr ? error : "unknown"));
    }
    library_->destroy_result(&result);
    return status;
  }

  Status Append(const MappedBatch& mapped, const std::vector<BalanceDelta>& deltas) {
    bool done = true;
    const auto take = [&](int code) { done = done && code == DuckdbLibrary::kSuccess; };
    const auto number = [&](DuckdbLibrary::Appender table, uint64_t value) {
      take(library_->append_int64(table, static_cast<int64_t>(value)));
    };
    const auto large = [&](DuckdbLibrary::Appender table, Int128 value) {
      take(library_->append_hugeint(
          table, {static_cast<uint64_t>(value), static_cast<int64_t>(value >> 64)}));
    };
    DuckdbLibrary::Appender items = appenders_[0].second;
    for (const ItemNumbers::Made& item : mapped.made) {
      if (item.item >= has_row_.size()) {
        has_row_.resize(item.item * 2 + 1);
      }
      if (has_row_[item.item]) {
        continue;
      }
      has_row_[item.item] = true;
      number(items, item.item);
      take(library_->append_varchar_length(items, item.code.data(), item.code.size()));
      take(library_->appender_end_row(items));
    }
    DuckdbLibrary::Appender transactions = appenders_[1].second;
    for (size_t index = 0; index < mapped.items.size(); ++index) {
      const WorkLine& line = mapped.batch.lines[index];
      number(transactions, LineNumber(mapped.batch.number, index));
      number(transactions, mapped.items[index]);
      number(transactions, static_cast<uint64_t>(line.quantity.units()));
      number(transactions, static_cast<uint64_t>(line.unit_cost.units()));
      take(library_->appender_end_row(transactions));
    }
    DuckdbLibrary::Appender sums = appenders_[2].second;
    for (const BalanceDelta& delta : deltas) {
      number(sums, delta.item);
      large(sums, delta.on_hand);
      large(sums, delta.value);
      number(sums, delta.lines);
      take(library_->appender_end_row(sums));
    }
    for (const auto& [table, appender] : appenders_) {
      take(library_->appender_flush(appender));
    }
    return done ? Status::Ok() : Status::IoError("duckdb refused rows of an appender");
  }

  std::string Text(DuckdbLibrary::Result* result, uint64_t column, uint64_t row) {
    char* value = library_->value_varchar(result, column, row);
    std::string text = value != nullptr ? value : "";
    library_->free(value);
    return text;
  }

  static Int128 Number(const std::string& text) {
    const bool negative = !text.empty() && text.front() == '-';
    Int128 number = 0;
    for (const char digit : std::string_view(text).substr(negative ? 1 : 0)) {
      number = number * 10 + (digit - '0');
    }
    return negative ? -number : number;
  }

  std::mutex mutex_;
  std::vector<bool> has_row_;  // by item: several batches may bring the same one
  const DuckdbLibrary* library_ = nullptr;
  DuckdbLibrary::Database database_ = nullptr;
  DuckdbLibrary::Connection connection_ = nullptr;
  std::pair<const char*, DuckdbLibrary::Appender> appenders_[3] = {
      {"items", nullptr}, {"transactions", nullptr}, {"deltas", nullptr}};
};

const PeerRegistration kRegistration({"duckdb",
                                      "DuckDB, rows by its Appender, a transaction a chunk"},
                                     [] { return std::make_unique<DuckdbPeer>(); });

}  // namespace
}  // namespace tallystone::bench
