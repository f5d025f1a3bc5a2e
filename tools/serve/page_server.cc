#include "serve/page_server.h"

#include <httplib.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "output/json.h"
#include "process/interrupt.h"
#include "report/page.h"
#include "serve/live_data.h"
#include "serve/request_guard.h"
#include "serve/token.h"

namespace tallystone::tool {
namespace {

using httplib::Request;
using httplib::Response;

constexpr char kAddress[] = "127.0.0.1";
constexpr size_t kThreads = 6;  // as many connections as a browser makes
constexpr int kServerError = 500;
constexpr int kUnavailable = 503;

httplib::Headers CommonHeaders() {
  return {{"Content-Security-Policy", PagePolicy(true) + "; frame-ancestors 'none'"},
          {"X-Content-Type-Options", "nosniff"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cache-Control", "no-store"}};
}

void Refuse(int code, Response* response) {
  response->status = code;
  response->set_content("refused\n", "text/plain");
}

// A Status as JSON, for the page to show.
void AnswerError(const Status& status, Response* response) {
  response->status = status.IsNotFound() ? 404 : kUnavailable;
  std::string text;
  JsonWriter json(&text);
  json.BeginObject();
  json.Field("schema_version", uint64_t{kJsonSchemaVersion});
  json.Field("error", status.ToString());
  json.EndObject();
  response->set_content(text, "application/json");
}

class PageServer {
 public:
  PageServer(const SnapshotOptions& options, RequestGuard guard)
      : guard_(std::move(guard)), data_(options), page_(MakePage("null")) {}

  // Everything is decided here: the library's routes match by regular expressions, which recurse
  // over whatever path is sent.
  void Answer(const Request& request, Response* response) {
    std::string_view page;
    const int refused =
        guard_.Check({request.method, request.path, request.get_header_value("Host"),
                      request.has_header("Transfer-Encoding") ||
                          request.get_header_value<uint64_t>("Content-Length") > 0},
                     &page);
    if (refused != 0) {
      Refuse(refused, response);
      return;
    }
    response->status = 200;
    if (page.empty()) {
      response->set_content(page_, "text/html; charset=utf-8");
    } else if (page.starts_with("api/")) {
      AnswerData(page.substr(4), request, response);
    } else {
      Refuse(404, response);
    }
  }

 private:
  void AnswerData(std::string_view name, const Request& request, Response* response) {
    std::string json;
    Status s = Status::NotFound("there is no such data");
    if (name == "snapshot") {
      s = data_.Snapshot(&json);
    } else if (name == "pulse") {
      s = data_.Pulse(&json);
    } else if (name == "batch") {
      s = data_.BatchPage(request.get_param_value("tenant"), request.get_param_value("batch"),
                          &json);
    }
    if (s.ok()) {
      response->set_content(json, "application/json");
    } else {
      AnswerError(s, response);
    }
  }

  const RequestGuard guard_;
  LiveData data_;
  const std::string page_;
};

void SetLimits(httplib::Server* server) {
  server->new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server->set_keep_alive_max_count(1);  // so that no connection holds a thread
  server->set_read_timeout(5);
  server->set_write_timeout(5);
  server->set_payload_max_length(0);
  server->set_default_headers(CommonHeaders());
  // The library's own would let another program listen on the same port (SO_REUSEPORT).
  server->set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
}

void StopWhenInterrupted(httplib::Server* server, const std::atomic<bool>& ended) {
  constexpr int kLookMillis = 100;  // it may end by itself
  pollfd wait = {InterruptFd(), POLLIN, 0};
  while (!ended && !Interrupted()) {
    poll(&wait, 1, kLookMillis);
  }
  while (!ended && !server->is_running()) {  // to stop it before it runs does nothing
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  server->stop();
}

}  // namespace

Status ServePage(const ServeOptions& options,
                 const std::function<void(const std::string& url)>& announce) {
  std::string token;
  if (Status s = MakeToken(&token); !s.ok()) {
    return s;
  }
  httplib::Server server;
  SetLimits(&server);
  int port = options.port;
  if (port == 0) {
    port = server.bind_to_any_port(kAddress);
  } else if (!server.bind_to_port(kAddress, port)) {
    port = -1;
  }
  if (port < 0) {
    return Status::IoError("cannot listen on port " + std::to_string(options.port) + " of " +
                           kAddress + "; another program may have it: choose another with --port");
  }
  PageServer pages(options.snapshot, RequestGuard(token, port));
  server.set_pre_routing_handler([&](const Request& request, Response& response) {
    pages.Answer(request, &response);
    return httplib::Server::HandlerResponse::Handled;
  });
  server.set_exception_handler([](const Request&, Response& response, std::exception_ptr) {
    Refuse(kServerError, &response);
  });
  announce("http://" + std::string(kAddress) + ":" + std::to_string(port) + "/" + token + "/");
  std::atomic<bool> ended = false;
  std::thread watcher([&] { StopWhenInterrupted(&server, ended); });
  const bool served = server.listen_after_bind();
  ended = true;
  watcher.join();
  return served || Interrupted() ? Status::Ok() : Status::IoError("the server stopped by itself");
}

}  // namespace tallystone::tool
