#include "peers/postgres_network.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include <libpq-fe.h>
#include <sys/resource.h>

namespace tallystone::bench {
namespace {

constexpr int kRoundTrips = 51;

// Of the server whose process is named in that file, and of all that it starts.
Status BeNice(const std::string& process_file, int niceness) {
  pid_t process = 0;
  std::ifstream(process_file) >> process;
  if (process <= 0 || ::setpriority(PRIO_PROCESS, static_cast<id_t>(process), niceness) != 0) {
    return Status::IoError("the server cannot be made nice");
  }
  return Status::Ok();
}

}  // namespace

Status PostgresPlace::Start(const std::string& directory, const PostgresNetwork& network) {
  testing::PostgresOptions options;
  options.directory = directory;
  options.tcp = network.round_trip.has_value();
  // As people tune it for loading; durability is the default's: fsync and synchronous_commit on.
  options.settings = {"shared_buffers=256MB", "wal_buffers=16MB", "max_wal_size=8GB",
                      "checkpoint_timeout=30min", "max_connections=300"};
  Status status = testing::PostgresServer::Start(options, &server_);
  if (status.ok() && network.server_nice != 0) {
    status = BeNice(server_->directory() + "/data/postmaster.pid", network.server_nice);
  }
  if (status.ok() && network.round_trip) {
    proxy_ = std::make_unique<testing::TcpProxy>(server_->port());
    status = proxy_->Start();
    proxy_->SetDelay(*network.round_trip);
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
