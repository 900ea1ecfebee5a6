#include "analysis/live/connection_pool.h"

#include <array>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

namespace govchain::analysis::live {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

// Servers end connections that are idle for longer.
constexpr std::chrono::seconds kLongestIdle{30};

std::chrono::nanoseconds to_chrono(consensus::Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds());
}

}  // namespace

class PooledConnection : public std::enable_shared_from_this<PooledConnection> {
 public:
  PooledConnection(ConnectionPool& pool, uint32_t replica)
      : pool_(pool), replica_(replica), socket_(pool.context_), timer_(pool.context_) {}

  [[nodiscard]] uint32_t replica() const { return replica_; }
  [[nodiscard]] bool is_fresh() const {
    return ConnectionPool::Clock::now() - last_used_ < kLongestIdle;
  }

  void connect(size_t number) {
    number_ = number;
    arm();
    socket_.async_connect({asio::ip::address_v4::loopback(), pool_.settings_.ports[replica_]},
                          [self = shared_from_this()](const ErrorCode& error) {
                            if (error) return self->broken(true);
                            ErrorCode ignored;
                            self->socket_.set_option(tcp::no_delay(true), ignored);
                            self->send(self->number_);
                          });
  }

  void send(size_t number) {
    number_ = number;
    request_ = pool_.user_.request(number);
    arm();
    const std::array<asio::const_buffer, 2> parts = {
        asio::buffer(request_.head), asio::buffer(request_.body.data(), request_.body.size())};
    asio::async_write(socket_, parts, [self = shared_from_this()](const ErrorCode& error, size_t) {
      if (error) return self->broken(false);
      self->read();
    });
  }

  void close() {
    ErrorCode ignored;
    timer_.cancel(ignored);
    socket_.close(ignored);
  }

 private:
  void read() {
    constexpr uint64_t kLargestAnswer = 64U << 20U;
    parser_.emplace();
    parser_->body_limit(kLargestAnswer);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](const ErrorCode& error, size_t) {
                       if (error) return self->broken(false);
                       self->answered();
                     });
  }

  void answered() {
    ++generation_;
    ErrorCode ignored;
    timer_.cancel(ignored);
    last_used_ = ConnectionPool::Clock::now();
    // The user may send again at once, which makes another parser.
    const auto answer = parser_->release();
    pool_.answered(shared_from_this(), number_, answer.result_int(), answer.body(),
                   answer.keep_alive());
  }

  void broken(bool refused) {
    ++generation_;
    close();
    pool_.broken(replica_, number_, refused);
  }

  // A replica that stands still answers nothing.
  void arm() {
    timer_.expires_after(to_chrono(pool_.settings_.patience));
    timer_.async_wait(
        [self = shared_from_this(), generation = ++generation_](const ErrorCode& error) {
          if (error || generation != self->generation_) return;
          ErrorCode ignored;
          self->socket_.close(ignored);  // what is under way ends with an error
        });
  }

  ConnectionPool& pool_;
  const uint32_t replica_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  uint64_t generation_ = 0;
  size_t number_ = 0;
  PoolRequest request_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
  ConnectionPool::Clock::time_point last_used_;
};

ConnectionPool::ConnectionPool(asio::io_context& context, PoolUser& user, PoolSettings settings)
    : context_(context), user_(user), settings_(std::move(settings)) {
  replicas_.resize(settings_.ports.size());
}

ConnectionPool::~ConnectionPool() = default;

bool ConnectionPool::is_avoided(uint32_t replica) const {
  return replicas_[replica].avoid_until > Clock::now();
}

void ConnectionPool::send(size_t number, uint32_t to) {
  Replica& replica = replicas_[to];
  if (!replica.idle.empty()) {
    const std::shared_ptr<PooledConnection> connection = std::move(replica.idle.back());
    replica.idle.pop_back();
    if (connection->is_fresh()) {
      user_.on_try(number);
      return connection->send(number);
    }
    // The others have been idle for even longer.
    for (const auto& old : replica.idle) old->close();
    connection->close();
    replica.open -= static_cast<uint32_t>(replica.idle.size()) + 1;
    replica.idle.clear();
  }
  if (replica.open >= settings_.connections_per_replica) {
    replica.waiting.push_back(number);
    return;
  }
  ++replica.open;
  ++opened_;
  user_.on_try(number);
  std::make_shared<PooledConnection>(*this, to)->connect(number);
}

void ConnectionPool::answered(const std::shared_ptr<PooledConnection>& connection, size_t number,
                              unsigned code, const std::string& body, bool keeps) {
  Replica& replica = replicas_[connection->replica()];
  if (!keeps) {
    connection->close();
    --replica.open;
  } else if (!replica.waiting.empty()) {
    const size_t waiting = replica.waiting.front();
    replica.waiting.pop_front();
    user_.on_try(waiting);
    connection->send(waiting);
  } else {
    replica.idle.push_back(connection);
  }
  user_.on_answer(number, connection->replica(), code, body);
}

void ConnectionPool::broken(uint32_t number, size_t request, bool refused) {
  Replica& replica = replicas_[number];
  --replica.open;
  if (refused) replica.avoid_until = Clock::now() + to_chrono(settings_.avoid_for);
  std::deque<size_t> waiting = std::move(replica.waiting);
  replica.waiting.clear();
  user_.on_no_answer(request, number, true);
  for (const size_t other : waiting) user_.on_no_answer(other, number, false);
}

}  // namespace govchain::analysis::live
