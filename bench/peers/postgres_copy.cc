// PostgreSQL as it is loaded in bulk: per chunk one transaction of two round trips, sent as one
// query: binary COPY into a temporary table, then lines inserted and sums upserted from it in key
// order, by prepared statements.
#include "base/coding.h"
#include "peers/mapped_peer.h"
#include "peers/postgres_inventory.h"

namespace tallystone::bench {
namespace {

constexpr const char* kPrepare =
    "CREATE TEMP TABLE staging (line int8, item int4, quantity int8, unit_cost int8)"
    " ON COMMIT DELETE ROWS;"
    "PREPARE book AS INSERT INTO transactions SELECT * FROM staging;"
    "PREPARE sums AS INSERT INTO balances"
    " SELECT item, sum(quantity), sum(quantity::numeric * unit_cost), count(*)"
    " FROM staging GROUP BY item ORDER BY item"
    " ON CONFLICT (item) DO UPDATE SET on_hand = balances.on_hand + excluded.on_hand,"
    " value = balances.value + excluded.value, lines = balances.lines + excluded.lines";

// The rows of a chunk in PostgreSQL's binary COPY format.
std::string CopyBytes(const WorkBatch& lines, std::span<const uint32_t> items) {
  constexpr size_t kRowBytes = 2 + 3 * (4 + 8) + (4 + 4);
  std::string bytes("PGCOPY\n\377\r\n\0", 11);
  bytes.reserve(bytes.size() + 10 + items.size() * kRowBytes);
  PutBigEndian32(&bytes, 0);  // flags
  PutBigEndian32(&bytes, 0);  // extension
  const auto put16 = [&](uint16_t number) {
    bytes.push_back(static_cast<char>(number >> 8));
    bytes.push_back(static_cast<char>(number));
  };
  const auto put64 = [&](uint64_t number) {
    PutBigEndian32(&bytes, sizeof(number));
    PutBigEndian64(&bytes, number);
  };
  for (size_t index = 0; index < items.size(); ++index) {
    put16(4);
    put64(LineNumber(lines.number, index));
    PutBigEndian32(&bytes, sizeof(uint32_t));
    PutBigEndian32(&bytes, items[index]);
    put64(static_cast<uint64_t>(lines.lines[index].quantity.units()));
    put64(static_cast<uint64_t>(lines.lines[index].unit_cost.units()));
  }
  put16(0xFFFF);
  return bytes;
}

class PostgresCopyPeer : public MappedPeer {
 public:
  explicit PostgresCopyPeer(const PostgresNetwork& network) : inventory_(kPrepare, network) {}

  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    return inventory_.Open(directory);
  }

  Status Book(const MappedBatch& mapped) override {
    const PostgresInventory::Lease lease(&inventory_);
    return lease.status().ok() ? Copy(lease.get(), CopyBytes(mapped.batch, mapped.items),
                                      Rest(mapped.batch, mapped.made))
                               : lease.status();
  }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    return inventory_.Digest(&digest->emplace());
  }

  Status Close() override { return inventory_.Close(); }

 private:
  static Status Copy(PGconn* connection, const std::string& bytes, const std::string& rest) {
    PGresult* begun =
        PQexec(connection, ("BEGIN; COPY staging FROM STDIN (FORMAT binary);" + rest).c_str());
    bool done = PQresultStatus(begun) == PGRES_COPY_IN;
    PQclear(begun);
    done = done && PQputCopyData(connection, bytes.data(), static_cast<int>(bytes.size())) == 1 &&
           PQputCopyEnd(connection, nullptr) == 1;
    while (PGresult* result = PQgetResult(connection)) {
      done = done && PQresultStatus(result) == PGRES_COMMAND_OK;
      PQclear(result);
    }
    return done ? Status::Ok() : PostgresInventory::Failed(connection);
  }

  // Codes and ids of a workload are letters, digits and hyphens: they need no quoting.
  static std::string Rest(const WorkBatch& lines, std::span<const ItemNumbers::Made> made) {
    std::string sql;
    for (const ItemNumbers::Made& item : made) {
      sql += sql.empty() ? "INSERT INTO items VALUES (" : ",(";
      sql += std::to_string(item.item) + ",'" + std::string(item.code) + "')";
    }
    sql += sql.empty() ? "" : " ON CONFLICT DO NOTHING;";
    sql += "EXECUTE book;EXECUTE sums;INSERT INTO batches VALUES ('" + lines.id + "'," +
           std::to_string(lines.number) + "," + std::to_string(lines.lines.size()) +
           ");UPDATE position SET line = " +
           std::to_string(LineNumber(lines.number, lines.lines.size())) + ";COMMIT";
    return sql;
  }

  PostgresInventory inventory_;
};

const PeerRegistration kRegistration(
    {"postgres-copy", "PostgreSQL on a local socket, a chunk by COPY and upsert, one transaction"},
    [] { return std::make_unique<PostgresCopyPeer>(PostgresNetwork()); });

}  // namespace

PeerEntry PostgresCopyPeerBehind(const std::string& name, const PostgresNetwork& network) {
  return {{name, "PostgreSQL, a chunk by COPY and upsert, one transaction"},
          [=] { return std::make_unique<PostgresCopyPeer>(network); }};
}

}  // namespace tallystone::bench
