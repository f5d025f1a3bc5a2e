// RequestGuard: which requests a served page answers at all.
#pragma once

#include <string>
#include <string_view>

namespace tallystone::tool {

// What is looked at of a request.
struct RequestHead {
  std::string_view method;
  std::string_view path;  // without the query
  std::string_view host;  // the header
  bool has_body = false;
};

class RequestGuard {
 public:
  // Knows the addresses by which this server can be meant.
  RequestGuard(std::string token, int port);

  // 0 = answer it; otherwise the HTTP status to refuse it with. *page becomes what the path asks
  // for behind the token: "", "api/pulse", ...; it points into `head.path`.
  int Check(const RequestHead& head, std::string_view* page) const;

 private:
  std::string token_;
  std::string hosts_[2];
};

}  // namespace tallystone::tool
