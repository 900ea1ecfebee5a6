#pragma once
// Connections of the load's clients to the replicas' endpoints, kept as long as servers keep them.
// A replica handles one request of a connection at a time, so there is a connection for each answer
// that is waited for, up to a bound for each replica; what finds none free waits here.

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "consensus/time.h"

namespace govchain::analysis::live {

struct PoolRequest {
  std::string head;               // to the empty line after the last field
  std::span<const uint8_t> body;  // must stay until the answer
};

// Who asks. Requests are known by numbers of its own.
class PoolUser {
 public:
  // A connection is there, or is being made.
  virtual void on_try(size_t number) = 0;
  // It leaves now.
  [[nodiscard]] virtual PoolRequest request(size_t number) = 0;
  virtual void on_answer(size_t number, uint32_t replica, unsigned code,
                         const std::string& body) = 0;
  // Nobody listens, the connection broke, or there was no answer in time. `tried` unless it still
  // waited for a connection, which nobody would give it soon.
  virtual void on_no_answer(size_t number, uint32_t replica, bool tried) = 0;

 protected:
  PoolUser() = default;
  ~PoolUser() = default;
  PoolUser(const PoolUser&) = default;
  PoolUser& operator=(const PoolUser&) = default;
};

struct PoolSettings {
  std::vector<uint16_t> ports;  // of the replicas' endpoints on the loopback address, by replica
  uint32_t connections_per_replica = 2'048;
  consensus::Duration patience;  // with an answer
  // Who refuses connections is left alone for so long.
  consensus::Duration avoid_for;
};

class PooledConnection;

// On the thread that runs `context`.
class ConnectionPool {
 public:
  using Clock = std::chrono::steady_clock;

  ConnectionPool(boost::asio::io_context& context, PoolUser& user, PoolSettings settings);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  [[nodiscard]] uint32_t replicas() const { return static_cast<uint32_t>(replicas_.size()); }
  // It refused a connection a moment ago.
  [[nodiscard]] bool is_avoided(uint32_t replica) const;
  void send(size_t number, uint32_t replica);
  [[nodiscard]] uint64_t opened() const { return opened_; }

 private:
  friend class PooledConnection;
  struct Replica {
    std::vector<std::shared_ptr<PooledConnection>> idle;  // the last one was used last
    std::deque<size_t> waiting;                           // without a connection
    uint32_t open = 0;
    Clock::time_point avoid_until;
  };

  void answered(const std::shared_ptr<PooledConnection>& connection, size_t number, unsigned code,
                const std::string& body, bool keeps);
  void broken(uint32_t replica, size_t number, bool refused);

  boost::asio::io_context& context_;
  PoolUser& user_;
  const PoolSettings settings_;
  std::vector<Replica> replicas_;
  uint64_t opened_ = 0;
};

}  // namespace govchain::analysis::live
