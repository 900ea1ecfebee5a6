#pragma once
// HTTP as the routes see it, apart from connections and bytes (http_server.h).

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "consensus/units.h"

namespace govchain::consensus::node {

// What is known before the body is read.
struct HttpHead {
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> parameters;  // of the query, as they stand
  std::string content_type;  // without its parameters, in lower case

  [[nodiscard]] const std::string* parameter(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

struct HttpRequest {
  HttpHead head;
  std::string body;
};

struct HttpResponse {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::optional<int64_t> retry_after;  // seconds
  std::string allow;                   // methods, of a 405
  // If set, all of the above is made by this, on the server's thread: who has something to tell may
  // have no time to write it down.
  std::function<HttpResponse()> later = nullptr;
};

// {"error": ..., "expected": ...}
[[nodiscard]] HttpResponse error_response(unsigned status, std::string_view error,
                                          std::string_view expected);

// Called on the server's thread; nothing in it may wait.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Whether, and how much of, a body is to be read at all.
  struct Admission {
    std::string_view route;  // for counting; lives as long as the handler
    std::optional<HttpResponse> refusal;
    Bytes body_limit;
  };
  [[nodiscard]] virtual Admission admit(const HttpHead& head) = 0;
  // Called once, on any thread.
  using Respond = std::function<void(HttpResponse)>;
  virtual void handle(HttpRequest request, Respond respond) = 0;
  // Every few milliseconds.
  virtual void on_time() = 0;
  // A response is about to leave; `route` is empty if it is to no whole request.
  virtual void on_response(std::string_view route, unsigned status) = 0;
  virtual void on_connections(uint32_t open) = 0;

 protected:
  HttpHandler() = default;
  HttpHandler(const HttpHandler&) = default;
  HttpHandler& operator=(const HttpHandler&) = default;
};

}  // namespace govchain::consensus::node
