#pragma once
// What a world asks of a simulator of flows: hosts, links, ways between hosts, and flows that share
// them. It is filled by a library of its own that is loaded when a world wants it
// (simgrid_flows.cpp), so this header is all that the two know of each other.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/units.h"

namespace govchain::sim {

// Raised with every change of what stands here: a library of another number is refused.
inline constexpr uint32_t kFlowInterface = 1;

// How flows share links. SimGrid's names (its documentation, "Models"; Casanova and Marchal 2002,
// Velho and Legrand 2009).
enum class FlowLaw : uint8_t {
  kCm02,          // max-min fair; a flow is no faster than a TCP window of 4 MiB over a round trip
  kCm02Uncapped,  // max-min fair
  kLv08,  // delays times 13.01, bandwidths times 0.97, shares by round trips, acknowledgements
};

struct FlowLink {
  std::string name;
  Rate rate;  // unlimited: as many flows as there are, each as fast as the rest of its way lets it
  Duration delay;
};

struct FlowRoute {
  uint32_t from = 0;
  uint32_t to = 0;
  std::vector<uint32_t> links;  // at least one
};

struct FlowPlatform {
  FlowLaw law = FlowLaw::kCm02;
  uint32_t hosts = 0;
  std::vector<FlowLink> links;
  std::vector<FlowRoute> routes;  // each direction by itself
};

class FlowModel {
 public:
  FlowModel() = default;
  virtual ~FlowModel() = default;
  FlowModel(const FlowModel&) = delete;
  FlowModel& operator=(const FlowModel&) = delete;

  // A flow begins now, at the time of the last advance(). `id` is above all before; there is a
  // route; `size` is not zero.
  virtual void start(uint64_t id, uint32_t from, uint32_t to, Bytes size) = 0;
  // The next time at which something changes, after which advance() should be called; max() if
  // nothing flows.
  [[nodiscard]] virtual TimePoint next_change() = 0;
  // Goes on to that time, not past next_change(); adds what has ended, in the order of the ids.
  virtual void advance(TimePoint to, std::vector<uint64_t>& ended) = 0;
};

// The library's only symbols. `error` is filled, and null returned, if it cannot be.
using MakeFlowModel = FlowModel* (*)(const FlowPlatform& platform, std::string& error);
using FlowInterface = uint32_t (*)();

}  // namespace govchain::sim
