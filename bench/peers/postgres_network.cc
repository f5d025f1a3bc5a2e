#include "peers/postgres_network.h"

#include <algorithm>
#include <vector>

#include <libpq-fe.h>

namespace tallystone::bench {
namespace {

constexpr int kRoundTrips = 51;

}  // namespace

Status PostgresPlace::Start(const std::string& directory, const PostgresNetwork& network) {
  testing::PostgresOptions options;
  options.directory = directory;
  options.tcp = network.has_value();
  // As people tune it for loading; durability is the default's: fsync and synchronous_commit on.
  options.settings = {"shared_buffers=256MB", "wal_buffers=16MB", "max_wal_size=8GB",
                      "checkpoint_timeout=30min", "max_connections=300"};
  Status status = testing::PostgresServer::Start(options, &server_);
  if (status.ok() && network) {
    proxy_ = std::make_unique<testing::TcpProxy>(server_->port());
    status = proxy_->Start();
    proxy_->SetDelay(*network);
  }
  return status;
}

std::string PostgresPlace::connection() const {
  return proxy_ == nullptr ? server_->connection()
                           : testing::PostgresServer::ConnectionTo(proxy_->port());
}

Status PostgresPlace::MeasureRoundTrip(double* seconds) const {
  using Clock = std::chrono::steady_clock;
  PGconn* session = PQconnectdb(connection().c_str());
  bool good = PQstatus(session) == CONNECTION_OK;
  std::vector<double> taken;
  while (good && taken.size() < kRoundTrips) {
    const Clock::time_point start = Clock::now();
    PGresult* result = PQexec(session, "SELECT 1");
    taken.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    good = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
  }
  const std::string trouble = PQerrorMessage(session);
  PQfinish(session);
  if (!good) {
    return Status::IoError(trouble);
  }
  std::sort(taken.begin(), taken.end());
  *seconds = taken[taken.size() / 2];
  return Status::Ok();
}

Status PostgresPlace::Stop() {
  proxy_.reset();
  Status status = server_ == nullptr ? Status::Ok() : server_->Stop();
  server_.reset();
  return status;
}

}  // namespace tallystone::bench
