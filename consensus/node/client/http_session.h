#pragma once
// One connection of an HTTP server. Everything is done on the server's thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/dynamic_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "consensus/node/client/http.h"
#include "consensus/node/client/http_server.h"

namespace govchain::consensus::node {

class HttpSession;

// By which other threads reach the server's, as long as there is one.
struct HttpMail {
  std::mutex mutex;
  boost::asio::io_context* server = nullptr;
};

// What the sessions of a server share.
struct HttpShared {
  boost::asio::io_context context{1};
  HttpServerSettings settings;
  HttpHandler* handler = nullptr;
  std::shared_ptr<HttpMail> mail = std::make_shared<HttpMail>();
  std::set<std::shared_ptr<HttpSession>> sessions;
  uint64_t body_bytes = 0;  // of all sessions
  bool stopping = false;
};

class HttpSession final : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(HttpShared& shared, boost::asio::ip::tcp::socket socket);
  void start();
  // Closes it at once if it is between requests, else after the answer.
  void finish();
  // Leaves HttpShared::sessions.
  void close();

 private:
  using ErrorCode = boost::system::error_code;
  // A body that grows as bytes come.
  using Body = boost::beast::http::basic_dynamic_body<boost::beast::flat_buffer>;

  void await_request();
  void read_header();
  void on_header(const ErrorCode& error);
  void admit();
  void invite_body();
  void read_body();
  void on_body(const ErrorCode& error);
  void handle();
  void respond(uint64_t request, HttpResponse response);
  // `last`: the connection is of no use afterwards.
  void write(HttpResponse response, bool last);
  void refuse(unsigned status, std::string_view error, std::string_view expected);
  void refuse_late();
  void refuse_crowd();
  // This session's share of the room for bodies is `bytes` from now on. False if there is not so
  // much: it keeps what it had.
  [[nodiscard]] bool hold(uint64_t bytes);
  void linger();
  void discard();
  void arm(Duration patience, std::function<void()> late);
  void cut_off();
  [[nodiscard]] bool is_head_sound();
  [[nodiscard]] bool read_target(std::string_view target);

  HttpShared& shared_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  uint64_t timer_generation_ = 0;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<Body>> parser_;
  std::optional<boost::beast::http::response<boost::beast::http::string_body>> response_;
  HttpHead head_;
  std::string_view route_;
  Bytes body_limit_;
  uint64_t held_ = 0;     // see hold()
  uint64_t request_ = 0;  // number of the one that is being served
  bool between_requests_ = false;
  bool late_ = false;       // the time for the request is over
  bool finishing_ = false;  // after this answer
  bool closed_ = false;
};

}  // namespace govchain::consensus::node
