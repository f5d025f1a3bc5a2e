#include "serve/request_guard.h"

#include <utility>

#include "serve/token.h"

namespace tallystone::tool {
namespace {

constexpr int kNotFound = 404;
constexpr int kMethodNotAllowed = 405;
constexpr int kPayloadTooLarge = 413;
constexpr int kMisdirected = 421;

}  // namespace

RequestGuard::RequestGuard(std::string token, int port)
    : token_(std::move(token)),
      hosts_{"127.0.0.1:" + std::to_string(port), "localhost:" + std::to_string(port)} {}

int RequestGuard::Check(const RequestHead& head, std::string_view* page) const {
  // A page of another site whose name was made to point here sends that name (DNS rebinding).
  if (head.host != hosts_[0] && head.host != hosts_[1]) {
    return kMisdirected;
  }
  if (head.method != "GET" && head.method != "HEAD") {
    return kMethodNotAllowed;
  }
  if (head.has_body) {
    return kPayloadTooLarge;
  }
  const size_t end = head.path.find('/', 1);
  if (!head.path.starts_with('/') || end == std::string_view::npos ||
      !SameToken(head.path.substr(1, end - 1), token_)) {
    return kNotFound;
  }
  *page = head.path.substr(end + 1);
  return 0;
}

}  // namespace tallystone::tool
