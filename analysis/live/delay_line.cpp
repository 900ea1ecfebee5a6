#include "analysis/live/delay_line.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <deque>
#include <functional>
#include <pthread.h>
#include <thread>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "consensus/assert.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using SystemError = boost::system::error_code;

constexpr size_t kChunk = 64U << 10U;
// More than is under way on a line of a gigabit per second and a tenth of a second.
constexpr size_t kMostWaiting = 16U << 20U;

std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds());
}

// A pair of replicas.
struct Link {
  DelayedLink spec;
  uint32_t cuts = 0;  // how many partitions lie between the two
  std::vector<std::function<void()>> when_healed;
};

class Tunnel;

// One direction of a connection.
class Flow {
 public:
  Flow(Tunnel& tunnel, tcp::socket& from, tcp::socket& to, Duration delay)
      : tunnel_(tunnel), from_(from), to_(to), timer_(to.get_executor()), delay_(delay) {}

  void read();
  void write();

 private:
  struct Piece {
    std::vector<uint8_t> bytes;
    size_t sent = 0;
    Clock::time_point due;
  };
  void arrived(size_t count);

  Tunnel& tunnel_;
  tcp::socket& from_;
  tcp::socket& to_;
  asio::steady_timer timer_;
  const Duration delay_;
  std::vector<uint8_t> room_ = std::vector<uint8_t>(kChunk);
  std::deque<Piece> waiting_;
  size_t waiting_bytes_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool timing_ = false;
  bool ended_ = false;  // the sender will send no more
};

// A connection through the line.
class Tunnel : public std::enable_shared_from_this<Tunnel> {
 public:
  Tunnel(Link& link, tcp::socket near)
      : link_(link),
        near_(std::move(near)),
        far_(near_.get_executor()),
        there_(*this, near_, far_, link.spec.there),
        back_(*this, far_, near_, link.spec.back) {}

  [[nodiscard]] bool is_cut() const { return link_.cuts > 0; }
  [[nodiscard]] bool is_closed() const { return closed_; }

  void start() {
    if (is_cut()) {
      link_.when_healed.emplace_back([self = shared_from_this()] { self->start(); });
      return;
    }
    far_.async_connect({asio::ip::address_v4::loopback(), link_.spec.target},
                       [self = shared_from_this()](const SystemError& error) {
                         if (error) return self->close();
                         SystemError ignored;
                         self->near_.set_option(tcp::no_delay(true), ignored);
                         self->far_.set_option(tcp::no_delay(true), ignored);
                         self->there_.read();
                         self->back_.read();
                       });
  }

  void go_on_when_healed() {
    if (waits_) return;
    waits_ = true;
    link_.when_healed.emplace_back([self = shared_from_this()] {
      self->waits_ = false;
      self->there_.write();
      self->back_.write();
    });
  }

  void close() {
    closed_ = true;
    SystemError ignored;
    near_.close(ignored);
    far_.close(ignored);
  }

 private:
  Link& link_;
  tcp::socket near_;
  tcp::socket far_;
  Flow there_;
  Flow back_;
  bool closed_ = false;
  bool waits_ = false;
};

void Flow::read() {
  if (reading_ || ended_ || tunnel_.is_closed() || waiting_bytes_ >= kMostWaiting) return;
  reading_ = true;
  from_.async_read_some(asio::buffer(room_), [this, tunnel = tunnel_.shared_from_this()](
                                                 const SystemError& error, size_t count) {
    reading_ = false;
    if (tunnel->is_closed()) return;
    if (error) {
      ended_ = true;
      return write();
    }
    arrived(count);
  });
}

void Flow::arrived(size_t count) {
  Piece piece;
  piece.bytes.assign(room_.begin(), room_.begin() + static_cast<ptrdiff_t>(count));
  piece.due = Clock::now() + to_chrono(delay_);
  waiting_.push_back(std::move(piece));
  waiting_bytes_ += count;
  write();
  read();
}

void Flow::write() {
  if (writing_ || timing_ || tunnel_.is_closed()) return;
  if (tunnel_.is_cut()) return tunnel_.go_on_when_healed();
  if (waiting_.empty()) {
    // The end travels behind the last byte.
    if (ended_) tunnel_.close();
    return;
  }
  Piece& piece = waiting_.front();
  if (piece.due > Clock::now()) {
    timing_ = true;
    timer_.expires_at(piece.due);
    timer_.async_wait([this, tunnel = tunnel_.shared_from_this()](const SystemError& error) {
      timing_ = false;
      if (!error) write();
    });
    return;
  }
  writing_ = true;
  to_.async_write_some(
      asio::buffer(piece.bytes.data() + piece.sent, piece.bytes.size() - piece.sent),
      [this, tunnel = tunnel_.shared_from_this()](const SystemError& error, size_t count) {
        writing_ = false;
        if (tunnel->is_closed()) return;
        if (error) return tunnel->close();
        Piece& front = waiting_.front();
        front.sent += count;
        if (front.sent == front.bytes.size()) {
          waiting_bytes_ -= front.bytes.size();
          waiting_.pop_front();
        }
        write();
        read();
      });
}

