#include "postgres_support/proxy_connection.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

namespace tallystone::testing {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kHeaderBytes = 5;
constexpr size_t kReplyBytesBeforeCut = 3;
constexpr std::string_view kEncryptionDeclined = "N";

// 0 = the other side ended, negative = nothing there now.
ssize_t ReadSome(int descriptor, std::string* bytes) {
  bytes->resize(kReadBytes);
  const ssize_t got = ::recv(descriptor, bytes->data(), bytes->size(), MSG_DONTWAIT);
  if (got < 0 && errno != EAGAIN && errno != EINTR) {
    return 0;  // a broken connection has ended
  }
  bytes->resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return got;
}

bool IsSimple(char type) {
  return type == 'Q' || type == 'F' || type == '\0';
}

}  // namespace

ProxyConnection::ProxyConnection(int client, int server, ProxyState* state)
    : client_(client), server_(server), state_(state) {}

ProxyConnection::~ProxyConnection() {
  CloseClient();
  CloseServer();
}

void ProxyConnection::Cut() {
  CloseClient();
  to_server_ = {};
  input_ended_ = false;
  EndInput();
}

void ProxyConnection::CloseClient() {
  if (client_ >= 0) {
    ::close(client_);
    client_ = -1;
  }
}

void ProxyConnection::CloseServer() {
  if (server_ >= 0) {
    ::close(server_);
    server_ = -1;
  }
}

void ProxyConnection::Prepare(std::vector<pollfd>* polls, Clock::time_point* until) const {
  const Clock::time_point now = Clock::now();
  const auto events = [&](bool read, const DelayedPipe& out) {
    short wanted = read ? POLLIN : 0;
    if (!out.empty()) {
      if (out.due() <= now) {
        wanted |= POLLOUT;
      } else {
        *until = std::min(*until, out.due());
      }
    }
    return wanted;
  };
  // A negative descriptor is not waited for.
  polls->push_back({client_, events(!holding_ && !to_server_.full(), to_client_), 0});
  polls->push_back({server_, events(!to_client_.full(), to_server_), 0});
}

void ProxyConnection::Handle(const pollfd& client, const pollfd& server, Clock::time_point now) {
  now_ = now;
  constexpr short kRead = POLLIN | POLLHUP | POLLERR;
  if (client_ >= 0 && (client.revents & kRead) != 0) {
    ReadClient();
  }
  if (server_ >= 0 && (server.revents & kRead) != 0) {
    ReadServer();
  }
  FlushBoth();
}

void ProxyConnection::FlushBoth() {
  if (server_ >= 0) {
    switch (to_server_.Flush(server_, now_)) {
      case DelayedPipe::State::kOpen:
        break;
      case DelayedPipe::State::kEnded:
        // Not closed: what it still answers is read, lest it lose what it has not read yet.
        ::shutdown(server_, SHUT_WR);
        to_server_ = {};
        break;
      case DelayedPipe::State::kBroken:
        to_server_ = {};
        break;  // its end is read next
    }
  }
  if (client_ >= 0 && to_client_.Flush(client_, now_) != DelayedPipe::State::kOpen) {
    CloseClient();
    EndInput();
  }
}

void ProxyConnection::EndInput() {
  holding_ = true;
  if (!input_ended_) {
    input_ended_ = true;
    to_server_.PushEnd(now_ + state_->one_way);
  }
}

// --- from the client ---

void ProxyConnection::ReadClient() {
  std::string bytes;
  const ssize_t got = ReadSome(client_, &bytes);
  if (got == 0) {
    CloseClient();
    EndInput();
    return;
  }
  from_client_.Append(bytes);
  char type = 0;
  std::string_view piece;
  while (!holding_) {
    switch (from_client_.Next(&type, &piece)) {
      case MessageStream::Piece::kNone:
        return;
      case MessageStream::Piece::kRest:
        ToServer(piece);
        break;
      case MessageStream::Piece::kMessage:
        OnClientMessage(type, piece);
        break;
      case MessageStream::Piece::kBroken:
        Cut();
        return;
    }
  }
}

