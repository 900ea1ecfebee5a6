#include "models/sizing/gateway_world.h"

#include <memory>

#include "models/interconnect/gateway.h"
#include "models/ledger/fields.h"
#include "models/services/gateway/contract.h"
#include "models/services/sharing/contract.h"
#include "models/services/standard_chain.h"
#include "models/services/workload.h"
#include "models/sizing/peak_world.h"

namespace govchain::models {

namespace {

// Requests a second: enough for a 99th percentile within one simulated peak, too few to queue.
constexpr double kRequestsPerSecond = 30;
constexpr uint32_t kDepartments = 10;
constexpr uint64_t kPortal = 1;
constexpr uint64_t kGatewayDepartment = 5;
constexpr uint64_t kStandsForTheOtherChain = 6;
constexpr uint32_t kProofStates = 256;
constexpr int64_t kDeadline = 60'000'000'000;
constexpr int64_t kValidity = 600'000'000'000;

// The world names chains by index and derives keys from its seed; a ledger must know the other
// chain's keys from genesis on.
gateway::ForeignChain registration(const NationSpec& nation, const Arrangement& arrangement,
                                   const PlannedChain& planned, consensus::ChainId chain) {
  consensus::Membership membership;
  membership.version = chain_settings(nation, arrangement, planned).engine.genesis.version;
  for (uint32_t replica = 0; replica < planned.replicas; ++replica) {
    const consensus::ReplicaId id(replica);
    membership.members.push_back(
        {.id = id,
         .weight = 1,
         .key =
             consensus::make_signer(consensus::SignatureScheme::kModelled, nation.seed, chain, id)
                 ->public_key()});
  }
  gateway::ForeignChain foreign;
  foreign.chain = chain;
  foreign.protocol = static_cast<uint8_t>(planned.protocol);
  gateway::set_membership(foreign, membership);
  foreign.acting_as = DepartmentId(kStandsForTheOtherChain);
  return foreign;
}

LedgerConfig ledger_config(const NationSpec& nation, const Arrangement& arrangement,
                           const PlannedChain& planned, uint64_t self, uint64_t other) {
  LedgerConfig config = standard_chain(consensus::ChainId(self), kDepartments, 1);
  config.genesis = shared_catalogue(DepartmentId(kPortal), 4);
  config.genesis.push_back(gateway::register_foreign_chain(
      registration(nation, arrangement, planned, consensus::ChainId(other))));
  config.proof_interval = checkpoint_interval(arrangement);
  config.proof_states = kProofStates;
  return config;
}

// A change in the other chain's records: one access in the name of this chain.
void make_request(uint64_t ordinal, uint64_t random, int64_t wall_time, std::vector<uint8_t>& out) {
  gateway::MakeRequest made;
  made.number = ordinal;
  made.request.target = consensus::ChainId(2);
  made.request.call = {
      .contract = sharing::kContractId,
      .method = static_cast<uint16_t>(sharing::Method::kAccess),
      .arguments = encode_fields(sharing::Access{.resource = sharing::ResourceId(1),
                                                 .number = 0,
                                                 .purpose = sharing::Purpose(1),
                                                 .record = {},
                                                 .officer = ordinal})};
  made.request.deadline = wall_time + kDeadline;
  made.request.submitted_at = wall_time;
  Transaction transaction;
  transaction.chain = consensus::ChainId(1);
  transaction.sender = DepartmentId(kPortal);
  transaction.nonce = random;
  transaction.expiry = wall_time + kValidity;
  transaction.contract = gateway::kContractId;
  transaction.method = static_cast<uint16_t>(gateway::Method::kRequest);
  transaction.arguments = encode_fields(made);
  encode_transaction(transaction, out);
}

GatewayEnd end_of(sim::ChainIndex chain, sim::HostIndex host) {
  GatewayEnd end;
  end.chain = chain;
  end.replica = 0;
  end.place = chain;
  end.host = host;
  end.chain_id = consensus::ChainId(chain + 1);
  end.department = DepartmentId(kGatewayDepartment);
  return end;
}

}  // namespace

sim::WorldSpec gateway_world(const NationSpec& nation, const Arrangement& arrangement,
                             const PlannedChain& chain, uint32_t cores) {
  sim::WorldSpec world;
  world.name = "gateway";
  world.seed = nation.seed;
  world.duration = nation.deployment.peak_duration;
  world.warmup = nation.deployment.peak_warmup;
  world.load_mode = sim::LoadMode::kExact;
  world.services = {"request", "call", "gateway"};
  world.classes = {{"request", 0, sim::Bytes(256), kGatewayRequestCostPerMille / 1000.0},
                   {"execute", 2, sim::Bytes(2'048), kGatewayExecuteCostPerMille / 1000.0},
                   {"settle", 2, sim::Bytes(2'048), kGatewaySettleCostPerMille / 1000.0}};
  world.network.trunks = {{"way", 0, 1, {}, sim::Duration::zero(), 0}};
  world.network.routes = {{}, {0}, {0}, {}};
  for (uint32_t side = 0; side < 2; ++side) {
    world.network.places.push_back(
        {side == 0 ? "source" : "target", nation.network.local_delay, {}});
    sim::ChainSpec spec = chain_settings(nation, arrangement, chain);
    spec.name = side == 0 ? "source" : "target";
    // The last host of a side is the gateway's own.
    for (uint32_t host = 0; host <= chain.replicas; ++host) {
      const bool gateway = host == chain.replicas;
      if (!gateway) spec.replicas.push_back({static_cast<sim::HostIndex>(world.hosts.size())});
      world.hosts.push_back(
          {spec.name + "-" + std::to_string(host + 1), side,
           slice_of(nation.hardware.profile, gateway ? nation.deployment.minimum_cores : cores)});
    }
    const LedgerConfig config = ledger_config(nation, arrangement, chain, side + 1, 2 - side);
    spec.application = [config] { return std::make_unique<Ledger>(config); };
    world.chains.push_back(std::move(spec));
  }
  sim::LoadSpec load;
  load.rate = {{sim::Duration::zero(), kRequestsPerSecond}};
  load.maker = make_request;
  world.loads.push_back(std::move(load));
  GatewayPlan plan;
  plan.link.source = end_of(0, chain.replicas);
  plan.link.target = end_of(1, chain.replicas * 2 + 1);
  plan.link.service = kCallService;
  plan.link.execute_class = 1;
  plan.link.settle_class = 2;
  const auto added = add_gateways(world, {&plan, 1});
  GOVCHAIN_ASSERT(added.ok());
  return world;
}

}  // namespace govchain::models
