#include "consensus/node/client/http_server.h"

#include <chrono>
#include <thread>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include "consensus/node/client/http_session.h"
#include "consensus/node/host/thread_name.h"

namespace govchain::consensus::node {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorOf = boost::system::error_code;

// When the process has no descriptor left, for instance.
constexpr std::chrono::milliseconds kAcceptRetry{100};

std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds());
}

class BeastHttpServer final : public HttpServer {
 public:
  BeastHttpServer(const HttpServerSettings& settings, HttpHandler& handler)
      : acceptor_(shared_.context),
        accept_retry_(shared_.context),
        ticker_(shared_.context),
        stop_timer_(shared_.context) {
    shared_.settings = settings;
    shared_.handler = &handler;
    shared_.mail->server = &shared_.context;
  }
  ~BeastHttpServer() override {
    if (thread_.joinable()) {
      asio::post(shared_.context, [this] { stop(); });
      thread_.join();
    }
    const std::lock_guard lock(shared_.mail->mutex);
    shared_.mail->server = nullptr;
  }

  [[nodiscard]] Status listen() {
    ErrorOf error;
    const auto address = asio::ip::make_address(shared_.settings.host, error);
    const std::string where = shared_.settings.host + ":" + std::to_string(shared_.settings.port);
    if (error) return Error{ErrorCode::kInvalid, "not an address: " + error.message(), where};
    const Tcp::endpoint endpoint(address, shared_.settings.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) return Error{ErrorCode::kIo, "cannot listen: " + error.message(), where};
    accept();
    tick();
    thread_ = std::thread([this] {
      name_this_thread("clients");
      shared_.context.run();
    });
    return success();
  }
  [[nodiscard]] uint16_t port() const override { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](const ErrorOf& error, Tcp::socket socket) {
      if (shared_.stopping) return;
      if (error) {
        accept_retry_.expires_after(kAcceptRetry);
        accept_retry_.async_wait([this](const ErrorOf& ended) {
          if (!ended) accept();
        });
        return;
      }
      welcome(std::move(socket));
      accept();
    });
  }

  void welcome(Tcp::socket socket) {
    ErrorOf ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    if (shared_.sessions.size() >= shared_.settings.max_connections) {
      return turn_away(std::move(socket));
    }
    auto session = std::make_shared<HttpSession>(shared_, std::move(socket));
    shared_.sessions.insert(session);
    shared_.handler->on_connections(static_cast<uint32_t>(shared_.sessions.size()));
    session->start();
  }

  // Into the empty buffer of a new socket: nobody waits for it.
  void turn_away(Tcp::socket socket) {
    shared_.handler->on_response({}, 503);
    const HttpResponse response = error_response(
        503, "too many connections",
        "at most " + std::to_string(shared_.settings.max_connections) + " at a time");
    const std::string text =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
        "Connection: close\r\nRetry-After: 1\r\nContent-Length: " +
        std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
    ErrorOf ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(text), ignored);
    socket.shutdown(Tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
  }

  void tick() {
    ticker_.expires_after(to_chrono(shared_.settings.tick));
    ticker_.async_wait([this](const ErrorOf& error) {
      if (error) return;
      shared_.handler->on_time();
      tick();
    });
  }

  void stop() {
    shared_.stopping = true;
    ErrorOf ignored;
    acceptor_.close(ignored);
    accept_retry_.cancel(ignored);
    const auto finishing = shared_.sessions;
    for (const auto& session : finishing) session->finish();
    if (shared_.sessions.empty()) return shared_.context.stop();
    const auto deadline =
        std::chrono::steady_clock::now() + to_chrono(shared_.settings.stop_timeout);
    await_end(deadline);
  }
  void await_end(std::chrono::steady_clock::time_point deadline) {
    if (shared_.sessions.empty() || std::chrono::steady_clock::now() >= deadline) {
      const auto left = shared_.sessions;
      for (const auto& session : left) session->close();
      return shared_.context.stop();
    }
    stop_timer_.expires_after(to_chrono(shared_.settings.tick));
    stop_timer_.async_wait([this, deadline](const ErrorOf& error) {
      if (!error) await_end(deadline);
    });
  }

  HttpShared shared_;
  Tcp::acceptor acceptor_;
  asio::steady_timer accept_retry_;
  asio::steady_timer ticker_;
  asio::steady_timer stop_timer_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpServerSettings& settings,
                                                      HttpHandler& handler) {
  auto server = std::make_unique<BeastHttpServer>(settings, handler);
  const Status listens = server->listen();
  if (!listens) return listens.error();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace govchain::consensus::node