class Lines final : public DelayLine {
 public:
  Lines() : work_(asio::make_work_guard(context_)) {}

  ~Lines() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    // What waits for healing holds sockets, which must not outlive the context.
    for (const auto& link : links_) link->when_healed.clear();
  }

  [[nodiscard]] consensus::Status open(const std::vector<DelayedLink>& links) {
    for (const DelayedLink& spec : links) {
      links_.push_back(std::make_unique<Link>(Link{spec, 0, {}}));
      SystemError error;
      tcp::acceptor acceptor(context_);
      const tcp::endpoint here(asio::ip::address_v4::loopback(), spec.port);
      acceptor.open(here.protocol(), error);
      if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
      if (!error) acceptor.bind(here, error);
      if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
      if (error) {
        return Error{ErrorCode::kIo, "listening: " + error.message(),
                     "127.0.0.1:" + std::to_string(spec.port)};
      }
      acceptors_.push_back(std::make_unique<tcp::acceptor>(std::move(acceptor)));
    }
    for (size_t i = 0; i < links_.size(); ++i) accept(i);
    thread_ = std::thread([this] { context_.run(); });
    return consensus::success();
  }

  void cut(const std::vector<uint32_t>& group) override {
    asio::post(context_, [this, group] {
      for (const auto& link : links_) link->cuts += crosses(*link, group) ? 1 : 0;
    });
  }

  void heal(const std::vector<uint32_t>& group) override {
    asio::post(context_, [this, group] {
      for (const auto& link : links_) {
        if (!crosses(*link, group)) continue;
        GOVCHAIN_ASSERT(link->cuts > 0);
        if (--link->cuts > 0) continue;
        for (const auto& go_on : std::exchange(link->when_healed, {})) go_on();
      }
    });
  }

  [[nodiscard]] Duration cpu() const override {
    clockid_t clock{};
    timespec used{};
    // The native handle is only read.
    const pthread_t thread = const_cast<std::thread&>(thread_).native_handle();
    if (::pthread_getcpuclockid(thread, &clock) != 0 || ::clock_gettime(clock, &used) != 0) {
      return Duration::zero();
    }
    return Duration::seconds(used.tv_sec) + Duration::nanoseconds(used.tv_nsec);
  }

 private:
  static bool crosses(const Link& link, const std::vector<uint32_t>& group) {
    const auto holds = [&](uint32_t replica) {
      return std::find(group.begin(), group.end(), replica) != group.end();
    };
    return holds(link.spec.dialler) != holds(link.spec.listener);
  }

  void accept(size_t index) {
    acceptors_[index]->async_accept([this, index](const SystemError& error, tcp::socket socket) {
      if (!acceptors_[index]->is_open()) return;
      if (!error) std::make_shared<Tunnel>(*links_[index], std::move(socket))->start();
      accept(index);
    });
  }

  std::vector<std::unique_ptr<Link>> links_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<DelayLine>> DelayLine::start(const std::vector<DelayedLink>& links) {
  auto lines = std::make_unique<Lines>();
  if (consensus::Status opened = lines->open(links); !opened) return opened.error();
  return std::unique_ptr<DelayLine>(std::move(lines));
}

std::vector<DelayedLink> links_between(uint32_t replicas, uint16_t first_target,
                                       uint16_t first_port,
                                       const std::vector<std::vector<Duration>>& delays) {
  std::vector<DelayedLink> links;
  uint32_t port = first_port;
  for (uint32_t dialler = 0; dialler < replicas; ++dialler) {
    for (uint32_t listener = 0; listener < dialler; ++listener) {
      DelayedLink link;
      link.dialler = dialler;
      link.listener = listener;
      link.port = static_cast<uint16_t>(port++);
      link.target = static_cast<uint16_t>(first_target + listener);
      if (!delays.empty()) {
        link.there = delays[dialler][listener];
        link.back = delays[listener][dialler];
      }
      links.push_back(link);
    }
  }
  return links;
}

}  // namespace govchain::analysis::live
