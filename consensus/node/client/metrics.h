#pragma once
// What Prometheus scrapes: text format 0.0.4. What the desk and the engine count is taken over as
// it is; what only happens here (responses, latencies) is counted here. Any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "consensus/node/client/client_desk.h"
#include "consensus/node/transport/transport.h"
#include "consensus/time.h"

namespace govchain::consensus::node {

class Metrics {
 public:
  // Null: nothing is said of the transport.
  using TransportLook = std::function<TransportCounters()>;
  explicit Metrics(TransportLook transport);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // For DeskSettings::finality_reached.
  void observe_finality(Duration latency);
  // An empty route: a response to no whole request.
  void count_response(std::string_view route, unsigned status);
  void set_connections(uint32_t open);

  [[nodiscard]] std::string text(const ClientDesk::View& view) const;

 private:
  struct Instruments;
  const TransportLook transport_;
  std::unique_ptr<Instruments> instruments_;
};

}  // namespace govchain::consensus::node
