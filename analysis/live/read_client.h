#pragma once
// Clients that read while others write: whether the first transaction of a payload is in the state
// of a replica, asked of replicas in turn at a fixed rate, whatever earlier reads take. What they
// are told is checked against what everybody was told before (history_check.h).

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "analysis/live/connection_pool.h"
#include "analysis/live/load_records.h"
#include "analysis/live/offered_load.h"
#include "analysis/live/read_plan.h"
#include "consensus/time.h"
#include "sim/random.h"

namespace govchain::analysis::live {

class ReadClients final : private PoolUser {
 public:
  using Clock = ConnectionPool::Clock;
  struct Targets {
    std::vector<uint16_t> ports;  // as of PoolSettings
    uint32_t connections_per_replica = 256;
    consensus::Duration patience;
    consensus::Duration avoid_for;
  };

  // Reads from `start` to `end` of payloads that are due by then, of which `due` says how many
  // there are. `offered` and `records`, which grows, must live as long as this.
  ReadClients(boost::asio::io_context& context, const ReadPlan& plan, Targets targets,
              const std::deque<Offered>& offered, std::function<size_t()> due,
              Clock::time_point start, consensus::Duration end, std::vector<ReadRecord>& records);

  [[nodiscard]] size_t open() const { return open_; }
  [[nodiscard]] uint64_t connections() const { return pool_.opened(); }

 private:
  [[nodiscard]] consensus::Duration now() const;
  void await_next();
  void read();
  void on_try(size_t number) override;
  [[nodiscard]] PoolRequest request(size_t number) override;
  void on_answer(size_t number, uint32_t replica, unsigned code, const std::string& body) override;
  void on_no_answer(size_t number, uint32_t replica, bool tried) override;

  const ReadPlan plan_;
  const std::deque<Offered>& offered_;
  const std::function<size_t()> due_;
  const Clock::time_point start_;
  const consensus::Duration end_;
  std::vector<ReadRecord>& records_;
  sim::RandomStream random_;
  boost::asio::steady_timer timer_;
  ConnectionPool pool_;
  uint64_t ticks_ = 0;
  size_t open_ = 0;
};

}  // namespace govchain::analysis::live
