#pragma once
// Reaches one peer's address, again and again until told to stop: looks the name up, connects to
// one of its addresses after the other, waits in between. On the context's thread alone.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "consensus/node/transport/backoff.h"
#include "consensus/node/transport/name_lookup.h"
#include "consensus/node/transport/network.h"

namespace govchain::consensus::node {

class Dialler : public std::enable_shared_from_this<Dialler> {
 public:
  struct Target {
    std::string host;
    uint16_t port = 0;
  };
  using Connected = std::function<void(tcp::socket)>;

  // Each try to connect may take `timeout`.
  Dialler(asio::io_context& io, NameLookup& names, Target target, Duration timeout, Backoff backoff,
          Connected connected);

  void dial();
  // After the back-off, and `at_least` so long.
  void dial_later(Duration at_least = Duration::zero());
  // The connection has shown that it holds.
  void reset_backoff() { backoff_.reset(); }
  void stop();

 private:
  void connect(const std::vector<tcp::endpoint>& endpoints);

  NameLookup& names_;
  Target target_;
  Duration timeout_;
  Backoff backoff_;
  Connected connected_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  uint64_t tries_ = 0;
  bool stopped_ = false;
};

}  // namespace govchain::consensus::node