void ProxyConnection::OnClientMessage(char type, std::string_view message) {
  ++state_->counts.messages;
  if (type == '\0') {
    if (IsEncryptionRequest(message)) {
      ToClient(kEncryptionDeclined);
    } else if (!IsCancelRequest(message) && Fires(ProxyFault::Target::kConnect, false)) {
      Fire(type, message);
    } else {
      owed_.push_back({type});
      ToServer(message);
    }
    return;
  }
  bool commit = false;
  if (Understand(type, message, &commit)) {
    ++state_->counts.statements;
    state_->counts.commits += commit ? 1 : 0;
    if (Fires(ProxyFault::Target::kStatement, commit)) {
      Fire(type, message);
      return;
    }
  }
  if (std::string_view("PBDECSQF").find(type) != std::string_view::npos) {
    owed_.push_back({type});
  }
  ToServer(message);
}

bool ProxyConnection::Understand(char type, std::string_view message, bool* commit) {
  std::string_view body = message.substr(std::min(kHeaderBytes, message.size()));
  switch (type) {
    case 'Q':
      *commit = IsCommit(TakeText(&body));
      return true;
    case 'P': {
      const std::string name = TakeText(&body);
      statements_[name] = IsCommit(TakeText(&body));
      return false;
    }
    case 'B': {
      const std::string portal = TakeText(&body);
      portals_[portal] = statements_[TakeText(&body)];
      return false;
    }
    case 'E':
      *commit = portals_[TakeText(&body)];
      return true;
    default:
      return false;
  }
}

bool ProxyConnection::Fires(ProxyFault::Target target, bool commit) {
  std::optional<ProxyFault>& fault = state_->fault;
  if (!fault ||
      (fault->target != target && (!commit || fault->target != ProxyFault::Target::kCommit))) {
    return false;
  }
  if (fault->skip > 0) {
    --fault->skip;
    return false;
  }
  fault_ = *fault;
  fault.reset();
  ++state_->counts.faults;
  return true;
}

void ProxyConnection::Fire(char type, std::string_view message) {
  if (type == '\0' && fault_.kind != ProxyFault::Kind::kRefuse) {
    fault_.kind = ProxyFault::Kind::kCutBefore;  // there is no session to do the others to
  }
  switch (fault_.kind) {
    case ProxyFault::Kind::kCutBefore:
      EndServer(Ending::kCut);
      return;
    case ProxyFault::Kind::kRefuse:
      EndServer(Ending::kError);
      return;
    case ProxyFault::Kind::kRaise:
      SendRaising(type);
      return;
    case ProxyFault::Kind::kCutBlind:
      now_ += fault_.hold;
      ToServer(message);
      EndInput();
      now_ -= fault_.hold;
      CloseClient();
      return;
    case ProxyFault::Kind::kCutAfter:
    case ProxyFault::Kind::kCutInReply:
      // Without a Flush the server may keep its reply until a Sync, which does not come any more.
      ToServer(message);
      ToServer(IsSimple(type) ? "" : Message('H', ""));
      owed_.push_back({type});
      target_owed_ = holding_ = true;
      if (TargetIsIgnored()) {
        CutAtReply("");
      }
      return;
  }
}

// A COMMIT that fails has ended its transaction all the same.
void ProxyConnection::SendRaising(char type) {
  std::vector<std::string> statements;
  if (fault_.target == ProxyFault::Target::kCommit) {
    statements.push_back("ROLLBACK");
  }
  statements.push_back(RaisingStatement(fault_.sqlstate));
  for (const std::string& statement : statements) {
    const bool hidden = &statement != &statements.back();
    if (type == 'Q') {
      owed_.push_back({'Q', hidden});
      ToServer(Message('Q', statement + '\0'));
      continue;
    }
    // Under names of its own, so that the client's unnamed statement stays what it is.
    const std::string name = "proxy_fault_" + std::to_string(raised_++) + '\0';
    constexpr std::string_view kNoTypes("\0\0", 2);
    constexpr std::string_view kNoParameters("\0\0\0\0\0\0", 6);
    constexpr std::string_view kAllRows("\0\0\0\0", 4);
    ToServer(Message('P', name + statement + '\0' + std::string(kNoTypes)));
    ToServer(Message('B', name + name + std::string(kNoParameters)));
    ToServer(Message('E', name + std::string(kAllRows)));
    owed_.push_back({'P', true});
    owed_.push_back({'B', true});
    owed_.push_back({'E', hidden});
  }
}

