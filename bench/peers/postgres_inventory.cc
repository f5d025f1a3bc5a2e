#include "peers/postgres_inventory.h"

#include <cstdlib>

namespace tallystone::bench {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE items (item int4 PRIMARY KEY, code text NOT NULL);"
    "CREATE TABLE transactions (line int8 PRIMARY KEY, item int4 NOT NULL,"
    " quantity int8 NOT NULL, unit_cost int8 NOT NULL);"
    "CREATE INDEX postings ON transactions (item);"
    "CREATE TABLE balances (item int4 PRIMARY KEY, on_hand numeric NOT NULL,"
    " value numeric NOT NULL, lines int8 NOT NULL);"
    "CREATE TABLE batches (id text PRIMARY KEY, number int8 NOT NULL, lines int8 NOT NULL);"
    "CREATE TABLE position (only_row bool PRIMARY KEY, line int8 NOT NULL);"
    "INSERT INTO position VALUES (true, 0);";

Int128 ParseInt128(const char* text) {
  const bool negative = *text == '-';
  UInt128 value = 0;
  for (text += negative ? 1 : 0; *text >= '0' && *text <= '9'; ++text) {
    value = value * 10 + static_cast<unsigned>(*text - '0');
  }
  return negative ? -static_cast<Int128>(value) : static_cast<Int128>(value);
}

}  // namespace

PostgresInventory::~PostgresInventory() {
  Close().PermitUnchecked();
}

Status PostgresInventory::Open(const std::string& directory) {
  Status status = place_.Start(directory, network_);
  if (!status.ok()) {
    return status;
  }
  PGconn* first = PQconnectdb(place_.connection().c_str());
  status = PQstatus(first) == CONNECTION_OK ? Run(first, kSchema) : Failed(first);
  PQfinish(first);
  return status;
}

Status PostgresInventory::Take(PGconn** connection) {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      *connection = idle_.back();
      idle_.pop_back();
      return Status::Ok();
    }
  }
  *connection = PQconnectdb(place_.connection().c_str());
  return PQstatus(*connection) == CONNECTION_OK ? Run(*connection, prepare_) : Failed(*connection);
}

void PostgresInventory::Return(PGconn* connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(connection);
}

Status PostgresInventory::Run(PGconn* connection, const std::string& statements) {
  PGresult* result = PQexec(connection, statements.c_str());
  const bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
  PQclear(result);
  return done ? Status::Ok() : Failed(connection);
}

Status PostgresInventory::Failed(PGconn* connection) {
  return Status::IoError(PQerrorMessage(connection));
}

Status PostgresInventory::Digest(BalanceDigest* digest) {
  const Lease lease(this);
  if (!lease.status().ok()) {
    return lease.status();
  }
  PGresult* rows = PQexec(
      lease.get(), "SELECT code, on_hand, value, lines FROM balances JOIN items USING (item)");
  const bool done = PQresultStatus(rows) == PGRES_TUPLES_OK;
  for (int row = 0; done && row < PQntuples(rows); ++row) {
    digest->Add(PQgetvalue(rows, row, 0), ParseInt128(PQgetvalue(rows, row, 1)),
                ParseInt128(PQgetvalue(rows, row, 2)),
                std::strtoull(PQgetvalue(rows, row, 3), nullptr, 10));
  }
  PQclear(rows);
  return done ? Status::Ok() : Failed(lease.get());
}

Status PostgresInventory::Close() {
  for (PGconn* connection : idle_) {
    PQfinish(connection);
  }
  idle_.clear();
  return place_.Stop();
}

}  // namespace tallystone::bench
