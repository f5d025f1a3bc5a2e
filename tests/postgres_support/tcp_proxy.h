// TcpProxy: a loopback port in front of a PostgreSQL server, for networks as tests need them: far
// away, cut at a given message, stalled, or with an error that the server gives at a given moment.
//
//     TcpProxy proxy(server.port());
//     ASSERT_OK(proxy.Start());
//     proxy.SetDelay(std::chrono::milliseconds(10));
//     proxy.Arm({.kind = ProxyFault::Kind::kCutBefore, .skip = 2});
//     ... use PostgresServer::ConnectionTo(proxy.port()) ...
//
// It reads the protocol (version 3, without encryption, which it declines), so that a fault is at
// one message and it is known what the server has done by then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tallystone/status.h"

namespace tallystone::testing {

// Something that happens once, to the first connection that sends the message.
struct ProxyFault {
  enum class Target : uint8_t {
    kCommit,     // a COMMIT, by whichever way it is sent
    kStatement,  // any statement that is executed
    kConnect,    // the first message of a connection; kCutBefore and kRefuse only
  };
  enum class Kind : uint8_t {
    // The connection ends, and the server never gets the message: its transaction is rolled back.
    kCutBefore,
    // The server has done it (a transaction is committed); the connection ends in place of the
    // reply. Nothing after the message reaches the server.
    kCutAfter,
    // The same, after the first bytes of the reply.
    kCutInReply,
    // The message is passed on and the connection ends at once: nobody can say what became of it.
    kCutBlind,
    // The server gets a statement in its place that fails with `sqlstate`: to the client it is as
    // if its own had failed so (a COMMIT has rolled back). The connection lives.
    kRaise,
    // The client gets an error with `sqlstate`, then the end; the server never gets the message.
    kRefuse,
  };

  Kind kind = Kind::kCutBefore;
  Target target = Target::kCommit;
  uint64_t skip = 0;  // so many targets pass first, over all connections
  std::string sqlstate = "40001";
  // For the two kinds in which the server does not get the message. By default the client learns of
  // it when the server's session is over; at once: while the server may still hold its locks.
  bool at_once = false;
  // For kCutBlind: the message arrives so much later, when the client may have come back.
  std::chrono::milliseconds hold{0};
};

// Since the start.
struct ProxyCounts {
  uint64_t connections = 0;
  uint64_t messages = 0;  // of clients
  uint64_t commits = 0;   // sent by clients, whatever became of them
  uint64_t statements = 0;
  uint64_t bytes_to_server = 0;
  uint64_t bytes_to_client = 0;
  uint64_t faults = 0;  // that have happened
};

class ProxyConnection;

// What the connections of a proxy share; guarded by the proxy's mutex.
struct ProxyState {
  std::chrono::nanoseconds one_way{0};
  std::optional<ProxyFault> fault;
  ProxyCounts counts;
};

// Thread-safe. One thread of its own does the work.
class TcpProxy {
 public:
  explicit TcpProxy(uint16_t server_port);
  // Cuts every connection.
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  Status Start();
  // On 127.0.0.1.
  [[nodiscard]] uint16_t port() const { return port_; }

  // New connections go to this port of 127.0.0.1: a standby took over.
  void SetServer(uint16_t port);
  // Every message arrives half of this later, in each direction; they overlap, so that only latency
  // grows.
  void SetDelay(std::chrono::nanoseconds round_trip);
  // In place of the fault before, if that has not happened.
  void Arm(const ProxyFault& fault);
  // Takes the fault back. False: it has happened.
  bool Disarm();
  // While it is stalled, connections are accepted and nothing is passed on, not even an end. What
  // was sent meanwhile arrives when it goes on, also where the client has long given up.
  void SetStalled(bool stalled);
  // While it refuses, connections end as soon as they are made.
  void SetRefusing(bool refusing);
  // Ends every connection there is, at once; what is under way is lost.
  void CutAll();
  // Waits until no connection is left, and so no session on the server. False: there still is one.
  bool WaitUntilIdle(std::chrono::milliseconds limit);

  [[nodiscard]] ProxyCounts counts() const;

 private:
  void Loop();
  // With the mutex: accepts one connection.
  void Accept();
  void Wake() const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  ProxyState state_;
  std::vector<std::unique_ptr<ProxyConnection>> connections_;
  uint16_t server_port_;
  bool stalled_ = false;
  bool refusing_ = false;
  bool stopping_ = false;

  uint16_t port_ = 0;
  int listener_ = -1;
  int wake_ = -1;  // an eventfd
  std::thread thread_;
};

}  // namespace tallystone::testing
