#pragma once
// Longer lines between replicas than one machine has: between each two of them the connection goes
// through here, where each byte waits for the link's delay. Bytes keep their order, so a connection
// (TLS inside) notices nothing but the time. A link that is cut holds everything, new connections
// too, as a network without a route does: nobody is told.
//
// One thread does all of it. What has arrived and waits is bounded for each direction of a
// connection; at the bound nothing more is read, and the sender feels it.

#include <cstdint>
#include <memory>
#include <vector>

#include "consensus/result.h"
#include "consensus/time.h"

namespace govchain::analysis::live {

struct DelayedLink {
  uint32_t dialler = 0;  // replicas
  uint32_t listener = 0;
  uint16_t port = 0;    // where the dialler connects to
  uint16_t target = 0;  // where the listener listens
  consensus::Duration there;
  consensus::Duration back;
};

// One for each two of so many replicas: the higher dials the lower. Listeners listen at
// `first_target` on, links at `first_port` on. `delays`, one way from the first to the second, may
// be empty.
[[nodiscard]] std::vector<DelayedLink> links_between(
    uint32_t replicas, uint16_t first_target, uint16_t first_port,
    const std::vector<std::vector<consensus::Duration>>& delays);

class DelayLine {
 public:
  // kIo: a port is taken.
  [[nodiscard]] static consensus::Result<std::unique_ptr<DelayLine>> start(
      const std::vector<DelayedLink>& links);
  virtual ~DelayLine() = default;
  DelayLine(const DelayLine&) = delete;
  DelayLine& operator=(const DelayLine&) = delete;

  // From now on the replicas of the group reach only each other, until heal() of the same group;
  // groups may overlap.
  virtual void cut(const std::vector<uint32_t>& group) = 0;
  virtual void heal(const std::vector<uint32_t>& group) = 0;
  // Of its thread, since the start.
  [[nodiscard]] virtual consensus::Duration cpu() const = 0;

 protected:
  DelayLine() = default;
};

}  // namespace govchain::analysis::live
