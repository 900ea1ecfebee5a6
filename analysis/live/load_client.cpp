#include "analysis/live/load_client.h"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <nlohmann/json.hpp>

#include "analysis/live/process_usage.h"
#include "consensus/assert.h"

namespace govchain::analysis::live {

using consensus::Bytes;
using consensus::Duration;
using consensus::Height;

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;

// A replica holds an answer back so long; then it says that nothing is known yet.
constexpr Duration kWait = Duration::seconds(10);
constexpr Duration kBeyondWait = Duration::seconds(2);
// Servers end connections that are idle for longer.
constexpr Duration kLongestIdle = Duration::seconds(30);

std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds());
}

// What no replica takes, because none is there, was tried nevertheless: the load is made.
void note_first_try(SubmissionRecord& record, Duration now) {
  if (record.sent == Duration::zero()) record.sent = now;
}

enum class Next : uint8_t { kDone, kSameReplica, kOtherReplica };

// What an answer means for the submission.
Next take_answer(unsigned code, const std::string& body, SubmissionRecord& record) {
  constexpr unsigned kUnavailable = 503;
  constexpr unsigned kTimedOut = 408;
  const nlohmann::json answer = nlohmann::json::parse(body, nullptr, false);
  const std::string status = answer.is_object() ? answer.value("status", "") : "";
  const std::string cause = answer.is_object() ? answer.value("cause", "") : "";
  if (status == "final" || status == "ordered") {
    record.fate = Fate::kAcknowledged;
    const auto height = answer.find("height");
    if (height != answer.end() && height->is_number_unsigned()) {
      record.height = Height(height->get<uint64_t>());
    }
    const auto receipts = answer.find("receipts");
    const size_t known = receipts != answer.end() && receipts->is_array()
                             ? std::min(receipts->size(), record.transactions.size())
                             : 0;
    for (size_t i = 0; i < known; ++i) {
      record.transactions[i].receipt = (*receipts)[i].value("code", uint16_t{0});
    }
    return Next::kDone;
  }
  if (status == "pending" || cause == "duplicate") return Next::kSameReplica;
  if (status == "unknown" || cause == "draining" || cause == "stopped" || cause == "witness") {
    return Next::kOtherReplica;
  }
  if (status.empty() && (code == kUnavailable || code == kTimedOut)) return Next::kOtherReplica;
  record.fate = Fate::kRefused;
  return Next::kDone;
}

class Connection;

// What the connections need of the client.
class ConnectionOwner {
 public:
  [[nodiscard]] virtual Offered& submission(size_t index) = 0;
  [[nodiscard]] virtual Duration now() const = 0;
  virtual void on_answer(std::shared_ptr<Connection> connection, size_t index, unsigned code,
                         const std::string& body, bool keeps) = 0;
  // `refused`: nobody listens.
  virtual void on_broken(std::shared_ptr<Connection> connection, size_t index, bool refused) = 0;

