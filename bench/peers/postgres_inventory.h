// PostgresInventory: the schema in PostgreSQL, and connections to it.
//
// Sums are `numeric`, which does not overflow. A connection is one thread's for as long as it holds
// a Lease.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <libpq-fe.h>

#include "peer.h"
#include "peers/postgres_network.h"

namespace tallystone::bench {

class PostgresInventory {
 public:
  // `prepare`: run on every new connection.
  explicit PostgresInventory(std::string prepare, const PostgresNetwork& network)
      : prepare_(std::move(prepare)), network_(network) {}
  ~PostgresInventory();

  // kUnavailable: there is no server on this machine, and why.
  Status Open(const std::string& directory);
  Status Digest(BalanceDigest* digest);
  Status Close();

  class Lease {
   public:
    explicit Lease(PostgresInventory* owner) : owner_(owner), status_(owner->Take(&connection_)) {}
    ~Lease() { owner_->Return(connection_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    [[nodiscard]] Status status() const { return status_; }
    [[nodiscard]] PGconn* get() const { return connection_; }

   private:
    PostgresInventory* const owner_;
    PGconn* connection_ = nullptr;
    const Status status_;
  };

  // Runs statements that give no rows.
  static Status Run(PGconn* connection, const std::string& statements);
  static Status Failed(PGconn* connection);

 private:
  Status Take(PGconn** connection);
  void Return(PGconn* connection);

  const std::string prepare_;
  const PostgresNetwork network_;
  PostgresPlace place_;
  std::mutex mutex_;
  std::vector<PGconn*> idle_;
};

}  // namespace tallystone::bench
