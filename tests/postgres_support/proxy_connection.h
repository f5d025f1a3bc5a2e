// One connection through a proxy: two sockets, a delayed pipe in each direction, and as much of the
// protocol as is needed to know which reply belongs to which message.
#pragma once

#include <poll.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "postgres_support/delayed_pipe.h"
#include "postgres_support/postgres_messages.h"
#include "postgres_support/tcp_proxy.h"

namespace tallystone::testing {

// Used by the proxy's thread, with the proxy's mutex.
class ProxyConnection {
 public:
  // Takes both sockets.
  ProxyConnection(int client, int server, ProxyState* state);
  ~ProxyConnection();
  ProxyConnection(const ProxyConnection&) = delete;
  ProxyConnection& operator=(const ProxyConnection&) = delete;

  using Clock = DelayedPipe::Clock;
  // What to wait for: two entries. The time of the next piece that is due lowers *until.
  void Prepare(std::vector<pollfd>* polls, Clock::time_point* until) const;
  void Handle(const pollfd& client, const pollfd& server, Clock::time_point now);
  // The client's side ends now, and what is under way is lost. The connection is over when the
  // server's session is.
  void Cut();
  [[nodiscard]] bool over() const { return client_ < 0 && server_ < 0; }

 private:
  // What the server still owes an answer to, in order.
  struct Owed {
    char type;
    bool hidden = false;  // sent by the proxy: the client must not see the reply
  };
  // What happens to the client when the server's session is over.
  enum class Ending : uint8_t { kNone, kCut, kError };

  void ReadClient();
  void ReadServer();
  void OnClientMessage(char type, std::string_view message);
  // Remembers which names stand for a COMMIT. True: this message executes something; *commit: a
  // COMMIT.
  bool Understand(char type, std::string_view message, bool* commit);
  // True: the fault is at this message.
  bool Fires(ProxyFault::Target target, bool commit);
  void Fire(char type, std::string_view message);
  // In place of the client's message.
  void SendRaising(char type);
  // The server's session ends when it has done what was passed on before; the client hears of it as
  // `ending` says.
  void EndServer(Ending ending);
  // Nothing more is taken from the client; the server is told of the end.
  void EndInput();
  // Of a connection that is to be cut at a reply: the server ignores the message, and so there is
  // no reply.
  [[nodiscard]] bool TargetIsIgnored() const;
  void OnServerEnd();
  void OnServerMessage(char type, std::string_view message);
  // The reply ends what is owed first. *hidden: it is not the client's.
  bool Settles(char type, bool* hidden);
  void CutAtReply(std::string_view reply);
  void ToServer(std::string_view bytes);
  void ToClient(std::string_view bytes);
  void FlushBoth();
  void CloseClient();
  void CloseServer();

  int client_;
  int server_;
  ProxyState* const state_;
  Clock::time_point now_;
  MessageStream from_client_{true};
  MessageStream from_server_{false};
  DelayedPipe to_server_;
  DelayedPipe to_client_;

  std::map<std::string, bool> statements_;  // by name: is it a COMMIT
  std::map<std::string, bool> portals_;
  std::deque<Owed> owed_;
  bool skipping_ = false;  // the server ignores everything up to the next Sync
  bool hide_rest_ = false;
  bool target_owed_ = false;  // the connection is cut at the reply to the last message
  bool holding_ = false;      // nothing more is taken from the client
  bool input_ended_ = false;  // and the server is told
  Ending ending_ = Ending::kNone;
  ProxyFault fault_;  // that fired here
  uint64_t raised_ = 0;
};

}  // namespace tallystone::testing
