#include "sim/network/network.h"

#include <utility>

#include "sim/network/fifo.h"
#include "sim/network/flow_library.h"
#include "sim/network/flow_network.h"

namespace govchain::sim {

using consensus::Result;

Result<std::unique_ptr<Network>> make_network(const WorldSpec& spec, Kernel& kernel,
                                              NetworkSink& sink) {
  std::unique_ptr<Network> network;
  if (spec.network.model == NetworkModel::kFifo) {
    network = std::make_unique<FifoNetwork>(spec, kernel, sink);
    return network;
  }
  const Result<FlowPlatform> platform = flow_platform(spec);
  if (!platform) return platform.error();
  const Result<FlowModel*> flows = load_simgrid(*platform);
  if (!flows) return flows.error();
  network = std::make_unique<FlowNetwork>(spec, kernel, sink, **flows);
  return network;
}

}  // namespace govchain::sim