void ProxyConnection::EndServer(Ending ending) {
  ending_ = ending;
  EndInput();
  to_client_ = {};
  if (fault_.at_once) {
    if (ending == Ending::kError) {
      ToClient(FatalError(fault_.sqlstate, "forged"));
      to_client_.PushEnd(now_ + state_->one_way);
    } else {
      CloseClient();
    }
  }
}

// --- from the server ---

void ProxyConnection::ReadServer() {
  std::string bytes;
  const ssize_t got = ReadSome(server_, &bytes);
  if (got == 0) {
    OnServerEnd();
    return;
  }
  if (ending_ != Ending::kNone || client_ < 0) {
    return;  // nobody is to read it
  }
  from_server_.Append(bytes);
  char type = 0;
  std::string_view piece;
  while (server_ >= 0) {
    switch (from_server_.Next(&type, &piece)) {
      case MessageStream::Piece::kNone:
        return;
      case MessageStream::Piece::kRest:
        ToClient(hide_rest_ ? "" : piece);
        break;
      case MessageStream::Piece::kMessage:
        OnServerMessage(type, piece);
        break;
      case MessageStream::Piece::kBroken:
        Cut();
        return;
    }
  }
}

void ProxyConnection::OnServerEnd() {
  CloseServer();
  holding_ = true;
  if (ending_ == Ending::kCut) {
    CloseClient();
  } else if (ending_ == Ending::kNone || !fault_.at_once) {
    if (ending_ == Ending::kError) {
      ToClient(FatalError(fault_.sqlstate, "forged"));
    }
    to_client_.PushEnd(now_ + state_->one_way);
  }
}

bool ProxyConnection::TargetIsIgnored() const {
  return target_owed_ && skipping_ &&
         std::none_of(owed_.begin(), owed_.end(),
                      [](const Owed& owed) { return owed.type == 'S'; });
}

void ProxyConnection::OnServerMessage(char type, std::string_view message) {
  // A simple query may be several statements: it is over with its last message, and the client gets
  // none of them.
  const bool is_target = target_owed_ && owed_.size() == 1;
  const bool simple_target = is_target && IsSimple(owed_.front().type);
  bool hidden = !owed_.empty() && IsSimple(owed_.front().type) && owed_.front().hidden;
  const bool settled = Settles(type, &hidden);
  hide_rest_ = hidden || simple_target;
  if ((is_target && settled) || TargetIsIgnored()) {
    CutAtReply(message);
  } else if (!hide_rest_) {
    ToClient(message);
  }
}

bool ProxyConnection::Settles(char type, bool* hidden) {
  if (type == 'Z') {  // ends everything up to the Sync, or the simple query
    while (!owed_.empty()) {
      const char ended = owed_.front().type;
      owed_.pop_front();
      if (ended == 'S' || IsSimple(ended)) {
        break;
      }
    }
    skipping_ = false;
    return true;
  }
  if (owed_.empty() || IsSimple(owed_.front().type)) {
    return false;
  }
  if (type == 'E') {
    skipping_ = true;
    return false;
  }
  bool settles = false;
  switch (owed_.front().type) {
    case 'P':
      settles = type == '1';
      break;
    case 'B':
      settles = type == '2';
      break;
    case 'C':
      settles = type == '3';
      break;
    case 'D':
      settles = type == 'T' || type == 'n';
      break;
    case 'E':
      settles = type == 'C' || type == 'I' || type == 's';
      break;
    default:
      break;
  }
  if (settles) {
    *hidden = owed_.front().hidden;
    owed_.pop_front();
  }
  return settles;
}

void ProxyConnection::CutAtReply(std::string_view reply) {
  CloseServer();
  if (fault_.kind == ProxyFault::Kind::kCutInReply && !reply.empty()) {
    ToClient(reply.substr(0, kReplyBytesBeforeCut));
    to_client_.PushEnd(now_ + state_->one_way);
  } else {
    CloseClient();
  }
}

void ProxyConnection::ToServer(std::string_view bytes) {
  state_->counts.bytes_to_server += bytes.size();
  to_server_.Push(bytes, now_ + state_->one_way);
}

void ProxyConnection::ToClient(std::string_view bytes) {
  state_->counts.bytes_to_client += bytes.size();
  to_client_.Push(bytes, now_ + state_->one_way);
}

}  // namespace tallystone::testing
