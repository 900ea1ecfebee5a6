// Puts gateways into a world.

#include <memory>
#include <string>

#include "models/interconnect/gateway.h"

namespace govchain::models {
namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Status;

Error wrong(const std::string& message, const std::string& where) {
  return {ErrorCode::kInvalid, message, where};
}

Status check_end(const sim::WorldSpec& world, const GatewayEnd& end, const std::string& where) {
  if (end.chain >= world.chains.size()) {
    return wrong(
        "chain " + std::to_string(end.chain) + " of " + std::to_string(world.chains.size()), where);
  }
  const size_t replicas = world.chains[end.chain].replicas.size();
  if (end.replica >= replicas) {
    return wrong("replica " + std::to_string(end.replica) + " of " + std::to_string(replicas),
                 where);
  }
  if (end.place >= world.network.places.size()) {
    return wrong(
        "place " + std::to_string(end.place) + " of " + std::to_string(world.network.places.size()),
        where);
  }
  if (end.host >= world.hosts.size()) {
    return wrong("host " + std::to_string(end.host) + " of " + std::to_string(world.hosts.size()),
                 where);
  }
  return consensus::success();
}

Status check_link(const sim::WorldSpec& world, const GatewayLink& link, const std::string& where) {
  if (Status status = check_end(world, link.source, where + "/source"); !status) return status;
  if (Status status = check_end(world, link.target, where + "/target"); !status) return status;
  if (link.source.chain == link.target.chain || link.source.chain_id == link.target.chain_id) {
    return wrong("a gateway needs two different chains", where);
  }
  if (link.service >= world.services.size()) return wrong("no such service", where + "/service");
  if (link.execute_class >= world.classes.size() || link.settle_class >= world.classes.size()) {
    return wrong("no such transaction class", where);
  }
  if (link.retry <= sim::Duration::zero() || link.patience < sim::Duration::zero() ||
      link.nudge < sim::Duration::zero() || link.validity <= 0) {
    return wrong("retry and validity must be positive, patience and nudge not negative", where);
  }
  return consensus::success();
}

}  // namespace

Status add_gateways(sim::WorldSpec& world, std::span<const GatewayPlan> plans) {
  for (size_t i = 0; i < plans.size(); ++i) {
    const std::string where = "gateway " + std::to_string(i);
    if (Status status = check_link(world, plans[i].link, where); !status) return status;
    if (!plans[i].standby) continue;
    const GatewayLink& standby = plans[i].standby_link;
    if (Status status = check_link(world, standby, where + "/standby"); !status) return status;
    if (standby.patience <= sim::Duration::zero()) {
      return wrong("a standby gateway needs patience", where + "/standby");
    }
  }
  for (const GatewayPlan& plan : plans) {
    world.agents.emplace_back([link = plan.link] { return std::make_unique<Gateway>(link); });
    if (!plan.standby) continue;
    world.agents.emplace_back(
        [link = plan.standby_link] { return std::make_unique<Gateway>(link); });
  }
  return consensus::success();
}

}  // namespace govchain::models
