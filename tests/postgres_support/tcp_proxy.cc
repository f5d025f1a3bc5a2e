#include "postgres_support/tcp_proxy.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "postgres_support/proxy_connection.h"

namespace tallystone::testing {
namespace {

using Clock = DelayedPipe::Clock;

constexpr std::chrono::seconds kWaitMax(3600);  // somebody wakes it sooner
constexpr int kBacklog = 128;
constexpr size_t kOwnPolls = 2;  // before those of the connections

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void SetNoDelay(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// Negative: nobody listens.
int ConnectTo(uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(descriptor);
    return -1;
  }
  SetNoDelay(descriptor);
  return descriptor;
}

}  // namespace

TcpProxy::TcpProxy(uint16_t server_port) : server_port_(server_port) {}

TcpProxy::~TcpProxy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) {
    thread_.join();
  }
  connections_.clear();
  for (const int descriptor : {listener_, wake_}) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
  }
}

Status TcpProxy::Start() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  sockaddr_in address = Loopback(0);
  socklen_t bytes = sizeof(address);
  if (listener_ < 0 || wake_ < 0 ||
      ::bind(listener_, reinterpret_cast<sockaddr*>(&address), bytes) != 0 ||
      ::listen(listener_, kBacklog) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) {
    return Status::Unavailable(std::string("starting a proxy: ") + std::strerror(errno));
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Loop(); });
  return Status::Ok();
}

void TcpProxy::Loop() {
  std::vector<pollfd> polls;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    polls = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    Clock::time_point until = Clock::now() + kWaitMax;
    if (!stalled_) {
      for (const auto& connection : connections_) {
        connection->Prepare(&polls, &until);
      }
    }
    lock.unlock();
    const auto wait = std::max<std::chrono::nanoseconds>(until - Clock::now(), {});
    constexpr int64_t kSecond = 1'000'000'000;
    const timespec limit = {wait.count() / kSecond, wait.count() % kSecond};
    ::ppoll(polls.data(), polls.size(), &limit, nullptr);
    uint64_t woken = 0;
    const bool drained = ::read(wake_, &woken, sizeof(woken)) > 0;
    static_cast<void>(drained);  // nothing to read: it was something else
    lock.lock();
    const Clock::time_point now = Clock::now();
    for (size_t index = 0; kOwnPolls + 2 * index + 1 < polls.size() && !stalled_; ++index) {
      const size_t poll = kOwnPolls + 2 * index;
      connections_[index]->Handle(polls[poll], polls[poll + 1], now);
    }
    if ((polls.front().revents & POLLIN) != 0) {
      Accept();
    }
    const size_t gone =
        std::erase_if(connections_, [](const auto& connection) { return connection->over(); });
    if (gone > 0) {
      changed_.notify_all();
    }
  }
}

void TcpProxy::Accept() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) {
    return;
  }
  ++state_.counts.connections;
  const int server = refusing_ ? -1 : ConnectTo(server_port_);
  if (server < 0) {
    ::close(client);
    return;
  }
  SetNoDelay(client);
  connections_.push_back(std::make_unique<ProxyConnection>(client, server, &state_));
}

void TcpProxy::Wake() const {
  const uint64_t one = 1;
  const bool told = wake_ < 0 || ::write(wake_, &one, sizeof(one)) > 0;
  static_cast<void>(told);  // full: it is awake
}

void TcpProxy::SetServer(uint16_t port) {
  const std::lock_guard lock(mutex_);
  server_port_ = port;
}

void TcpProxy::SetDelay(std::chrono::nanoseconds round_trip) {
  const std::lock_guard lock(mutex_);
  state_.one_way = round_trip / 2;
}

void TcpProxy::Arm(const ProxyFault& fault) {
  const std::lock_guard lock(mutex_);
  state_.fault = fault;
}

bool TcpProxy::Disarm() {
  const std::lock_guard lock(mutex_);
  const bool armed = state_.fault.has_value();
  state_.fault.reset();
  return armed;
}

void TcpProxy::SetStalled(bool stalled) {
  {
    const std::lock_guard lock(mutex_);
    stalled_ = stalled;
  }
  Wake();
}

void TcpProxy::SetRefusing(bool refusing) {
  const std::lock_guard lock(mutex_);
  refusing_ = refusing;
}

void TcpProxy::CutAll() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& connection : connections_) {
      connection->Cut();
    }
  }
  Wake();
}

bool TcpProxy::WaitUntilIdle(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return connections_.empty(); });
}

ProxyCounts TcpProxy::counts() const {
  const std::lock_guard lock(mutex_);
  return state_.counts;
}

}  // namespace tallystone::testing
