// What readers and operators ask of replicas.

#include <algorithm>
#include <utility>

#include "consensus/protocols.h"
#include "sim/world_runner.h"

namespace govchain::sim {

namespace input = consensus::input;

void WorldRunner::set_up_requests() {
  for (uint32_t index = 0; index < spec_.requests.size(); ++index) {
    kernel_.schedule(TimePoint::since_start(spec_.requests[index].at),
                     static_cast<uint32_t>(EventKind::kRequest), index);
  }
}

void WorldRunner::on_read(consensus::Token token, const consensus::Application* state) {
  // Nobody waits for the answer of one that the description asked for.
  if (token.value() > spec_.requests.size()) {
    agents_->on_read(token.value() - spec_.requests.size() - 1, state);
  }
}

void WorldRunner::start_request(uint32_t index) {
  const RequestSpec& request = spec_.requests[index];
  ReplicaHost& replica = *replicas_[endpoint(request.chain, request.replica)];
  if (request.kind == RequestSpec::Kind::kRead) {
    replica.read(consensus::Token(uint64_t{index} + 1));
    return;
  }
  const bool crash_only = consensus::traits_of(chains_[request.chain].spec->protocol).faults ==
                          consensus::FaultModel::kCrash;
  if (crash_only && !replica.is_up()) return;
  if (request.kind == RequestSpec::Kind::kForgetLeader) {
    if (!replica.is_up()) return;
    replica.give(input::ForgetLeader{}, kernel_.now());
    return;
  }
  consensus::MembershipChange change;
  if (request.kind == RequestSpec::Kind::kMembership) {
    change.target = chains_[request.chain].genesis.members;
    if (request.removes_others) {
      std::erase_if(change.target, [&](const consensus::Member& member) {
        return std::find(request.voters.begin(), request.voters.end(), member.id.value()) ==
               request.voters.end();
      });
    }
    for (consensus::Member& member : change.target) {
      const bool votes = std::find(request.voters.begin(), request.voters.end(),
                                   member.id.value()) != request.voters.end();
      if (!votes) {
        member.weight = 0;
      } else if (member.weight == 0) {
        member.weight = 1;
      }
    }
    // There is nothing for a witness to learn.
    std::erase_if(change.target, [](const consensus::Member& member) {
      return member.is_witness() && member.weight == 0;
    });
  } else if (request.kind == RequestSpec::Kind::kUpgrade) {
    change.version = request.version;
  } else {
    change.transfer_leadership_to = consensus::ReplicaId(request.leader);
  }
  // Where members need not believe each other, every member's operator has to say it.
  const auto replicas = static_cast<ReplicaIndex>(chains_[request.chain].spec->replicas.size());
  for (ReplicaIndex each = 0; each < replicas; ++each) {
    ReplicaHost& asked = *replicas_[endpoint(request.chain, each)];
    const bool concerned = crash_only ? each == request.replica : asked.is_up();
    if (concerned) asked.give(input::Reconfigure{change}, kernel_.now());
  }
}

}  // namespace govchain::sim