 protected:
  ConnectionOwner() = default;
  ~ConnectionOwner() = default;
  ConnectionOwner(const ConnectionOwner&) = default;
  ConnectionOwner& operator=(const ConnectionOwner&) = default;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& context, ConnectionOwner& owner, uint32_t replica, uint16_t port)
      : owner_(owner), replica_(replica), port_(port), socket_(context), timer_(context) {}

  [[nodiscard]] uint32_t replica() const { return replica_; }
  [[nodiscard]] Duration last_used() const { return last_used_; }

  void connect(size_t index) {
    index_ = index;
    arm();
    socket_.async_connect({asio::ip::address_v4::loopback(), port_},
                          [self = shared_from_this()](const ErrorCode& error) {
                            if (error) return self->broken(true);
                            ErrorCode ignored;
                            self->socket_.set_option(tcp::no_delay(true), ignored);
                            self->send(self->index_);
                          });
  }

  void send(size_t index) {
    index_ = index;
    Offered& offered = owner_.submission(index);
    ++offered.record.attempts;
    note_first_try(offered.record, owner_.now());
    head_ = "POST /v1/transactions?wait=" + std::to_string(kWait / Duration::seconds(1)) +
            "&transactions=" + std::to_string(offered.record.transactions.size()) +
            " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
            "Content-Length: " +
            std::to_string(offered.bytes.size()) + "\r\n\r\n";
    arm();
    const std::array<asio::const_buffer, 2> request = {asio::buffer(head_),
                                                       asio::buffer(offered.bytes)};
    asio::async_write(socket_, request,
                      [self = shared_from_this()](const ErrorCode& error, size_t) {
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
    last_used_ = owner_.now();
    const auto& answer = parser_->get();
    owner_.on_answer(shared_from_this(), index_, answer.result_int(), answer.body(),
                     answer.keep_alive());
  }

  void broken(bool refused) {
    ++generation_;
    close();
    owner_.on_broken(shared_from_this(), index_, refused);
  }

  // A replica that stands still answers nothing.
  void arm() {
    timer_.expires_after(to_chrono(kWait + kBeyondWait));
    timer_.async_wait(
        [self = shared_from_this(), generation = ++generation_](const ErrorCode& error) {
          if (error || generation != self->generation_) return;
          ErrorCode ignored;
          self->socket_.close(ignored);  // what is under way ends with an error
        });
  }

  ConnectionOwner& owner_;
  const uint32_t replica_;
  const uint16_t port_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  uint64_t generation_ = 0;
  size_t index_ = 0;
  std::string head_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
  Duration last_used_;
};

class Clients final : private ConnectionOwner {
 public:
  Clients(std::vector<Offered> offered, const LoadTargets& targets, Clock::time_point start)
      : offered_(std::move(offered)),
        targets_(targets),
        start_(start),
        arrivals_(context_),
        open_(offered_.size()) {
    replicas_.resize(targets.ports.size());
  }

  [[nodiscard]] LoadRecords run(Duration end, const std::atomic<bool>& stop) {
    const Duration used_before = cpu();
    await_arrival();
    constexpr std::chrono::milliseconds kLook{20};
    while (open_ > 0 && now() < end && !stop.load()) {
      context_.restart();
      context_.run_for(kLook);
    }
    LoadRecords records;
    records.cpu = cpu() - used_before;
    records.connections = connections_;
    for (Offered& one : offered_) {
      records.payload_bytes += Bytes(one.bytes.size());
      records.submissions.push_back(std::move(one.record));
    }
    return records;
  }

 private:
  struct Replica {
    std::vector<std::shared_ptr<Connection>> idle;  // the last one was used last
    std::deque<size_t> waiting;                     // submissions without a connection
    uint32_t open = 0;
    Duration down_until;
  };

  static Duration cpu() {
    const std::optional<ProcessUsage> usage = usage_of(::getpid());
    return usage ? usage->cpu : Duration::zero();
  }

  // --- Arrivals

  void await_arrival() {
    if (next_ == offered_.size()) return;
    arrivals_.expires_at(start_ + to_chrono(offered_[next_].record.due));
    arrivals_.async_wait([this](const ErrorCode& error) {
      if (error) return;
      while (next_ < offered_.size() && offered_[next_].record.due <= now()) {
        submit(next_, offered_[next_].record.ingress);
        ++next_;
      }
      await_arrival();
    });
  }

  void submit(size_t index, uint32_t wanted) {
    const auto count = static_cast<uint32_t>(replicas_.size());
    const Duration at = now();
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t replica = (wanted + i) % count;
      if (replicas_[replica].down_until <= at) return submit_to(index, replica);
    }
    note_first_try(offered_[index].record, at);
    try_later(index, wanted);
  }

  void submit_to(size_t index, uint32_t number) {
    Replica& replica = replicas_[number];
    if (!replica.idle.empty()) {
      const std::shared_ptr<Connection> connection = std::move(replica.idle.back());
      replica.idle.pop_back();
      if (connection->last_used() + kLongestIdle > now()) return connection->send(index);
      // The others have been idle for even longer.
      for (const auto& old : replica.idle) old->close();
      connection->close();
      replica.open -= static_cast<uint32_t>(replica.idle.size()) + 1;
      replica.idle.clear();
    }
    if (replica.open >= targets_.connections_per_replica) {
      replica.waiting.push_back(index);
      return;
    }
    ++replica.open;
    ++connections_;
    note_first_try(offered_[index].record, now());
    ConnectionOwner& owner = *this;
    std::make_shared<Connection>(context_, owner, number, targets_.ports[number])->connect(index);
  }

  // --- Answers

  [[nodiscard]] Offered& submission(size_t index) override { return offered_[index]; }
  [[nodiscard]] Duration now() const override {
    return Duration::nanoseconds(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count());
  }

  void on_answer(std::shared_ptr<Connection> connection, size_t index, unsigned code,
                 const std::string& body, bool keeps) override {
    const uint32_t number = connection->replica();
    const Next next = take_answer(code, body, offered_[index].record);
    Replica& replica = replicas_[number];
    if (!keeps) {
      connection->close();
      --replica.open;
    } else if (!replica.waiting.empty()) {
      const size_t waiting = replica.waiting.front();
      replica.waiting.pop_front();
      connection->send(waiting);
    } else {
      replica.idle.push_back(std::move(connection));
    }
    if (next == Next::kDone) {
      settle(index, number);
    } else {
      try_later(index, next == Next::kSameReplica ? number : number + 1);
    }
  }

  void on_broken(std::shared_ptr<Connection> connection, size_t index, bool refused) override {
    const uint32_t number = connection->replica();
    Replica& replica = replicas_[number];
    --replica.open;
    if (refused) replica.down_until = now() + targets_.try_again_after * 4;
    try_later(index, number + 1);
    // Who waits for a connection to it would wait for long.
    std::deque<size_t> waiting = std::move(replica.waiting);
    replica.waiting.clear();
    for (const size_t other : waiting) submit(other, number);
  }

  void settle(size_t index, uint32_t replica) {
    offered_[index].record.answered = now();
    offered_[index].record.answered_by = replica;
    --open_;
  }

  void try_later(size_t index, uint32_t replica) {
    // A client that has lost its patience does not come back.
    if (now() - offered_[index].record.due > targets_.client_timeout) {
      --open_;
      return;
    }
    auto timer = std::make_shared<asio::steady_timer>(context_);
    timer->expires_after(to_chrono(targets_.try_again_after));
    timer->async_wait([this, timer, index, replica](const ErrorCode& error) {
      if (!error) submit(index, replica % static_cast<uint32_t>(replicas_.size()));
    });
  }

  std::vector<Offered> offered_;
  const LoadTargets& targets_;
  const Clock::time_point start_;
  asio::io_context context_;
  asio::steady_timer arrivals_;
  std::vector<Replica> replicas_;
  size_t next_ = 0;
  size_t open_;  // submissions without a fate
  uint64_t connections_ = 0;
};

}  // namespace

LoadRecords run_load(std::vector<Offered> offered, const LoadTargets& targets,
                     Clock::time_point start, Duration duration, Duration drain,
                     const std::atomic<bool>& stop) {
  GOVCHAIN_ASSERT(!targets.ports.empty());
  Clients clients(std::move(offered), targets, start);
  return clients.run(duration + drain, stop);
}

}  // namespace govchain::analysis::live
