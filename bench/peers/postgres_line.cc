// PostgreSQL line by line: each line one statement of one round trip, which is one transaction.
#include <array>

#include "peers/item_numbers.h"
#include "peers/postgres_inventory.h"

namespace tallystone::bench {
namespace {

constexpr const char* kPrepare =
    "PREPARE book (int8, int4, int8, int8, text) AS"
    " WITH made AS (INSERT INTO items SELECT $2, $5 WHERE $5 IS NOT NULL ON CONFLICT DO NOTHING),"
    " line AS (INSERT INTO transactions VALUES ($1, $2, $3, $4)),"
    " at AS (UPDATE position SET line = $1)"
    " INSERT INTO balances VALUES ($2, $3, $3::numeric * $4, 1)"
    " ON CONFLICT (item) DO UPDATE SET on_hand = balances.on_hand + excluded.on_hand,"
    " value = balances.value + excluded.value, lines = balances.lines + 1";

class PostgresLinePeer : public Peer {
 public:
  explicit PostgresLinePeer(const PostgresNetwork& network) : inventory_(kPrepare, network) {}

  Status Open(const Workload& /*workload*/, uint64_t /*lines*/,
              const std::string& directory) override {
    return inventory_.Open(directory);
  }

  Status Write(const WorkBatch& lines) override {
    const PostgresInventory::Lease lease(&inventory_);
    Status status = lease.status();
    for (size_t index = 0; index < lines.lines.size() && status.ok(); ++index) {
      status = WriteLine(lease.get(), lines.lines[index], LineNumber(lines.number, index));
    }
    if (status.ok()) {
      status = PostgresInventory::Run(lease.get(), "INSERT INTO batches VALUES ('" + lines.id +
                                                       "'," + std::to_string(lines.number) + "," +
                                                       std::to_string(lines.lines.size()) + ")");
    }
    return status;
  }

  Status Finish() override { return Status::Ok(); }

  Status Digest(std::optional<BalanceDigest>* digest) override {
    return inventory_.Digest(&digest->emplace());
  }

  Status Close() override { return inventory_.Close(); }

 private:
  Status WriteLine(PGconn* connection, const WorkLine& line, uint64_t number) {
    std::vector<uint32_t> items;
    std::vector<ItemNumbers::Made> made;
    numbers_.Map({&line, 1}, &items, &made);
    const std::array<std::string, 5> texts = {std::to_string(number), std::to_string(items.front()),
                                              std::to_string(line.quantity.units()),
                                              std::to_string(line.unit_cost.units()),
                                              std::string(line.code)};
    std::array<const char*, 5> values = {};
    for (size_t index = 0; index < texts.size(); ++index) {
      values[index] = texts[index].c_str();
    }
    values.back() = made.empty() ? nullptr : values.back();  // null: the item is known
    PGresult* result = PQexecPrepared(connection, "book", static_cast<int>(values.size()),
                                      values.data(), nullptr, nullptr, 0);
    const bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (!done) {
      return PostgresInventory::Failed(connection);
    }
    numbers_.Stored(made);
    return Status::Ok();
  }

  ItemNumbers numbers_;
  PostgresInventory inventory_;
};

const PeerRegistration kRegistration(
    {"postgres-line", "PostgreSQL on a local socket, a transaction a line", PeerSpeed::kSlow},
    [] { return std::make_unique<PostgresLinePeer>(PostgresNetwork()); });

}  // namespace

PeerEntry PostgresLinePeerBehind(const std::string& name, const PostgresNetwork& network) {
  return {{name, "PostgreSQL, a transaction a line", PeerSpeed::kSlow},
          [=] { return std::make_unique<PostgresLinePeer>(network); }};
}

}  // namespace tallystone::bench
