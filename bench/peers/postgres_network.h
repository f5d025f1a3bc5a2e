// PostgresNetwork: how a peer reaches its PostgreSQL, and a server that is reached so.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "peer.h"
#include "postgres_support/postgres_server.h"
#include "postgres_support/tcp_proxy.h"

namespace tallystone::bench {

struct PostgresNetwork {
  // Through a proxy that makes a round trip take so much longer; nothing: on a local socket.
  std::optional<std::chrono::nanoseconds> round_trip;
  // 0 .. 19: the server yields the processors to this program, as if it had a machine of its own.
  int server_nice = 0;
};

// A server of its own, with the settings that all peers get. Not thread-safe.
class PostgresPlace {
 public:
  // The server's files are in `directory`. kUnavailable: this machine has no PostgreSQL, and why.
  Status Start(const std::string& directory, const PostgresNetwork& network);
  // For PQconnectdb.
  [[nodiscard]] std::string connection() const;
  // *seconds: what a `SELECT 1` takes, the median of many.
  Status MeasureRoundTrip(double* seconds) const;
  Status Stop();

 private:
  std::unique_ptr<testing::PostgresServer> server_;
  std::unique_ptr<testing::TcpProxy> proxy_;
};

// Peers for a run with a network between them and the server.
PeerEntry PostgresCopyPeerBehind(const std::string& name, const PostgresNetwork& network);
PeerEntry PostgresLinePeerBehind(const std::string& name, const PostgresNetwork& network);
// The engine, its store in the server. `window_lines` 0: its default.
PeerEntry TallystonePeerBehind(const std::string& name, const PostgresNetwork& network,
                               size_t window_lines);

}  // namespace tallystone::bench
